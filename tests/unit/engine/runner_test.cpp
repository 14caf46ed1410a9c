// The loop, driven by hand: what is appended when, what is performed after which commit, what a crash leaves.
#include "autoheal/engine/runner.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "autoheal/engine/base/contained.hpp"
#include "autoheal/engine/testing/crash_at_every_append.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/engine/testing/ledger_over.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"
#include "tests/support/files/renewal.hpp"

namespace autoheal {
namespace {

using engine::AppendStatus;
using engine::Runner;
using engine::testing::CountingIds;
using engine::testing::FakeClock;
using store::MemoryBlobs;
using store::MemoryLedger;
using testing::Renewal;

// The outside world of the renewal: an authority and a server, both of which take the same request twice.
struct RenewalWorld final : engine::EffectPerformer<Renewal> {
  std::vector<std::string> performed;
  void perform(const std::string&, const Renewal::Effect& effect, Done done) override {
    if (const auto* order = std::get_if<Renewal::Order>(&effect)) {
      performed.push_back("order " + order->host);
      done(Renewal::OrderAccepted{});
    } else {
      performed.push_back("install " + std::get<Renewal::Install>(effect).host);
      done(Renewal::InstallDone{});
    }
  }
};

struct Process {
  explicit Process(engine::Ledger& ledger, FakeClock& clock, CountingIds& ids, MemoryBlobs& blobs, RenewalWorld& world)
      : runner({ledger, blobs, clock, ids}) {
    runner.register_workflow<Renewal>(world, "cert/");
  }
  Runner runner;
  void run_until_idle(FakeClock& clock) {
    while (true) {
      while (runner.turn()) {
      }
      const auto wake = runner.next_wake();
      if (!wake || runner.failure()) return;
      clock.advance(*wake - clock.since_boot());
    }
  }
};

struct RunnerTest : ::testing::Test {
  FakeClock clock;
  CountingIds ids;
  MemoryBlobs blobs;
  MemoryLedger ledger{"ledger-1"};
  RenewalWorld world;

