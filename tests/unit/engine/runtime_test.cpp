// The loop on an executor: workflows are started and awaited from coroutines, waits end when the boot clock says so.
#include "autoheal/engine/runtime.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "autoheal/engine/boot_timer.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/engine/testing/ledger_over.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"
#include "tests/support/files/renewal.hpp"

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

// ---- what fails

struct LockedLedger final : testing::LedgerOver {
  using LedgerOver::LedgerOver;
  mutable int refused = 0;  // so many reads from now on
  bool gone = false;
  std::optional<AppendStatus> answer;
  AppendResult append(const Batch& batch) override {
    if (answer) return {*answer, {}, {}, {}, {}, "the disk failed"};
    return under_.append(batch);
  }
  Result<std::vector<std::string>> open_streams() const override {
    if (gone) return failure(ErrorKind::unavailable, "the ledger cannot be read");
    return under_.open_streams();
  }
  Result<std::vector<Entry>> read_stream(const std::string& stream, std::uint64_t from) const override {
    if (refused > 0 && refused-- > 0) return failure(ErrorKind::busy, "the ledger is locked");
    return under_.read_stream(stream, from);
  }
};

struct FailingRuntime : RuntimeTest {
  std::unique_ptr<Runtime> another() {
    auto made = std::move(*Runtime::create(loop_.get_executor(), {locked_, blobs_, clock_, ids_}));
    made->register_workflow<Renewal>(orders_);
    return made;
  }
  Orders orders_;
  LockedLedger locked_{ledger_};
};

TEST_F(FailingRuntime, ARecoveryThatWaitsForTheLedgerSaysSoAndOneThatCannotBeginDoesNot) {
  ASSERT_EQ(ledger_
                .append({{{"01890000-0000-7000-8000-00000000000f",
                           0,
                           {{"cert.renewal.ordered", 2, {}, "", "", "a"}},
                           StreamLife::goes_on,
                           {}}},
                         {},
                         0})
                .status,
            AppendStatus::ok);
  runtime_ = another();
  std::vector<std::string> told;
  runtime_->runner().hooks.unavailable = [&](const std::string& why) { told.push_back(why); };
  run([this]() -> asio::awaitable<void> {
    locked_.gone = true;
    const auto refused = co_await runtime_->recover_in_turns();
    EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
    locked_.gone = false;
    locked_.refused = 1;
    const auto found = co_await runtime_->recover_in_turns();
    EXPECT_EQ(found.value_or(99), 1U);
  });
  EXPECT_EQ(told, std::vector<std::string>{"the ledger is locked"});
}

TEST_F(FailingRuntime, WhoWaitsForAnEndHearsThatNoneWillCome) {
  runtime_ = another();
  run([this]() -> asio::awaitable<void> {
    Renewal::Input first = Renewal::Begin{"a.example"};
    const auto stream = co_await runtime_->start<Renewal>(std::move(first), "");
    locked_.answer = AppendStatus::unknown;
    // Its end is decided, and never committed.
    runtime_->runner().submit<Renewal>(*stream, Renewal::InstallDone{});
    const auto end = co_await runtime_->finished<Renewal>(*stream);
    EXPECT_FALSE(end.has_value()) << "it was told to be installed";
    if (!end) {
      EXPECT_EQ(end.error().message, "the disk failed");
    }
  });
}

// A turn that was asked for is not taken any more.
TEST_F(FailingRuntime, ThatIsGoneTakesNoTurn) {
  runtime_ = another();
  runtime_->runner().start<Renewal>(Renewal::Begin{"a.example"}, {}, {});
  runtime_.reset();
  loop_.run_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(ledger_.open_streams()->empty());
}

TEST_F(FailingRuntime, WithoutADescriptorForItsTimerIsNone) {
  // Made before, since sanitizers want descriptors to look at objects.
  const RunnerPorts ports{locked_, blobs_, clock_, ids_};
  const asio::any_io_executor executor = loop_.get_executor();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto refused = Runtime::create(executor, ports);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
}

// ---- the timer

TEST(BootTimers, WithNobodyToTellGoOnAndMayBeGoneWhenTheyTell) {
  asio::io_context loop(1);
  const SystemClock clock;
  auto timer = std::move(*BootTimer::create(loop.get_executor(), clock));
  timer->set(clock.since_boot());
  ASSERT_EQ(loop.run_one(), 1U);
  int told = 0;
  timer->due = [&] { ++told; };
  timer->set(clock.since_boot());
  ASSERT_EQ(loop.run_one(), 1U);
  EXPECT_EQ(told, 1);
  timer->due = [&] {
    ++told;
    timer.reset();
  };
  timer->set(clock.since_boot());
  ASSERT_EQ(loop.run_one(), 1U);
  EXPECT_EQ(told, 2);
  EXPECT_EQ(loop.poll(), 0U) << "it waits no more";
}

TEST(BootTimers, ThatGoWhileTheyWaitTellNobody) {
  asio::io_context loop(1);
  const SystemClock clock;
  auto timer = std::move(*BootTimer::create(loop.get_executor(), clock));
  timer->due = [] { ADD_FAILURE(); };
  timer.reset();
  loop.run();
}

}  // namespace
}  // namespace autoheal::engine
