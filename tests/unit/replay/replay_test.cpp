// Past heals decided again: the same by the code that made them, divergent by another rule or a rewritten record.
#include <gmock/gmock.h>
#include <malloc.h>
#include <sys/resource.h>

#include "autoheal/replay/decide/all_heals.hpp"
#include "autoheal/replay/decide/state_text.hpp"
#include "tests/support/examples/heal_examples.hpp"

namespace autoheal::replay {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<engine::Entry> entries_of(const HealWorld& world) { return *world.ledger.read_stream(world.heal, 1); }

Replayed replayed(const HealWorld& world, std::vector<engine::Entry> entries, const Decide& decide = Heal::decide) {
  Adoptions adoptions;
  if (world.policy.baseline) adoptions.take(world.spec.name, *world.policy.baseline);
  const PastWorld past(world.blobs, adoptions);
  RecordedHeal recorded(std::move(entries), past.blobs());
  return replay_heal(recorded, past, decide);
}

class EveryRepairKindReplayed : public ::testing::TestWithParam<HealExample> {};
INSTANTIATE_TEST_SUITE_P(Replay, EveryRepairKindReplayed, ::testing::ValuesIn(heal_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(EveryRepairKindReplayed, IsDecidedAgainEntryByEntry) {
  for (const int verdict : {0, 1}) {
    const auto world = make_world(GetParam(), verdict);
    const HealState live = heal(*world);
    const Replayed again = replayed(*world, entries_of(*world));
    EXPECT_EQ(again.verdict, Verdict::same) << again.why;
    EXPECT_EQ(again.entries, entries_of(*world).size());
    EXPECT_TRUE(again.state == live);
  }
}

TEST(Replay, OfAnOpenHealGoesAsFarAsTheRecord) {
  const auto world = make_world(heal_examples().front());
  (void)heal(*world);
  auto entries = entries_of(*world);
  entries.resize(4);
  const Replayed again = replayed(*world, entries);
  EXPECT_EQ(again.verdict, Verdict::same);
  EXPECT_EQ(again.state.phase(), Phase::repairing);
}

TEST(Replay, NamesTheFirstEntryThatAChangedRuleDecidesOtherwise) {
  const auto world = make_world(heal_examples().front(), 1);
  (void)heal(*world);
  // A rule of tomorrow: one attempt less.
  const Decide impatient = [](const HealState& state, const HealInput& input, Timestamp now) {
    HealRequest request = *state.request;
    if (request.max_retries > 1) --request.max_retries;
    HealState fewer = state;
    fewer.request = request;
    return Heal::decide(fewer, input, now);
  };
  const Replayed again = replayed(*world, entries_of(*world), impatient);
  ASSERT_EQ(again.verdict, Verdict::diverged);
  const Divergence& found = *again.divergence;
  const auto recorded = entries_of(*world);
  EXPECT_EQ(recorded.at(found.version - 1).type, "heal.retry_scheduled");
  EXPECT_EQ(found.position, recorded.at(found.version - 1).position);
  EXPECT_EQ(found.decided.at(found.same).type, "heal.exhausted");
  EXPECT_EQ(found.before.phase(), Phase::certifying);
  EXPECT_THAT(line_of(found), HasSubstr("recorded is heal.retry_scheduled, today's code decides heal.exhausted"));
}

TEST(Replay, NamesAnotherPlanByWhereItDiffers) {
  const auto world = make_world(heal_examples().front());
  (void)heal(*world);
  const Decide wider = [](const HealState& state, const HealInput& input, Timestamp now) {
    auto decision = Heal::decide(state, input, now);
    for (HealEntry& entry : decision.entries) {
      if (auto* recorded = std::get_if<PlanRecorded>(&entry)) {
        Plan plan = *recorded->plan;
        plan.changes.at(0).after.mode = 0644;
        recorded->plan = plan;
      }
    }
    return decision;
  };
  const Replayed again = replayed(*world, entries_of(*world), wider);
  ASSERT_EQ(again.verdict, Verdict::diverged);
  const Divergence& found = *again.divergence;
  EXPECT_EQ(found.recorded.at(found.same).type, "heal.plan_recorded");
  EXPECT_THAT(found.input, HasSubstr("the world was looked at: 1 target"));
  EXPECT_EQ(first_difference(found.recorded.at(found.same).data, found.decided.at(found.same).data),
            "/plan/changes/0/after/mode: 416 instead of 420");
}

// A forgery by an intruder who knows the format: a refused certification turned into a certificate.
TEST(Replay, FindsARecordThatWasRewritten) {
  const auto world = make_world(heal_examples().front());
  (void)heal(*world);
  auto entries = entries_of(*world);
  for (engine::Entry& entry : entries) {
    const std::string passed = R"("passed":true)";
    if (entry.type == "heal.certified") entry.data.replace(entry.data.find(passed), passed.size(), R"("passed":false)");
  }
  const Replayed again = replayed(*world, entries);
  ASSERT_EQ(again.verdict, Verdict::diverged);
  EXPECT_EQ(entries.at(again.divergence->version - 1).type, "heal.certified");
  EXPECT_EQ(again.divergence->decided.front().type, "heal.certification_refused");
}

TEST(Replay, FindsAnEntryThatIsGoneAndOneThatIsTooMuch) {
  const auto world = make_world(heal_examples().front());
  (void)heal(*world);
  for (std::size_t gone = 0; gone < entries_of(*world).size() - 1; ++gone) {
    auto entries = entries_of(*world);
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(gone));
    EXPECT_EQ(replayed(*world, entries).verdict, Verdict::diverged) << "without entry " << gone + 1;
  }
  auto twice = entries_of(*world);
  twice.push_back(twice.back());
  const Replayed again = replayed(*world, twice);
  ASSERT_EQ(again.verdict, Verdict::diverged);
  EXPECT_EQ(again.divergence->version, twice.size());
}

TEST(Replay, WithoutTheVaultSetsAside) {
  const auto world = make_world(heal_examples().front());
  (void)heal(*world);
  const store::MemoryBlobs empty;
  Adoptions adoptions;
  const PastWorld past(empty, adoptions);
  RecordedHeal recorded(entries_of(*world), past.blobs());
  const Replayed again = replay_heal(recorded, past);
  EXPECT_EQ(again.verdict, Verdict::set_aside);
  EXPECT_THAT(again.why, HasSubstr("no blob sha256:"));
}

TEST(Replay, Case141_AnUnknownKindOfEntryIsNotGuessed) {
  const auto world = make_world(heal_examples().front());
  (void)heal(*world);
  for (std::size_t place = 0; place < entries_of(*world).size(); ++place) {
    auto entries = entries_of(*world);
    entries.at(place).type = "heal.pondered";
    const Replayed again = replayed(*world, entries);
    EXPECT_EQ(again.verdict, Verdict::set_aside) << place;
    EXPECT_THAT(again.why, HasSubstr("heal.pondered are not known to this version")) << place;
  }
}

// One that fails again every second for a day is joined that often.
TEST(Replay, Case113_AHealOfAHundredThousandEntriesTakesTimeAndMemoryInProportion) {
  const auto world = make_world(heal_examples().front());
  world->spec.healing.max_retries = 2;
  world->host.install("/tests/smoke", program(1));
  world->spec.healing.retry_delay = std::chrono::hours(1);
  HealProcess process(*world, world->ledger);
  process.start();
  while (process.runner().turn()) {
  }
  ASSERT_EQ(entry_types(*world).back(), "retry_scheduled");
  constexpr std::size_t joins = 100'000;
  for (std::size_t count = 0; count < joins; ++count) {
    process.runner().submit<Heal>(world->heal, Join{"it fails again", {}});
    if (count % 1'000 == 0) process.turn();
  }
  process.run();
  ASSERT_TRUE(process.last);
  auto entries = entries_of(*world);
  ASSERT_GT(entries.size(), joins);
  const auto peak_kib = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const std::size_t count = entries.size();
  const long before_kib = peak_kib();
  const auto began = std::chrono::steady_clock::now();
  const Replayed again = replayed(*world, std::move(entries));
  const auto took = std::chrono::steady_clock::now() - began;
  RecordProperty("replayed_in_ms",
                 static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  EXPECT_EQ(again.verdict, Verdict::same);
  EXPECT_EQ(again.entries, count);
  EXPECT_LT(took, std::chrono::seconds(60)) << "0.6 ms an entry, under a sanitizer and beside others";
#ifdef AUTOHEAL_SANITIZED
  // The address sanitizer keeps up to 256 MiB of what was freed (its quarantine_size_mb), and puts zones around the
  // rest.
  constexpr long most_kib = (2 * 32 + 256) * 1024;
#else
  constexpr long most_kib = 32 * 1024;
#endif
  EXPECT_LT(peak_kib() - before_kib, most_kib) << "KiB beside the entries themselves";
}

// It is resumed to the state of one that was never joined, and its successor holds that state and nothing of its way.
TEST(Replay, Case113_AHealOfAHundredThousandEntriesIsResumedToAStateOfTheUsualSize) {
  const auto waiting = [](std::size_t joins) {
    auto world = make_world(heal_examples().front(), 1);
    world->spec.healing.retry_delay = std::chrono::hours(1);
    HealProcess process(*world, world->ledger);
    process.start();
    while (process.runner().turn()) {
    }
    for (std::size_t count = 1; count <= joins; ++count) {
      process.runner().submit<Heal>(world->heal, Join{"it fails again", {}});
      if (count % 1'000 == 0) process.turn();
    }
    process.turn();
    return world;
  };
  const auto held_after_recovery = [](HealWorld& world, HealState& state) {
    const auto in_use = [] {
      const auto heap = ::mallinfo2();
      return heap.uordblks + heap.hblkhd;
    };
    const std::size_t before = in_use();
    HealProcess process(world, world.ledger);
    process.recover();
    state = *process.runner().state<Heal>(world.heal);
    const std::size_t after = in_use();
    while (process.runner().turn()) {
    }
    EXPECT_TRUE(process.runner().next_wake()) << "it waits for its next attempt as before";
    return after - std::min(before, after);
  };
  constexpr std::size_t joins = 100'000;
  const auto usual = waiting(1), joined = waiting(joins);
  joined->replays = false;  // the test above does that
  ASSERT_GT(entries_of(*joined).size(), joins);
  HealState state_of_usual, state;
  const std::size_t usual_bytes = held_after_recovery(*usual, state_of_usual);
  const std::size_t joined_bytes = held_after_recovery(*joined, state);
  EXPECT_TRUE(state == state_of_usual);
  EXPECT_LT(joined_bytes, usual_bytes + (64U << 10U)) << "0.6 bytes an entry";
}

TEST(Replay, OfAPlanThatCouldNotBeMadeIsDecidedAgainFromWhatWasSeen) {
  const auto world = make_world(heal_examples().front());
  world->host.make_link("etc/app.conf", "elsewhere");
  const HealState live = heal(*world);
  ASSERT_THAT(live.so_far.last_problem, HasSubstr("is a symlink"));
  const Replayed again = replayed(*world, entries_of(*world));
  EXPECT_EQ(again.verdict, Verdict::same);
  EXPECT_EQ(again.taken, 0U);
}

// Entries of the first version held neither what was observed then nor who was asked.
TEST(Replay, TakesWhatAnOlderVersionDidNotKeepAsItIs) {
  const auto world = make_world(heal_examples().front());
  world->host.make_link("etc/app.conf", "elsewhere");
  (void)heal(*world);
  auto entries = entries_of(*world);
  for (engine::Entry& entry : entries) {
    const auto at = entry.data.find(R"(,"observation":)");
    if (entry.type == "heal.repair_failed") entry.data = entry.data.substr(0, at) + R"(,"attempt":1})";
  }
  const Replayed again = replayed(*world, entries);
  EXPECT_EQ(again.verdict, Verdict::same);
  EXPECT_EQ(again.taken, 4U);  // of two attempts: failed, and what followed
  EXPECT_THAT(again.taken_why, HasSubstr("does not hold what was observed"));
}

TEST(Replay, OfAnOlderPlanAsksWhatWasAdoptedByThen) {
  const auto world = make_world(heal_examples().front());
  world->policy.baseline = Adopted{{{}, {{"baseline/app.conf", "sha256:other"}}}, "sha256:manifest"};
  (void)heal(*world);
  auto entries = entries_of(*world);
  for (engine::Entry& entry : entries) {
    const std::string kept = R"(,"may_change":true,"adopted_baseline":"sha256:manifest")";
    if (entry.type == "heal.plan_recorded") entry.data.erase(entry.data.find(kept), kept.size());
  }
  EXPECT_EQ(replayed(*world, entries).verdict, Verdict::same);
}

TEST(Replay, OfEveryHealOfALedgerTellsTheOnesThatAreNotTheSame) {
  HealWorld world;
  std::vector<std::string> heals;
  for (int round = 0; round < 20; ++round) {
    heal_examples().front().prepare(world);
    world.spec.name = "Sample";
    world.spec.healing.max_retries = 2;
    (void)heal(world);
    heals.push_back(world.heal);
  }
  Adoptions adoptions;
  const auto all = replay_all(world.ledger, world.blobs, adoptions);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->heals, 20U);
  EXPECT_EQ(all->same, 20U);
  EXPECT_EQ(all->decided, all->entries);
  EXPECT_THAT(all->not_the_same, IsEmpty());
  const Decide silent = [](const HealState& state, const HealInput& input, Timestamp now) {
    if (std::holds_alternative<EvidenceGathered>(input)) return engine::Decision<Heal>{};
    return Heal::decide(state, input, now);
  };
  const auto other = replay_all(world.ledger, world.blobs, adoptions, {{.threads = 3}, silent});
  EXPECT_EQ(other->diverged, 20U);
  ASSERT_EQ(other->not_the_same.size(), 20U);
  for (std::size_t index = 0; index < heals.size(); ++index) EXPECT_EQ(other->not_the_same[index].heal, heals[index]);
}

TEST(Replay, OfAHealThatWasRolledBackOnceMoreCountsItOnce) {
  const auto world = make_world(heal_examples().front(), 1);
  bool edited = false;
  world->host.hooks.before_restore = [&] {
    if (std::exchange(edited, true)) return;
    world->host.write("etc/app.conf", "mine\n");
  };
  HealProcess process(*world, world->ledger);
  process.start();
  process.run();
  process.runner().reopen<Heal>(world->heal, RetryRollback{}, [](const auto&) {});
  process.run();
  ASSERT_EQ(entry_types(*world).back(), "rolled_back");
  Adoptions adoptions;
  const auto all = replay_all(world->ledger, world->blobs, adoptions);
  EXPECT_EQ(all->heals, 1U);
  EXPECT_EQ(all->same, 1U);
}

}  // namespace
}  // namespace autoheal::replay