  std::vector<std::string> types(const std::string& stream) {
    std::vector<std::string> found;
    const auto entries = ledger.read_stream(stream, 1);
    for (const auto& entry : *entries) found.push_back(entry.type);
    return found;
  }
};

// Deciding about one name throws as long as the hook says so; about others it does not.
std::string& poisoned_part() {
  static std::string part;
  return part;
}

TEST_F(RunnerTest, a_stream_that_cannot_be_decided_is_set_aside_and_the_others_go_on) {
  Process process(ledger, clock, ids, blobs, world);
  std::string bad, good, told;
  process.runner.hooks.set_aside = [&](const std::string& stream, const Error& error) {
    told = stream + error.message;
  };
  process.runner.start<Renewal>(Renewal::Begin{"bad.org"}, {}, [&](Result<std::string> began) { bad = *began; });
  process.runner.turn();
  poisoned_part() = Renewal::type;
  pure_part_hook = [](std::string_view part) {
    if (part != std::exchange(poisoned_part(), {})) return;
    throw std::logic_error("words of a document");
  };
  process.runner.start<Renewal>(Renewal::Begin{"good.org"}, {},
                                [&](Result<std::string> began) { good = began.value_or(""); });
  process.run_until_idle(clock);
  EXPECT_EQ(told, bad + "Autoheal itself is at fault in cert.renewal: std::logic_error");
  EXPECT_EQ(types(bad), (std::vector<std::string>{"cert.renewal.ordered"}));
  EXPECT_EQ(types(good).back(), "cert.renewal.installed");
  EXPECT_FALSE(process.runner.failure());
  EXPECT_EQ(*ledger.open_streams(), std::vector<std::string>{bad}) << "another process may go on with it";
  pure_part_hook = nullptr;

  Process next(ledger, clock, ids, blobs, world);
  ASSERT_TRUE(next.runner.recover().has_value());
  next.run_until_idle(clock);
  EXPECT_EQ(types(bad).back(), "cert.renewal.installed");
}

TEST_F(RunnerTest, what_cannot_be_decided_at_its_start_is_refused) {
  Process process(ledger, clock, ids, blobs, world);
  poisoned_part() = Renewal::type;
  pure_part_hook = [](std::string_view part) {
    if (part == std::exchange(poisoned_part(), {})) AUTOHEAL_CHECK(part.empty());
  };
  std::optional<Error> refused;
  process.runner.start<Renewal>(Renewal::Begin{"bad.org"}, {},
                                [&](Result<std::string> began) { refused = began.error(); });
  process.run_until_idle(clock);
  pure_part_hook = nullptr;
  ASSERT_TRUE(refused.has_value());
  EXPECT_NE(refused->message.find("part.empty() does not hold"), std::string::npos) << refused->message;
  EXPECT_TRUE(ledger.open_streams()->empty());
  EXPECT_FALSE(process.runner.failure());
}

TEST_F(RunnerTest, a_workflow_runs_from_its_first_input_to_its_end) {
  Process process(ledger, clock, ids, blobs, world);
  std::string stream;
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, {}, [&](Result<std::string> began) { stream = *began; });
  process.run_until_idle(clock);
  EXPECT_EQ(types(stream), (std::vector<std::string>{"cert.renewal.ordered", "cert.renewal.issued",
                                                     "cert.renewal.install_started", "cert.renewal.installed"}));
  EXPECT_EQ(world.performed, (std::vector<std::string>{"order example.org", "install example.org"}));
  EXPECT_TRUE(ledger.open_streams()->empty());
  EXPECT_EQ(process.runner.open_count(), 0U);
}

TEST_F(RunnerTest, nothing_is_performed_before_its_commit) {
  engine::testing::CutLedger dead(ledger, 0, engine::testing::CutMoment::before_effects);
  Process process(dead, clock, ids, blobs, world);
  Result<std::string> began = std::string();
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, {},
                                [&](Result<std::string> outcome) { began = outcome; });
  process.run_until_idle(clock);
  EXPECT_TRUE(world.performed.empty());
  EXPECT_FALSE(began.has_value());
  ASSERT_TRUE(process.runner.failure().has_value());
  EXPECT_EQ(process.runner.failure()->kind, ErrorKind::fatal);
}

TEST_F(RunnerTest, all_inputs_that_are_ready_share_one_commit) {
  Process process(ledger, clock, ids, blobs, world);
  std::size_t commits = 0;
  process.runner.hooks.committed = [&](engine::Position) { ++commits; };
  for (int index = 0; index < 64; ++index) {
    process.runner.start<Renewal>(Renewal::Begin{"host" + std::to_string(index)}, {}, {});
  }
  process.runner.turn();
  EXPECT_EQ(commits, 1U);
  EXPECT_EQ(ledger.open_streams()->size(), 64U);
}

TEST_F(RunnerTest, Case118_waiting_takes_its_time_on_the_boot_clock_whatever_the_wall_clock_does) {
  Process process(ledger, clock, ids, blobs, world);
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, {}, {});
  while (process.runner.turn()) {
  }
  clock.set_wall(clock.now() + std::chrono::days(3650));
  EXPECT_FALSE(process.runner.turn());
  clock.advance(Renewal::issue_takes - Duration(1));
  EXPECT_FALSE(process.runner.turn());
  clock.advance(Duration(1));
  EXPECT_TRUE(process.runner.turn());
  EXPECT_EQ(world.performed.back(), "install example.org");
}

TEST_F(RunnerTest, the_same_idempotency_key_starts_one_workflow) {
  Process process(ledger, clock, ids, blobs, world);
  std::vector<std::string> streams;
  const auto note = [&](Result<std::string> began) { streams.push_back(*began); };
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, "alert-7", note);
  while (process.runner.turn()) {
  }
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, "alert-7", note);
  process.runner.start<Renewal>(Renewal::Begin{"example.net"}, "alert-8", note);
  while (process.runner.turn()) {
  }
  ASSERT_EQ(streams.size(), 3U);
  EXPECT_EQ(streams[0], streams[1]);
  EXPECT_NE(streams[0], streams[2]);
  EXPECT_EQ(ledger.open_streams()->size(), 2U);
}

