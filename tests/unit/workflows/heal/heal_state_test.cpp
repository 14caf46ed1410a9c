// The state as a value: each phase and step has what is its own and nothing else, every order of entries can be folded,
// and two states are equal only if nothing in them differs.
#include "autoheal/workflows/heal/heal_state.hpp"

#include <gmock/gmock.h>

#include "autoheal/workflows/heal/heal_apply.hpp"

namespace autoheal::workflows {
namespace {

using ::testing::ElementsAre;

HealState folded_all(const std::vector<HealEntry>& entries, HealState state = {}) {
  for (const HealEntry& entry : entries) state = apply_heal_entry(std::move(state), entry);
  return state;
}

PlanRecorded a_plan() {
  Plan plan;
  plan.changes.resize(1);
  plan.acts.emplace_back().run.argv = {"/bin/true"};
  plan.acts[0].after_changes = 1;
  PlanRecorded recorded;
  recorded.plan = plan;
  return recorded;
}

HealState with_certified_plan() {
  return folded_all({Triggered{}, RepairStarted{1}, a_plan(), PlanCertified{1, "sha256:aa"}});
}
HealState within_an_act() { return folded_all({ChangeIntended{1, 2, {}}}, with_certified_plan()); }

TEST(HealStateTest, HasNothingOfAPhaseThatItIsNotIn) {
  const HealState none;
  EXPECT_EQ(none.phase(), Phase::none);
  EXPECT_TRUE(none.retrying() == nullptr && none.exhausted() == nullptr && none.ended() == nullptr);
  EXPECT_TRUE(none.plan() == nullptr && none.shared_plan() == nullptr && none.observation() == nullptr);
  EXPECT_EQ(none.attempt_number(), 0U);
  EXPECT_EQ(none.next_attempt(), 1U);

  const HealState waits =
      folded_all({RepairFailed{1, "observe", "unseen", {}}, RetryScheduled{2, Timestamp(Duration(9)), Duration(5)}},
                 folded_all({Triggered{}, RepairStarted{1}}));
  ASSERT_NE(waits.retrying(), nullptr);
  EXPECT_EQ(*waits.retrying(), (phases::Retrying{2, Timestamp(Duration(9)), Duration(5)}));
  EXPECT_EQ(waits.next_attempt(), 2U);
  EXPECT_EQ(waits.step(), Step::waiting);
  EXPECT_TRUE(waits.ended() == nullptr);

  const HealState again = folded_all({RepairStarted{2}}, waits);
  EXPECT_TRUE(again.retrying() == nullptr);
  EXPECT_EQ(again.attempt_number(), 2U);
  EXPECT_EQ(again.so_far.starts, 2U);
  EXPECT_EQ(again.so_far.last_problem, "unseen");

  const HealState complete = folded_all({Completed{1, Duration(7)}, ImagesKept{{"a: open"}}}, with_certified_plan());
  ASSERT_NE(complete.ended(), nullptr);
  EXPECT_TRUE(complete.exhausted() == nullptr);
  EXPECT_EQ(complete.ended()->took, Duration(7));
  EXPECT_THAT(complete.ended()->kept, ElementsAre("a: open"));
  EXPECT_EQ(complete.step(), Step::ended);
}

TEST(HealStateTest, KeepsWhatACrashLoopInterruptedUntilItIsUndone) {
  EXPECT_EQ(within_an_act().intended(), 2U);
  const HealState ended = folded_all({Exhausted{1, EndReason::crash_loop, {}, {}}}, within_an_act());
  EXPECT_EQ(ended.step(), Step::ended);
  EXPECT_EQ(ended.intended(), 2U);
  HealState again = folded_all({RollbackStarted{1, true, {}}}, ended);
  EXPECT_EQ(again.phase(), Phase::exhausted);
  EXPECT_EQ(again.step(), Step::restoring);
  EXPECT_EQ(again.intended(), 2U);
  EXPECT_EQ(folded_all({RolledBack{1, {}}}, again).intended(), 2U);
  EXPECT_EQ(folded_all({RolledBack{1, {}}}, again).step(), Step::waiting);
  EXPECT_EQ(folded_all({UndoApplied{1, {}}}, again).intended(), std::nullopt);
}

TEST(HealStateTest, NamesTheActThatItRunsOrUndoes) {
  EXPECT_EQ(with_certified_plan().intended(), std::nullopt);
  EXPECT_EQ(folded_all({ChangeApplied{1, {}}}, within_an_act()).intended(), std::nullopt);
  EXPECT_EQ(folded_all({RepairFailed{}}, within_an_act()).intended(), std::nullopt);
  const HealState undoing = folded_all({RollbackStarted{1}, UndoIntended{1, 2}}, with_certified_plan());
  EXPECT_EQ(undoing.step(), Step::undoing);
  EXPECT_TRUE(undoing.is_rolling_back());
  EXPECT_EQ(undoing.intended(), 2U);
  EXPECT_FALSE(folded_all({RolledBack{1, {}}}, undoing).is_rolling_back());
}

// A ledger of others may hold anything, and is shown all the same.
template <std::size_t... kind>
std::vector<HealEntry> one_of_each(std::index_sequence<kind...>) {
  return {HealEntry(std::in_place_index<kind>)...};
}
TEST(HealStateTest, FoldsEntriesInAnyOrder) {
  std::vector<HealEntry> entries = one_of_each(std::make_index_sequence<std::variant_size_v<HealEntry>>());
  entries.push_back(a_plan());
  entries.push_back(RolledBack{1, {{99, UndoStatus::failed, "no such change"}}});
  for (const HealEntry& first : entries) {
    for (const HealEntry& second : entries) {
      const HealState two = folded_all({first, second});
      for (const HealEntry& third : entries) {
        const HealState state = folded_all({third}, two);
        EXPECT_TRUE(state.attempt.has_value() || !state.in_attempt());
        EXPECT_EQ(state.has_ended(), state.ended() != nullptr);
      }
    }
  }
}

// The plan does not have what was not put back: nothing can be said about it.
TEST(HealStateTest, LeavesNothingBehindThatItsPlanDoesNotHave) {
  const HealState state = folded_all({RollbackStarted{1}, RolledBack{1, {{99, UndoStatus::failed, "no such change"}}}},
                                     with_certified_plan());
  EXPECT_TRUE(state.so_far.left_before.text.empty());
}

TEST(HealStateTest, IsEqualOnlyWhereNothingDiffers) {
  const HealState state = within_an_act();
  EXPECT_TRUE(state == within_an_act()) << "folded twice";
  const auto differs = [&state](const std::function<void(HealState&)>& change) {
    HealState other = state;
    change(other);
    return !(other == state) && !(state == other);
  };
  const std::vector<std::function<void(HealState&)>> changes = {
      [](HealState& s) { s.request = HealRequest{"E", {}, 3, {}, {}, {}, {}, {}}; },
      [](HealState& s) { s.version = 1; },
      [](HealState& s) { s.in_phase = phases::Certifying{}; },
      [](HealState& s) { s.in_phase = phases::Retrying{2, {}, {}}; },
      [](HealState& s) { s.in_phase = phases::EndedExhausted{{}, EndReason::held, {}}; },
      [](HealState& s) { s.ending = EndReason::held; },
      [](HealState& s) { s.resumptions = 1; },
      [](HealState& s) { s.so_far.starts = 2; },
      [](HealState& s) { s.so_far.refused = {"a"}; },
      [](HealState& s) { s.so_far.doubted = {"a"}; },
      [](HealState& s) { s.so_far.left_before.text = "a"; },
      [](HealState& s) { s.so_far.last_problem = "a"; },
      [](HealState& s) { s.so_far.last_lines = {"a"}; },
      [](HealState& s) { s.attempt.reset(); },
      [](HealState& s) { s.attempt->number = 2; },
      [](HealState& s) { s.attempt->step = steps::Acting{3}; },
      [](HealState& s) { s.attempt->step = steps::Undoing{2}; },
      [](HealState& s) { s.attempt->recorded.reset(); },
      [](HealState& s) { s.attempt->recorded->plan = Plan(); },
      [](HealState& s) {
        Observation seen;
        seen.recovered = true;
        s.attempt->recorded->observation = seen;
      },
      [](HealState& s) { s.attempt->recorded->certified = false; },
      [](HealState& s) { s.attempt->outcomes[1].number = 1; },
      [](HealState& s) { s.attempt->captured[2] = "sha256:aa"; },
      [](HealState& s) { s.attempt->undone[1].number = 1; },
      [](HealState& s) { s.attempt->interrupted = 2; },
      [](HealState& s) { s.attempt->starts_over = true; },
      [](HealState& s) { s.attempt->saw_nothing = true; }};
  for (std::size_t index = 0; index < changes.size(); ++index) EXPECT_TRUE(differs(changes[index])) << index;
}

TEST(SharedTest, IsSharedByItsCopiesAndEqualByItsValue) {
  const Shared<Plan> plan = *a_plan().plan;
  const Shared<Plan> copy = plan;  // NOLINT(performance-unnecessary-copy-initialization): the copy is the subject
  EXPECT_EQ(copy.pointer(), plan.pointer());
  const Shared<Plan> same = *plan;
  EXPECT_NE(same.pointer(), plan.pointer());
  EXPECT_TRUE(same == plan);
  EXPECT_FALSE(same == Shared<Plan>());
  EXPECT_EQ(Shared<Plan>().pointer(), Shared<Plan>().pointer()) << "nothing is made for what is empty";
}

// A copy of the state, as each decision makes one, leaves plan and observation where they are.
TEST(SharedTest, IsNotCopiedWithTheState) {
  const PlanRecorded recorded = a_plan();
  const HealState state = folded_all({Triggered{}, RepairStarted{1}, recorded});
  const HealState copy = state;  // NOLINT(performance-unnecessary-copy-initialization): the copy is the subject
  EXPECT_EQ(copy.plan(), state.plan());
  EXPECT_EQ(copy.plan(), &*recorded.plan) << "the entry's own";
  EXPECT_EQ(copy.observation(), &*recorded.observation);
}

}  // namespace
}  // namespace autoheal::workflows
