// Streams that a process finds open when it starts: all are resumed, once each, other inputs get their turn meanwhile,
// and the loop waits for a store that cannot serve.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "autoheal/engine/runtime.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/engine/testing/ledger_over.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"
#include "tests/support/files/renewal.hpp"

namespace autoheal::engine {
namespace {

using autoheal::testing::Renewal;

// A ledger that says for a while that somebody else holds it.
class LockedAtTimes final : public testing::LedgerOver {
 public:
  using LedgerOver::LedgerOver;
  mutable int reads_refused = 0, appends_refused = 0;  // that are still to come
  mutable int reads_until_lock = 0;                    // that go well before

  AppendResult append(const Batch& batch) override {
    if (appends_refused == 0) return under_.append(batch);
    --appends_refused;
    return {AppendStatus::unavailable, {}, {}, {}, {}, "the database is locked"};
  }
  Result<std::vector<Entry>> read_stream(const std::string& stream, std::uint64_t from) const override {
    if (reads_until_lock > 0) --reads_until_lock;
    if (reads_until_lock > 0 || reads_refused == 0) return under_.read_stream(stream, from);
    --reads_refused;
    return failure(ErrorKind::busy, "the database is locked");
  }
};

// Performs nothing: what was asked of the world is never heard of again.
struct SilentWorld final : EffectPerformer<Renewal> {
  std::size_t asked = 0;
  void perform(const std::string&, const Renewal::Effect&, Done) override { ++asked; }
};

// A ledger of which somebody took an entry away.
class WithoutAnEntry final : public testing::LedgerOver {
 public:
  WithoutAnEntry(Ledger& under, std::uint64_t version) : LedgerOver(under), gone_(version) {}
  Result<std::vector<Entry>> read_stream(const std::string& stream, std::uint64_t from) const override {
    auto entries = under_.read_stream(stream, from);
    if (entries) std::erase_if(*entries, [this](const Entry& entry) { return entry.version == gone_; });
    return entries;
  }

 private:
  std::uint64_t gone_;
};

class Recovery : public ::testing::Test {
 protected:
  void leave_open(std::size_t count) {
    Runner runner({ledger_, blobs_, clock_, ids_});
    runner.register_workflow<Renewal>(world_, "cert/");
    for (std::size_t number = 0; number < count; ++number)
      runner.start<Renewal>(Renewal::Begin{"host" + std::to_string(number)}, {}, {});
    ASSERT_TRUE(runner.turn());
    world_.asked = 0;
  }
  // How often each open stream was resumed.
  std::map<std::size_t, std::size_t> streams_by_resumptions() {
    std::map<std::string, std::size_t> resumptions;
    const auto page = ledger_.read_all({}, 1'000'000);
    for (const Entry& entry : page->entries) resumptions[entry.stream] += entry.type == "cert.renewal.recovered";
    std::map<std::size_t, std::size_t> counts;
    for (const auto& [stream, times] : resumptions) ++counts[times];
    return counts;
  }