TEST_F(RunnerTest, a_start_that_repeats_an_earlier_one_takes_no_other_along) {
  Process process(ledger, clock, ids, blobs, world);
  std::vector<std::string> streams;
  const auto note = [&](Result<std::string> began) { streams.push_back(*began); };
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, "alert-7", note);
  while (process.runner.turn()) {
  }
  std::vector<AppendStatus> told;
  process.runner.start<Renewal>(Renewal::Begin{"example.net"}, {}, note);
  process.runner.start<Renewal>(Renewal::Begin{"example.com"}, "alert-8", note);
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, "alert-7", note);
  process.runner.append("notes", {"note.made", 1, clock.now(), "ops", "", "{}"},
                        [&](AppendStatus status) { told.push_back(status); });
  while (process.runner.turn()) {
  }
  ASSERT_EQ(streams.size(), 4U);
  EXPECT_EQ(std::ranges::count(streams, streams[0]), 2);
  EXPECT_EQ(ledger.open_streams()->size(), 3U);
  EXPECT_EQ(types("notes"), std::vector<std::string>{"note.made"});
  EXPECT_EQ(told, std::vector{AppendStatus::ok});
}

// A store that has room for nothing, until it has; or gives one answer of its own.
struct FullLedger final : engine::testing::LedgerOver {
  using LedgerOver::LedgerOver;
  bool full = false;
  std::optional<engine::AppendResult> answer;
  engine::AppendResult append(const engine::Batch& batch) override {
    if (answer) return *std::exchange(answer, std::nullopt);
    if (full) return {AppendStatus::unavailable, {}, {}, {}, {}, "no space left"};
    return under_.append(batch);
  }
};

struct StoppedRunner : RunnerTest, ::testing::WithParamInterface<std::pair<AppendStatus, const char*>> {};
INSTANTIATE_TEST_SUITE_P(Answers, StoppedRunner,
                         ::testing::Values(std::pair{AppendStatus::conflict, "was changed by somebody else"},
                                           std::pair{AppendStatus::fenced, "another process owns the ledger"},
                                           std::pair{AppendStatus::unknown, "outcome is not known"}));

// Whatever the ledger holds now: nothing more is performed nor acknowledged, and the next process goes on.
TEST_P(StoppedRunner, performs_and_acknowledges_nothing_any_more) {
  FullLedger answers(ledger);
  {
    Process process(answers, clock, ids, blobs, world);
    std::vector<Error> stops;
    process.runner.hooks.stopped = [&](const Error& error) { stops.push_back(error); };
    std::string running;
    process.runner.start<Renewal>(Renewal::Begin{"example.org"}, {},
                                  [&](Result<std::string> told) { running = *told; });
    while (process.runner.turn()) {
    }
    const auto performed = world.performed;
    answers.answer = engine::AppendResult{GetParam().first, {}, {}, {}, running, {}};
    std::optional<Error> refused;
    std::optional<AppendStatus> note;
    process.runner.start<Renewal>(Renewal::Begin{"example.net"}, {}, [&](const Result<std::string>& told) {
      if (!told) refused = told.error();
    });
    process.runner.append("notes", {"note.made", 1, clock.now(), "ops", "", "{}"},
                          [&](AppendStatus status) { note = status; });
    clock.advance(Renewal::issue_takes);
    EXPECT_FALSE(process.runner.turn());
    ASSERT_EQ(stops.size(), 1U);
    EXPECT_EQ(stops[0].kind, ErrorKind::fatal);
    EXPECT_NE(stops[0].message.find(GetParam().second), std::string::npos) << stops[0].message;
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->message, stops[0].message);
    EXPECT_EQ(note, AppendStatus::unknown);
    process.runner.start<Renewal>(Renewal::Begin{"example.com"}, {}, [](const Result<std::string>&) {});
    EXPECT_FALSE(process.runner.has_work());
    EXPECT_FALSE(process.runner.turn());
    EXPECT_EQ(world.performed, performed);
    EXPECT_EQ(stops.size(), 1U);
  }
  Process next(answers, clock, ids, blobs, world);
  ASSERT_TRUE(next.runner.recover().has_value());
  next.run_until_idle(clock);
  EXPECT_TRUE(ledger.open_streams()->empty());
  EXPECT_EQ(world.performed.back(), "install example.org");
}

