// A heal that is told what cannot be: entries that no step of it leads to, and inputs in states that a ledger could
// show although no heal of ours was ever in them. The first do not fit, the second move nothing that they must not.
#include <gmock/gmock.h>

#include "autoheal/workflows/heal/heal_apply.hpp"
#include "autoheal/workflows/heal/heal_undo.hpp"
#include "tests/support/examples/heal_examples.hpp"

namespace autoheal::workflows {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ChangeOutcome outcome_of_change(unsigned number, ChangeStatus status = ChangeStatus::done) {
  ChangeOutcome outcome;
  outcome.number = number;
  outcome.status = status;
  return outcome;
}

// Two changes, then a command that cannot be undone, then a restart.
Plan plan_of_four() {
  Plan plan;
  plan.changes.resize(2);
  plan.changes[0].before.path = "etc/a";
  plan.changes[1].before.path = "etc/b";
  plan.acts.resize(2);
  for (Act& act : plan.acts) {
    act.run.argv = {"/bin/true"};
    act.after_changes = 2;
  }
  plan.acts[1].kind = ActKind::service_restart;
  return plan;
}

HealState folded(const std::vector<HealEntry>& entries, HealState state = {}) {
  for (const HealEntry& entry : entries) {
    EXPECT_EQ(violation_of(state, entry), nullptr) << type_of(entry) << ": " << violation_of(state, entry);
    state = apply_heal_entry(std::move(state), entry);
  }
  return state;
}

HealState waiting() {
  Triggered began;
  began.engine = "EnvRecon";
  began.waits = true;
  return folded({began});
}
HealState observing() { return folded({RepairStarted{1}}, waiting()); }
HealState planned() {
  PlanRecorded recorded;
  recorded.plan = plan_of_four();
  return folded({recorded}, observing());
}
HealState changing() { return folded({PlanCertified{1, "sha256:aa"}}, planned()); }
HealState acting() {
  return folded({ChangeApplied{1, {outcome_of_change(1), outcome_of_change(2)}}, ChangeIntended{1, 3, {}}}, changing());
}
HealState all_done() {
  return folded(
      {ChangeApplied{1, {outcome_of_change(3)}}, ChangeIntended{1, 4, {}}, ChangeApplied{1, {outcome_of_change(4)}}},
      acting());
}
HealState certifying() {
  return folded({RepairFinished{1, Strategy::generic, {}}, CertificationStarted{1}}, all_done());
}
HealState restoring() { return folded({RollbackStarted{1}}, all_done()); }
HealState retrying() {
  return folded({RepairFailed{1, "observe", "unseen", {}, {}}, RetryScheduled{2, {}, Duration(5)}}, observing());
}

TEST(HealFit, NamesWhatCannotFollow) {
  HealState too_often = retrying();
  too_often.in_phase = phases::Retrying{4, {}, {}};
  HealState another = certifying();
  const struct {
    HealState state;
    HealEntry entry;
    std::string why;
  } violations[] = {
      {waiting(), RepairStarted{2}, "another attempt than the next one"},
      {too_often, RepairStarted{4}, "more attempts than max_retries"},
      {changing(), PlanRecorded{}, "a plan without a look at the world"},
      {changing(), PlanCertified{}, "a verdict without a plan"},
      {observing(), PlanRefused{}, "a verdict without a plan"},
      {observing(), ChangeIntended{1, 1, {}}, "an act outside of a certified plan"},
      {changing(), ChangeIntended{1, 2, {}}, "an act that the plan does not have"},
      {changing(), ChangeIntended{1, 5, {}}, "an act that the plan does not have"},
      {changing(), ChangeIntended{1, 0, {}}, "an act that the plan does not have"},
      {observing(), ChangeApplied{1, {}}, "a change outside of a certified plan"},
      {changing(), ChangeApplied{1, {outcome_of_change(2), outcome_of_change(1)}}, "an outcome that no change waits"},
      {acting(), ChangeApplied{1, {outcome_of_change(4)}}, "the outcome of another act"},
      {acting(), ChangeApplied{1, {outcome_of_change(3), outcome_of_change(3)}}, "the outcome of another act"},
      {observing(), RepairFailed{1, "observe", "", {outcome_of_change(1)}, {}}, "a change before the plan"},
      {restoring(), RepairFailed{1, "failed", "", {}, {}}, "the failure of no repair"},
      {observing(), RepairFinished{}, "the end of no repair"},
      {changing(), RepairFinished{}, "the end of a repair that is not done"},
      {changing(), CertificationStarted{}, "the certification of a repair that is not done"},
      {observing(), CertificationStarted{}, "the certification of a repair that is not done"},
      {folded({CertificationRefused{1, {}, {}, {}}}, certifying()), Certified{}, "a certificate without certification"},
      {folded({CertificationRefused{1, {}, {}, {}}}, certifying()), CertificationRefused{}, "a refusal without"},
      {certifying(), Certified{2, {}, {}, {}, {}, {}, {}}, "the certificate of another attempt"},
      {certifying(), Certified{4, {}, {}, {}, {}, {}, {}}, "more attempts than max_retries"},
      {observing(), RollbackStarted{1}, "a rollback of what was never begun"},
      {changing(), UndoIntended{1, 3}, "an undo outside of a rollback"},
      {restoring(), UndoIntended{1, 1}, "the undo of an act that the plan does not have"},
      {restoring(), UndoIntended{1, 0}, "the undo of an act that the plan does not have"},
      {changing(), UndoApplied{1, {}}, "something is put back outside of a rollback"},
      {restoring(), RolledBack{1, {{5, UndoStatus::restored, {}}}}, "something is put back that the plan does not"},
      {restoring(), UndoApplied{1, {{0, UndoStatus::restored, {}}}}, "something is put back that the plan does not"},
      {observing(), RetryScheduled{3, {}, {}}, "an attempt is left out"},
      {folded({RepairStarted{3}},
              [] {
                HealState third = retrying();
                third.in_phase = phases::Retrying{3, {}, {}};
                return third;
              }()),
       RetryScheduled{4, {}, {}}, "more attempts than max_retries"},
      {certifying(), Completed{2, {}}, "the end of another attempt"},
      {certifying(), Completed{1, {}}, "an end before its certificate"},
      {waiting(), Completed{1, {}}, "what may not follow in this phase"},
  };
  for (const auto& [state, entry, why] : violations) {
    const char* told = violation_of(state, entry);
    ASSERT_NE(told, nullptr) << type_of(entry) << ": " << why;
    EXPECT_THAT(told, HasSubstr(why)) << type_of(entry);
  }
  EXPECT_EQ(violation_of(certifying(), Certified{1, {}, {}, {}, {}, {}, {}}), nullptr);
  for (const std::size_t after_changes : {1U, 3U}) {
    Plan disordered = plan_of_four();
    disordered.acts[1].after_changes = after_changes;
    PlanRecorded recorded;
    recorded.plan = disordered;
    EXPECT_THAT(violation_of(observing(), recorded), HasSubstr("acts that come after changes"));
  }
}

TEST(HealFit, KnowsWhatIsLeftToUndo) {
  EXPECT_TRUE(nothing_is_left_to_undo(observing()));
  EXPECT_FALSE(nothing_is_left_to_undo(restoring()));
  EXPECT_TRUE(nothing_is_left_to_undo(folded({UndoApplied{1,
                                                          {{1, UndoStatus::restored, {}},
                                                           {2, UndoStatus::restored, {}},
                                                           {3, UndoStatus::irreversible, {}},
                                                           {4, UndoStatus::undone, {}}}}},
                                             restoring())));
  EXPECT_EQ(next_undo(HealState()), std::nullopt);
}

// ---- states

TEST(HealStates, AreEqualOnlyWhereTheirPlansAre) {
  const HealState state = planned();
  EXPECT_TRUE(state == planned()) << "the same plan, kept twice";
  HealState none = state, other = state, step = state;
  none.attempt->recorded.reset();
  other.attempt->recorded->plan = Plan();
  step.attempt->step = steps::Changing{};
  EXPECT_TRUE(state == HealState(state));
  EXPECT_FALSE(state == none);
  EXPECT_FALSE(none == state);
  EXPECT_FALSE(state == other);
  EXPECT_FALSE(state == step);
  EXPECT_TRUE(none == none);
}

TEST(HealStates, KeepTheirLastProblemWhereARefusalHasNoReason) {
  HealState state = planned();
  state.so_far.last_problem = "before";
  EXPECT_EQ(folded({PlanRefused{1, {}}}, state).so_far.last_problem, "before");
  EXPECT_EQ(folded({PlanRefused{1, {{"rbac", "may not"}, {"security", "must not"}}}}, state).so_far.last_problem,
            "may not");
  state = certifying();
  state.so_far.last_problem = "before";
  EXPECT_EQ(folded({CertificationRefused{1, {}, {}, {}}}, state).so_far.last_problem, "before");
}

TEST(HealStates, ThatAreRolledBackOnceMoreTryAgainWhatWasForeignOrFailed) {
  HealState state =
      folded({UndoApplied{1,
                          {{1, UndoStatus::restored, {}},
                           {2, UndoStatus::foreign, "edited"},
                           {3, UndoStatus::failed, "no"},
                           {4, UndoStatus::undone, {}}}},
              RolledBack{1, {}}, Exhausted{1, EndReason::rollback_incomplete, {}, {}}, RollbackStarted{1, true, {}}},
             restoring());
  EXPECT_TRUE(state.attempt->undone.contains(1) && state.attempt->undone.contains(4));
  EXPECT_FALSE(state.attempt->undone.contains(2) || state.attempt->undone.contains(3));
}

// A change without effect has nothing to undo.
TEST(HealStates, UndoOnlyActsThatMayHaveHadAnEffect) {
  for (const ChangeStatus status :
       {ChangeStatus::done, ChangeStatus::failed, ChangeStatus::unknown, ChangeStatus::found_done,
        ChangeStatus::target_changed, ChangeStatus::refused, ChangeStatus::skipped, ChangeStatus::not_started}) {
    HealState state = acting();
    state.attempt->outcomes[3] = outcome_of_change(3, status);
    state.attempt->undone[1] = {1, UndoStatus::restored, {}};
    state.attempt->undone[2] = {2, UndoStatus::restored, {}};
    const bool may_have =
        status == ChangeStatus::done || status == ChangeStatus::failed || status == ChangeStatus::unknown;
    const auto next = next_undo(state);
    EXPECT_EQ(next.has_value(), may_have) << name_of(status);
    if (next) {
      EXPECT_EQ(next->act, 3U);
    }
  }
}

// A choice that has no name cannot be named as refused.
TEST(HealStates, RefuseOnlyChoicesThatHaveAName) {
  Plan plan;
  plan.changes.resize(3);
  plan.changes[0].kind = ChangeKind::release;
  plan.changes[1].kind = ChangeKind::release;
  plan.changes[1].before.path = "current";
  plan.changes[1].named = {"v1"};
  plan.changes[2].kind = ChangeKind::state;
  plan.changes[2].before.path = "app.db";
  plan.changes[2].named = {"old"};
  PlanRecorded recorded;
  recorded.plan = plan;
  std::vector<ChangeOutcome> made(3);
  for (unsigned number = 1; number <= 3; ++number) made[number - 1].number = number;
  const std::vector<HealEntry> course = {recorded,
                                         PlanCertified{1, {}},
                                         RepairFinished{1, Strategy::chimera, made},
                                         CertificationStarted{1},
                                         CertificationRefused{1, {{"test_matrix", "no"}}, {}},
                                         RollbackStarted{1},
                                         RolledBack{1, {}}};
  EXPECT_THAT(folded(course, observing()).so_far.refused, SizeIs(2));
}

// ---- inputs

engine::Decision<Heal> decided(const HealState& state, const HealInput& input) {
  return Heal::decide(state, input, Timestamp());
}
void expect_nothing(const HealState& state, const HealInput& input) {
  const auto decision = decided(state, input);
  EXPECT_THAT(decision.entries, IsEmpty());
  EXPECT_THAT(decision.effects, IsEmpty());
  EXPECT_FALSE(decision.ends || decision.wake_after);
}
std::string types_of(const engine::Decision<Heal>& decision) {
  std::string types;
  for (const HealEntry& entry : decision.entries) types += std::string(type_of(entry).substr(5)) + " ";
  return types;
}

// A ledger that was cut off behind it: its conclusion is still to come.
HealState told_to_end(HealState state) { return folded({CancelRequested{EndReason::cancelled, {}}}, std::move(state)); }

TEST(HealInputs, ThatBeginSomethingMoveNothingThatWasToldToEnd) {
  expect_nothing(told_to_end(waiting()), SlotGranted{});
  expect_nothing(told_to_end(waiting()), Cancel{EndReason::held, {}});
}

TEST(HealInputs, ThatAskForARollbackOfNothingMoveNothing) {
  expect_nothing(folded({Exhausted{0, EndReason::cancelled, {}, {}}}, waiting()), RetryRollback{});
  expect_nothing(folded({RepairFailed{1, "rbac", "", {}, {}}, Exhausted{1, EndReason::cancelled, {}, {}}}, planned()),
                 RetryRollback{});
}

TEST(HealInputs, SayOnlyOnceThatItMustEnd) {
  CurrentPolicy policy;
  policy.must_end = EndReason::disabled;
  HealState resumed = observing();
  resumed.resumptions = 1;
  EXPECT_EQ(types_of(decided(resumed, LeftoversCleared{policy})), "cancel_requested repair_failed exhausted ");
  EXPECT_EQ(types_of(decided(told_to_end(resumed), LeftoversCleared{policy})), "repair_failed exhausted ");
  Observed observed;
  observed.policy = policy;
  EXPECT_EQ(types_of(decided(observing(), observed)), "cancel_requested repair_failed exhausted ");
  EXPECT_EQ(types_of(decided(told_to_end(observing()), observed)), "repair_failed exhausted ");
}

TEST(HealInputs, OfARepairMoveNoRollback) {
  for (const HealState& state : {folded({RollbackStarted{1}}, changing()), folded({UndoIntended{1, 3}}, restoring())}) {
    expect_nothing(state, ChangesDone{{outcome_of_change(1)}});
    expect_nothing(state, CaptureDone{3, BlobName()});
    expect_nothing(state, ActDone{outcome_of_change(3)});
  }
}

// Without what its undo needs no act is done.
TEST(HealInputs, ACaptureThatFailedIsTheEndOfItsRepair) {
  const HealState state = folded({ChangeApplied{1, {outcome_of_change(1), outcome_of_change(2)}}}, changing());
  const auto decision = decided(state, CaptureDone{3, failure(ErrorKind::failed, "capture fails")});
  EXPECT_EQ(types_of(decision), "repair_failed rollback_started ");
  EXPECT_EQ(std::get<RepairFailed>(decision.entries[0]).message, "capture fails");
  ASSERT_THAT(decision.effects, SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<RestoreChanges>(decision.effects[0]));
}

TEST(HealInputs, ARestartOfAHealThatEndedIsNone) {
  HealState ended = folded({Exhausted{0, EndReason::cancelled, {}, {}}}, waiting());
  ended.resumptions = 1;
  expect_nothing(ended, LeftoversCleared{});
  const auto decision = decided(ended, ProcessStarted{});
  EXPECT_TRUE(decision.ends);
  EXPECT_THAT(decision.entries, IsEmpty());
}

TEST(HealInputs, ARestartOfOneThatWaitsWithinItsAttemptConcludesIt) {
  HealState cut = folded({RepairFailed{1, "observe", "unseen", {}, {}}}, observing());
  cut.resumptions = 1;
  EXPECT_EQ(types_of(decided(cut, LeftoversCleared{})), "retry_scheduled ");
  cut = folded({RepairFailed{1, "failed", "", {}, {}}}, changing());
  cut.resumptions = 1;
  EXPECT_EQ(types_of(decided(cut, LeftoversCleared{})), "rollback_started ");
}

TEST(HealInputs, AnUndoOfAnActWhoseOutcomeIsGoneIsMadeWithoutIt) {
  HealState state = folded({UndoIntended{1, 4}}, restoring());
  state.resumptions = 1;
  state.attempt->outcomes.erase(4);
  auto plan = plan_of_four();
  plan.acts[1].repeatable = true;
  state.attempt->recorded->plan = plan;
  const auto decision = decided(state, LeftoversCleared{});
  ASSERT_THAT(decision.effects, SizeIs(1));
  const auto& undo = std::get<PerformUndo>(decision.effects[0]);
  EXPECT_EQ(undo.number, 4U);
  EXPECT_EQ(undo.outcome, ChangeOutcome());
}

// An act's kind and its declared commands say how it can be undone; the rest stays.
TEST(HealInputs, AnActIsUndoneByItsKindOrByWhatItsOwnerGave) {
  const auto undone_first = [](const Act& act) {
    HealState state = changing();
    Plan plan;
    plan.acts = {act};
    state.attempt->recorded->plan = plan;
    state.attempt->outcomes[1] = outcome_of_change(1);
    state.attempt->step = steps::Acting{1};
    ChangeOutcome failed = outcome_of_change(1, ChangeStatus::failed);
    return types_of(decided(state, ActDone{failed}));
  };
  Act act;
  act.run.argv = {"/bin/true"};
  const std::string irreversible = "repair_failed rollback_started undo_applied rolled_back retry_scheduled ";
  const std::string undone = "repair_failed rollback_started undo_intended ";
  for (const ActKind kind : {ActKind::command, ActKind::platform, ActKind::service_stop}) {
    act.kind = kind;
    EXPECT_EQ(undone_first(act), irreversible) << name_of(kind);
  }
  for (const ActKind kind : {ActKind::build, ActKind::service_start}) {
    act.kind = kind;
    EXPECT_EQ(undone_first(act), undone) << name_of(kind);
  }
  for (const ActKind kind : {ActKind::service_restart, ActKind::service_reload}) {
    act.kind = kind;
    EXPECT_EQ(undone_first(act), "repair_failed rollback_started rolled_back retry_scheduled ") << name_of(kind);
  }
  act.kind = ActKind::command;
  act.undo = act.run;
  EXPECT_EQ(undone_first(act), undone);
  act.undo.reset();
  act.undo_call.emplace();
  EXPECT_EQ(undone_first(act), undone);
}

TEST(HealInputs, ACrashLoopNamesTheChangesThatAreInPlace) {
  HealState state = folded({UndoApplied{1, {{2, UndoStatus::restored, {}}}}}, restoring());
  state.resumptions = resumptions_allowed;
  const auto decision = decided(state, ProcessStarted{});
  ASSERT_EQ(types_of(decision), "exhausted ");
  EXPECT_THAT(std::get<Exhausted>(decision.entries[0]).message, HasSubstr("in place are changes 1, 3, 4"));
  for (unsigned number = 1; number <= 4; ++number) state.attempt->undone[number] = {number, UndoStatus::restored, {}};
  EXPECT_THAT(std::get<Exhausted>(decided(state, ProcessStarted{}).entries[0]).message,
              HasSubstr("no change of its plan is in place"));
}

TEST(HealTable, TakesTypesWithAndWithoutTheirFamily) {
  EXPECT_EQ(phase_after(Phase::none, "heal.triggered"), Phase::triggered);
  EXPECT_EQ(phase_after(Phase::none, "triggered"), Phase::triggered);
  EXPECT_EQ(phase_after(Phase::none, "resumed"), std::nullopt);
}

}  // namespace
}  // namespace autoheal::workflows