  testing::FakeClock clock_;
  testing::CountingIds ids_;
  store::MemoryBlobs blobs_;
  store::MemoryLedger ledger_{"ledger-1"};
  LockedAtTimes locked_{ledger_};
  SilentWorld world_;
  boost::asio::io_context loop_{1};
};

TEST_F(Recovery, Case111_TenThousandAreResumedOnceEachAndOthersGetTheirTurnMeanwhile) {
  constexpr std::size_t open = 10'000;
  leave_open(open);
  const auto runtime = std::move(*Runtime::create(loop_.get_executor(), {ledger_, blobs_, clock_, ids_}));
  runtime->register_workflow<Renewal>(world_, "cert/");
  std::size_t turns_of_visitor = 0, seen_by_visitor = 0, longest_batch = 0, commits = 0;
  bool all_resumed = false;
  // Somebody who asks again and again how it stands, as a status request does.
  const auto visitor = [&]() -> boost::asio::awaitable<void> {
    while (!all_resumed) {
      ++turns_of_visitor;
      co_await boost::asio::post(loop_, boost::asio::use_awaitable);
    }
  };
  const auto recovery = [&]() -> boost::asio::awaitable<void> {
    const auto found = co_await runtime->recover_in_turns();
    EXPECT_EQ(found.value_or(0), open);
    EXPECT_EQ(world_.asked, 0U) << "nothing is resumed before all are known";
    EXPECT_GE(turns_of_visitor, 30U) << "he had his turn while streams were read";
    turns_of_visitor = 0;
  };
  runtime->after_turn = [&] {
    const std::size_t before = std::exchange(seen_by_visitor, world_.asked);
    longest_batch = std::max(longest_batch, world_.asked - before);
    ++commits;
    all_resumed = world_.asked == open;
  };
  boost::asio::co_spawn(loop_, visitor(), boost::asio::detached);
  boost::asio::co_spawn(loop_, recovery(), boost::asio::detached);
  while (!all_resumed) ASSERT_EQ(loop_.run_one(), 1U);
  EXPECT_LE(longest_batch, 512U);
  EXPECT_GE(turns_of_visitor, commits - 1) << "and between any two commits";
  EXPECT_EQ(streams_by_resumptions(), (std::map<std::size_t, std::size_t>{{1, open}}));
}

TEST_F(Recovery, WhatIsSentToOneThatWaitsForItsTurnComesAfterItsResumption) {
  leave_open(2'000);
  const std::string last = ledger_.open_streams()->back();
  Runner runner({ledger_, blobs_, clock_, ids_});
  runner.register_workflow<Renewal>(world_, "cert/");
  ASSERT_EQ(*runner.recover(), 2'000U);
  runner.submit<Renewal>(last, Renewal::OrderAccepted{});
  while (runner.turn()) {
  }
  const auto entries = ledger_.read_stream(last, 1);
  std::string types;
  for (const Entry& entry : *entries) types += entry.type.substr(entry.type.rfind('.') + 1) + " ";
  EXPECT_EQ(types, "ordered recovered issued ");
  EXPECT_EQ(streams_by_resumptions(), (std::map<std::size_t, std::size_t>{{1, 2'000}}));
}

TEST_F(Recovery, Case112_ALedgerThatIsLockedWhileStreamsAreReadForgetsNone) {
  leave_open(1'000);
  locked_.reads_until_lock = 400;
  locked_.reads_refused = 3;
  Runner runner({locked_, blobs_, clock_, ids_});
  runner.register_workflow<Renewal>(world_, "cert/");
  runner.hooks.set_aside = [](const std::string& stream, const Error&) { ADD_FAILURE() << stream << " is set aside"; };
  ASSERT_TRUE(runner.begin_recovery().has_value());
  int refusals = 0;
  for (bool more = true; more;) {
    const auto folded = runner.fold_some();
    if (!folded) {
      EXPECT_EQ(folded.error().kind, ErrorKind::busy);
      ++refusals;
    }
    more = !folded || *folded;
  }
  EXPECT_EQ(refusals, 3);
  EXPECT_EQ(runner.open_count(), 1'000U);
  while (runner.turn()) {
  }
  EXPECT_EQ(streams_by_resumptions(), (std::map<std::size_t, std::size_t>{{1, 1'000}}));
}

TEST_F(Recovery, AStreamThatLacksAnEntryIsSetAsideAndTheOthersGoOn) {
  leave_open(2);
  const auto open = *ledger_.open_streams();
  Runner before({ledger_, blobs_, clock_, ids_});
  before.register_workflow<Renewal>(world_, "cert/");
  ASSERT_EQ(*before.recover(), 2U);
  before.submit<Renewal>(open.front(), Renewal::OrderAccepted{});
  ASSERT_TRUE(before.turn());  // now each has a second entry, and the first of them a third
  for (const std::uint64_t gone : {1U, 2U}) {
    WithoutAnEntry damaged(ledger_, gone);
    Runner runner({damaged, blobs_, clock_, ids_});
    runner.register_workflow<Renewal>(world_, "cert/");
    std::vector<std::string> aside;
    runner.hooks.set_aside = [&](const std::string& stream, const Error& error) {
      EXPECT_EQ(error.kind, ErrorKind::corrupt);
      EXPECT_NE(error.message.find("entry " + std::to_string(gone)), std::string::npos) << error.message;
      aside.push_back(stream);
    };
    // Where its last entry is gone nothing shows that: the hashes of the store do.
    const std::size_t whole = gone == 1 ? 0 : 1;
    EXPECT_EQ(runner.recover().value_or(99), whole);
    EXPECT_EQ(aside.size(), 2 - whole);
  }
}

TEST_F(Recovery, Case112_ALedgerThatIsLockedWhileTheyAreResumedForgetsNone) {
  leave_open(2'000);
  Runner runner({locked_, blobs_, clock_, ids_});
  runner.register_workflow<Renewal>(world_, "cert/");
  std::vector<std::string> told;
  runner.hooks.unavailable = [&](const std::string& why) { told.push_back(why); };
  ASSERT_EQ(*runner.recover(), 2'000U);
  ASSERT_TRUE(runner.turn());
  EXPECT_EQ(world_.asked, 512U);
  locked_.appends_refused = 5;
  for (int attempt = 0; attempt < 5; ++attempt) {
    EXPECT_FALSE(runner.turn());
    EXPECT_FALSE(runner.turn()) << "it is not asked without a pause";
    clock_.advance(*runner.next_wake() - clock_.since_boot());
  }
  EXPECT_EQ(told.size(), 5U);
  EXPECT_EQ(world_.asked, 512U) << "nothing is done that is not recorded";
  while (runner.turn()) {
  }
  EXPECT_EQ(world_.asked, 2'000U);
  EXPECT_EQ(streams_by_resumptions(), (std::map<std::size_t, std::size_t>{{1, 2'000}}));
}

TEST_F(Recovery, Case112_TheLoopWaitsForTheLedgerByItself) {
  leave_open(10);
  locked_.reads_until_lock = 5;
  locked_.reads_refused = 1;
  const auto runtime = std::move(*Runtime::create(loop_.get_executor(), {locked_, blobs_, clock_, ids_}));
  runtime->register_workflow<Renewal>(world_, "cert/");
  bool recovered = false;
  const auto recovery = [&]() -> boost::asio::awaitable<void> {
    const auto found = co_await runtime->recover_in_turns();
    EXPECT_EQ(found.value_or(0), 10U);
    recovered = true;
  };
  boost::asio::co_spawn(loop_, recovery(), boost::asio::detached);
  while (!recovered || world_.asked < 10) ASSERT_EQ(loop_.run_one(), 1U);
  EXPECT_EQ(streams_by_resumptions(), (std::map<std::size_t, std::size_t>{{1, 10}}));
}

// Two of them have been resumed twice without getting on: they may be what kills the process.
TEST_F(Recovery, WhatMayKillTheProcessComesAfterAllOthers) {
  leave_open(2);
  for (int start = 0; start < 2; ++start) {
    Runner runner({ledger_, blobs_, clock_, ids_});
    runner.register_workflow<Renewal>(world_, "cert/");
    ASSERT_TRUE(runner.recover().has_value());
    ASSERT_TRUE(runner.turn());
  }
  const std::size_t entries_before = ledger_.read_all({}, 1'000'000)->entries.size();
  leave_open(1'000);
  Runner runner({ledger_, blobs_, clock_, ids_});
  runner.register_workflow<Renewal>(world_, "cert/");
  ASSERT_EQ(*runner.recover(), 1'002U);
  while (runner.turn()) {
  }
  const auto page = ledger_.read_all({entries_before + 1'000}, 1'000'000);
  ASSERT_EQ(page->entries.size(), 1'001U) << "the second of the two waits for the first to get on";
  EXPECT_EQ(page->entries.back().stream, ledger_.open_streams()->front());
}

}  // namespace
}  // namespace autoheal::engine