TEST_F(RunnerTest, whether_it_has_work_is_told_from_outside) {
  FullLedger full(ledger);
  Process process(full, clock, ids, blobs, world);
  EXPECT_FALSE(process.runner.has_work());
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, {}, [](const Result<std::string>&) {});
  EXPECT_TRUE(process.runner.has_work());
  while (process.runner.turn()) {
  }
  EXPECT_FALSE(process.runner.has_work()) << "it waits";
  clock.advance(Renewal::issue_takes);
  EXPECT_TRUE(process.runner.has_work()) << "the wait is over";
  full.full = true;
  EXPECT_FALSE(process.runner.turn());
  EXPECT_FALSE(process.runner.has_work()) << "there is no room";
  clock.advance(*process.runner.next_wake() - clock.since_boot());
  EXPECT_TRUE(process.runner.has_work()) << "it is tried again";
}

TEST_F(RunnerTest, a_full_disk_refuses_what_begins_and_says_why) {
  FullLedger full(ledger);
  Process process(full, clock, ids, blobs, world);
  full.full = true;
  Result<std::string> began = std::string();
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, "alert-7",
                                [&](Result<std::string> told) { began = told; });
  EXPECT_FALSE(process.runner.turn());
  ASSERT_FALSE(began.has_value());
  EXPECT_EQ(began.error().kind, ErrorKind::unavailable);
  EXPECT_NE(began.error().message.find("no space left"), std::string::npos);
  EXPECT_EQ(process.runner.open_count(), 0U);
  EXPECT_FALSE(process.runner.next_wake().has_value()) << "nothing waits";
  full.full = false;
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, "alert-7",
                                [&](Result<std::string> told) { began = told; });
  process.run_until_idle(clock);
  EXPECT_TRUE(began.has_value());
  EXPECT_EQ(world.performed.size(), 2U);
}

TEST_F(RunnerTest, a_full_disk_holds_back_what_runs_and_nothing_is_lost_or_done_twice) {
  FullLedger full(ledger);
  Process process(full, clock, ids, blobs, world);
  std::string running;
  process.runner.start<Renewal>(Renewal::Begin{"example.org"}, {}, [&](Result<std::string> told) { running = *told; });
  while (process.runner.turn()) {
  }
  ASSERT_EQ(world.performed.size(), 1U);
  full.full = true;
  clock.advance(Renewal::issue_takes);
  unsigned refused = 0;
  for (int tries = 0; tries < 10; ++tries) {
    process.runner.start<Renewal>(Renewal::Begin{"example.net"}, {},
                                  [&](Result<std::string> told) { refused += told.has_value() ? 0 : 1; });
    EXPECT_FALSE(process.runner.turn());
    ASSERT_TRUE(process.runner.next_wake().has_value());
    clock.advance(*process.runner.next_wake() - clock.since_boot());
  }
  EXPECT_EQ(refused, 10U) << "each with the try that follows it";
  EXPECT_EQ(world.performed.size(), 1U);
  EXPECT_EQ(process.runner.open_count(), 1U);
  full.full = false;
  process.run_until_idle(clock);
  EXPECT_EQ(types(running).size(), 4U);
  EXPECT_EQ(world.performed, (std::vector<std::string>{"order example.org", "install example.org"}));
  EXPECT_TRUE(ledger.open_streams()->empty());
}

