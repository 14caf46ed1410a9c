// The loop on an executor: workflows are started and awaited from coroutines, waits end when the boot clock says so.
#include "engine/runtime.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "engine/system_ports.hpp"
#include "engine/testing/fake_clock.hpp"
#include "store/memory_blobs.hpp"
#include "store/memory_ledger.hpp"
#include "tests/support/renewal.hpp"

namespace autoheal::engine {
namespace {

namespace asio = boost::asio;

class RuntimeTest : public ::testing::Test {
 protected:
  RuntimeTest()
      : ledger_("01890000-0000-7000-8000-000000000001"),
        runtime_(std::move(*Runtime::create(loop_.get_executor(), {ledger_, blobs_, clock_, ids_}))) {}

  // Runs `task` to its end on the loop.
  void run(std::function<asio::awaitable<void>()> task) {
    bool done = false;
    asio::co_spawn(
        loop_,
        [&]() -> asio::awaitable<void> {
          co_await task();
          done = true;
        },
        asio::detached);
    while (!done) loop_.run_one();
  }

  asio::io_context loop_{1};
  store::MemoryLedger ledger_;
  store::MemoryBlobs blobs_;
  SystemClock clock_;
  testing::CountingIds ids_;
  std::unique_ptr<Runtime> runtime_;
};

TEST_F(RuntimeTest, AnEntryOfNoWorkflowIsDurableWhenTheAwaitReturns) {
  run([this]() -> asio::awaitable<void> {
    NewEntry entry;
    entry.type = "node.started";
    entry.data = "{}";
    const AppendStatus status = co_await runtime_->append("ledger", std::move(entry));
    EXPECT_EQ(status, AppendStatus::ok);
    EXPECT_EQ(ledger_.read_stream("ledger", 1)->size(), 1U);
  });
}

using autoheal::testing::Renewal;

// Accepts orders at once; nothing is ever installed.
struct Orders final : EffectPerformer<Renewal> {
  void perform(const std::string&, const Renewal::Effect& effect, Done done) override {
    if (std::holds_alternative<Renewal::Order>(effect)) done(Renewal::OrderAccepted{});
  }
};

TEST_F(RuntimeTest, AStartIsDurableWhenTheAwaitReturnsAndItsKeyStartsNothingTwice) {
  Orders orders;
  runtime_->register_workflow<Renewal>(orders);
  run([this]() -> asio::awaitable<void> {
    Renewal::Input first = Renewal::Begin{"a.example"};
    Renewal::Input again = Renewal::Begin{"a.example"};
    const auto stream = co_await runtime_->start<Renewal>(std::move(first), "renew-a");
    const auto same = co_await runtime_->start<Renewal>(std::move(again), "renew-a");
    EXPECT_EQ(*stream, *same);
    EXPECT_FALSE(ledger_.read_stream(*stream, 1)->empty());
    EXPECT_EQ(ledger_.open_streams()->size(), 1U);
    const auto unknown = co_await runtime_->finished<Renewal>("01890000-0000-7000-8000-00000000000f");
    EXPECT_FALSE(unknown.has_value());
  });
}

TEST_F(RuntimeTest, TwoStartsWithOneKeyInOneTurnAreOneWorkflow) {
  Orders orders;
  runtime_->register_workflow<Renewal>(orders);
  std::vector<std::string> streams;
  const auto started = [&](const Result<std::string>& stream) { streams.push_back(*stream); };
  runtime_->runner().start<Renewal>(Renewal::Begin{"a.example"}, "renew-a", started);
  runtime_->runner().start<Renewal>(Renewal::Begin{"a.example"}, "renew-a", started);
  while (streams.size() < 2) loop_.run_one();
  EXPECT_EQ(streams[0], streams[1]);
  EXPECT_EQ(ledger_.open_streams()->size(), 1U);
  EXPECT_NE(runtime_->runner().state<Renewal>(streams[0]), nullptr);
}

}  // namespace
}  // namespace autoheal::engine