TEST_F(RunnerTest, data_too_large_for_an_entry_is_kept_beside_it_and_read_back) {
  const std::string host = "example.org " + std::string(100'000, 'h');
  std::string stream;
  {
    Process process(ledger, clock, ids, blobs, world);
    process.runner.start<Renewal>(Renewal::Begin{host}, {}, [&](Result<std::string> began) { stream = *began; });
    process.runner.turn();
  }
  EXPECT_LT(ledger.read_stream(stream, 1)->front().data.size(), 200U);
  Process after(ledger, clock, ids, blobs, world);
  ASSERT_EQ(*after.runner.recover(), 1U);
  EXPECT_EQ(after.runner.state<Renewal>(stream)->host, host);
}

// No bundle of a tiled log could hold it; that is the workflow's fault, and never the end of the process.
TEST_F(RunnerTest, a_name_too_long_for_an_entry_sets_its_own_stream_aside) {
  Process process(ledger, clock, ids, blobs, world);
  std::vector<std::string> told;
  process.runner.hooks.set_aside = [&](const std::string&, const Error& error) { told.push_back(error.message); };
  const std::string longest(engine::largest_entry_name_bytes, 'h');
  for (const std::string& host : {longest + "h", longest, std::string("example.org")})
    process.runner.start<Renewal>(Renewal::Begin{host}, {}, {});
  process.run_until_idle(clock);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told.front().find("largest_entry_name_bytes"), std::string::npos) << told.front();
  std::vector<std::string> begun;
  const auto page = ledger.read_all({}, 100);
  for (const auto& entry : page->entries) {
    if (entry.version == 1) begun.push_back(entry.subject);
  }
  EXPECT_EQ(begun, (std::vector<std::string>{longest, "example.org"}));
}

TEST_F(RunnerTest, a_stream_nobody_can_read_is_set_aside_and_the_others_go_on) {
  {
    Process process(ledger, clock, ids, blobs, world);
    process.runner.start<Renewal>(Renewal::Begin{"example.org"}, {}, {});
    process.runner.turn();
  }
  engine::Batch foreign;
  foreign.streams.push_back(
      {"strange/1", 0, {{"strange.begun", 1, clock.now(), "", "", ""}}, engine::StreamLife::goes_on, {}});
  ASSERT_EQ(ledger.append(foreign).status, AppendStatus::ok);

  Process after(ledger, clock, ids, blobs, world);
  std::vector<std::string> aside;
  after.runner.hooks.set_aside = [&](const std::string& stream, const Error&) { aside.push_back(stream); };
  EXPECT_EQ(*after.runner.recover(), 1U);
  after.run_until_idle(clock);
  EXPECT_EQ(aside, std::vector<std::string>{"strange/1"});
  EXPECT_EQ(*ledger.open_streams(), std::vector<std::string>{"strange/1"});
}

TEST_F(RunnerTest, what_may_be_killing_the_process_is_resumed_with_nothing_beside_it) {
  std::vector<std::string> streams;
  for (int start = 0; start < 3; ++start) {
    // Each process folds, resumes, commits the resumption and dies.
    engine::testing::CutLedger cut(ledger, 1, engine::testing::CutMoment::before_effects);
    Process process(cut, clock, ids, blobs, world);
    if (start == 0) {
      process.runner.start<Renewal>(Renewal::Begin{"one"}, {}, {});
      process.runner.start<Renewal>(Renewal::Begin{"two"}, {}, {});
    } else {
      ASSERT_EQ(*process.runner.recover(), 2U);
    }
    process.runner.turn();
  }
  streams = *ledger.open_streams();
  Process last(ledger, clock, ids, blobs, world);
  ASSERT_EQ(*last.runner.recover(), 2U);
  last.runner.turn();
  EXPECT_EQ(last.runner.state<Renewal>(streams[0])->resumptions, 3U);
  EXPECT_EQ(last.runner.state<Renewal>(streams[1])->resumptions, 2U) << "the second waits for the first to get on";
  last.run_until_idle(clock);
  EXPECT_TRUE(ledger.open_streams()->empty());
}

TEST_F(RunnerTest, cut_after_every_commit_it_ends_the_same) {
  struct World {
    FakeClock clock;
    CountingIds ids;
    MemoryBlobs blobs;
    MemoryLedger ledger{"ledger-1"};
    RenewalWorld renewals;
  };
  engine::testing::CrashScript script;
  script.make_world = [] { return std::make_shared<World>(); };
  script.ledger_of = [](void* opaque) -> engine::Ledger& { return static_cast<World*>(opaque)->ledger; };
  script.run = [](void* opaque, engine::Ledger& through, bool recovering) {
    auto& w = *static_cast<World*>(opaque);
    Process process(through, w.clock, w.ids, w.blobs, w.renewals);
    if (recovering) {
      ASSERT_TRUE(process.runner.recover().has_value());
    } else {
      process.runner.start<Renewal>(Renewal::Begin{"example.org"}, {}, {});
    }
    process.run_until_idle(w.clock);
  };
  script.outcome = [](void* opaque) {
    auto& w = *static_cast<World*>(opaque);
    std::string text;
    const auto page = w.ledger.read_all({}, 100);
    for (const auto& entry : page->entries) {
      if (entry.type != "cert.renewal.recovered") text += entry.type + "\n";
    }
    return text + std::to_string(w.ledger.open_streams()->size());
  };
  std::size_t commits = 0;
  const auto differences = engine::testing::crash_at_every_append(script, commits);
  EXPECT_EQ(commits, 4U);
  for (const auto& difference : differences) {
    ADD_FAILURE() << "cut after commit " << difference.cut_after << ":\n"
                  << difference.actual << "\ninstead of\n"
                  << difference.expected;
  }
}

// Keeps what it is asked for: outcomes come when a test brings them.
struct LateWorld final : engine::EffectPerformer<Renewal> {
  std::vector<Done> asked;
  void perform(const std::string&, const Renewal::Effect&, Done done) override { asked.push_back(std::move(done)); }
};

struct LateOutcomes : RunnerTest {
  LateWorld late;
  Runner runner{{ledger, blobs, clock, ids}};
  std::string stream;

  void install() {
    runner.register_workflow<Renewal>(late, "cert/");
    runner.start<Renewal>(Renewal::Begin{"example.org"}, {}, [&](Result<std::string> began) { stream = *began; });
    turn();
    late.asked.at(0)(Renewal::OrderAccepted{});
    turn();
    clock.advance(Renewal::issue_takes);
    turn();
    ASSERT_EQ(late.asked.size(), 2U);
  }
  void turn() {
    while (runner.turn()) {
    }
  }
};

TEST_F(LateOutcomes, of_an_earlier_life_of_a_stream_are_dropped) {
  install();
  runner.submit<Renewal>(stream, Renewal::InstallDone{});  // somebody says so
  turn();
  ASSERT_EQ(types(stream).back(), "cert.renewal.installed");
  runner.reopen<Renewal>(stream, Renewal::ProcessStarted{}, [](const auto&) {});
  turn();
  late.asked.at(1)(Renewal::InstallDone{});
  turn();
  EXPECT_EQ(types(stream).back(), "cert.renewal.recovered");
  EXPECT_EQ(runner.open_count(), 1U);
}

using LateOutcomesDeathTest = LateOutcomes;

TEST_F(LateOutcomesDeathTest, that_come_twice_end_the_process) {
  install();
  const auto order = late.asked.at(0);
  EXPECT_DEATH(
      {
        order(Renewal::OrderAccepted{});
        turn();
      },
      "internal error");
}

TEST_F(RunnerTest, PlacesThatAreDueGetACommitOfTheirOwnAndOthersRide) {
  RenewalWorld world;
  Process process(ledger, clock, ids, blobs, world);
  process.runner.commit_places();
  EXPECT_FALSE(process.runner.turn());  // there are none
  process.runner.save_place("webhook/pager", {7});
  EXPECT_FALSE(process.runner.turn());
  EXPECT_FALSE(*ledger.place_of("webhook/pager"));
  process.runner.commit_places();
  EXPECT_TRUE(process.runner.turn());
  EXPECT_EQ(ledger.place_of("webhook/pager").value()->value, 7U);
  EXPECT_FALSE(process.runner.turn());
}

}  // namespace
}  // namespace autoheal
