// Two entries of a heal that differ in one fact are two entries: unequal, written otherwise, and read back as they
// were. A fact that a comparison or the codec left out would be lost to replay, which compares entries.
#include <gtest/gtest.h>

#include "autoheal/workflows/heal/heal_machine.hpp"

namespace autoheal::workflows {
namespace {

HealState state_of_anybody() {
  HealRequest request;
  request.engine = "EnvRecon";
  request.by.principal = "ops";
  HealState state;
  state.request = request;
  return state;
}

std::string text_of_entry(const HealEntry& entry) { return Heal::encode(state_of_anybody(), entry).data; }

template <class E>
void expect_comes_back(const E& entry) {
  const auto encoded = Heal::encode(state_of_anybody(), HealEntry(entry));
  const auto read = Heal::decode(encoded.type, encoded.dataversion, encoded.data);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == HealEntry(entry)) << encoded.data;
}

// Each change makes one field of `entry` another one.
template <class E>
void expect_each_counts(const E& entry, const std::vector<void (*)(E&)>& changes) {
  SCOPED_TRACE(std::string(type_of(HealEntry(entry))));
  expect_comes_back(entry);
  EXPECT_TRUE(E(entry) == entry);
  for (std::size_t field = 0; field < changes.size(); ++field) {
    SCOPED_TRACE("field " + std::to_string(field));
    E other = entry;
    changes[field](other);
    EXPECT_FALSE(other == entry);
    EXPECT_FALSE(entry == other);
    EXPECT_NE(text_of_entry(HealEntry(other)), text_of_entry(HealEntry(entry)));
    expect_comes_back(other);
  }
}

const By somebody = {"ops", "admiral", 1000, 1001, "cli", "it hurts"};
const Timestamp some_time = *parse_timestamp("2026-11-23T12:34:56.000007Z");

std::vector<ChangeOutcome> one_outcome() {
  ChangeOutcome outcome;
  outcome.number = 1;
  return {outcome};
}

template <class E>
void (*another_attempt())(E&) {
  return [](E& e) { ++e.attempt; };
}
template <class E>
void (*no_outcomes())(E&) {
  return [](E& e) { e.outcomes.clear(); };
}
template <class E>
void (*by_somebody_else())(E&) {
  return [](E& e) { e.by.principal = "eve"; };
}

TEST(EntriesThatDifferInOneField, WhoAsked) {
  expect_each_counts(TriggerJoined{"broken", somebody},
                     {[](TriggerJoined& e) { e.error = "worse"; }, [](TriggerJoined& e) { e.by.principal = "eve"; },
                      [](TriggerJoined& e) { e.by.role = "observer"; }, [](TriggerJoined& e) { e.by.uid = 0; },
                      [](TriggerJoined& e) { e.by.loginuid.reset(); }, [](TriggerJoined& e) { e.by.loginuid = 7; },
                      [](TriggerJoined& e) { e.by.via = "socket"; }, [](TriggerJoined& e) { e.by.reason.clear(); },
                      [](TriggerJoined& e) { e.by = {}; }});
  expect_each_counts(CancelRequested{EndReason::cancelled, somebody},
                     {[](CancelRequested& e) { e.reason = EndReason::held; }, by_somebody_else<CancelRequested>()});
}

TEST(EntriesThatDifferInOneField, HowAHealBegan) {
  Triggered began;
  began.engine = "EnvRecon";
  began.configuration = "sha256:aa";
  began.error = "broken";
  began.by = somebody;
  began.began = some_time;
  began.needs = {"db"};
  expect_each_counts(
      began, {[](Triggered& e) { e.engine = "nginx"; }, [](Triggered& e) { e.strategy = Strategy::arie; },
              [](Triggered& e) { e.strategy = Strategy::chimera; },
              [](Triggered& e) { e.strategy = Strategy::cascade; }, [](Triggered& e) { e.max_retries = 4; },
              [](Triggered& e) { e.retry_delay = Duration(5); }, [](Triggered& e) { e.configuration = "sha256:bb"; },
              [](Triggered& e) { e.error.clear(); }, [](Triggered& e) { e.waits = true; },
              by_somebody_else<Triggered>(), [](Triggered& e) { e.began += Duration(1); },
              [](Triggered& e) { e.needs.clear(); }, [](Triggered& e) { e.version = 1; }});
}

TEST(EntriesThatDifferInOneField, APlanAndItsVerdict) {
  PlanRecorded recorded;
  recorded.may_change = true;
  recorded.adopted_baseline = "sha256:cc";
  expect_each_counts(recorded,
                     {another_attempt<PlanRecorded>(),
                      [](PlanRecorded& e) {
                        Observation seen;
                        seen.service_running = true;
                        e.observation = seen;
                      },
                      [](PlanRecorded& e) {
                        Plan plan;
                        plan.acts.emplace_back().run.argv = {"/bin/true"};
                        e.plan = plan;
                      },
                      [](PlanRecorded& e) { e.may_change = false; }, [](PlanRecorded& e) { e.may_change.reset(); },
                      [](PlanRecorded& e) { e.adopted_baseline.clear(); }});
  expect_each_counts(PlanCertified{1, "sha256:dd"},
                     {another_attempt<PlanCertified>(), [](PlanCertified& e) { e.plan_digest = "sha256:ee"; }});
  expect_each_counts(PlanRefused{1, {{"rbac", "may not"}}},
                     {another_attempt<PlanRefused>(), [](PlanRefused& e) { e.refusals.clear(); },
                      [](PlanRefused& e) { e.refusals[0].criterion = "security"; },
                      [](PlanRefused& e) { e.refusals[0].reason = "must not"; }});
}

TEST(EntriesThatDifferInOneField, ARepair) {
  expect_each_counts(RepairStarted{1}, {another_attempt<RepairStarted>()});
  expect_each_counts(ChangeIntended{1, 2, "sha256:ff"},
                     {another_attempt<ChangeIntended>(), [](ChangeIntended& e) { e.number = 3; },
                      [](ChangeIntended& e) { e.captured.clear(); }});
  expect_each_counts(ChangeApplied{1, one_outcome()},
                     {another_attempt<ChangeApplied>(), no_outcomes<ChangeApplied>(),
                      [](ChangeApplied& e) { e.outcomes[0].status = ChangeStatus::found_done; }});
  expect_each_counts(RepairFinished{1, Strategy::arie, one_outcome()},
                     {another_attempt<RepairFinished>(), [](RepairFinished& e) { e.strategy = Strategy::cascade; },
                      no_outcomes<RepairFinished>()});
  RepairFailed failed{1, "failed", "exit status 1", one_outcome(), Observation(), {"no room"}};
  expect_each_counts(
      failed, {another_attempt<RepairFailed>(), [](RepairFailed& e) { e.cause = "refused"; },
               [](RepairFailed& e) { e.message = "exit status 2"; }, no_outcomes<RepairFailed>(),
               [](RepairFailed& e) { e.observation.reset(); }, [](RepairFailed& e) { e.last_lines.push_back("left"); },
               [](RepairFailed& e) { e.observation->recovered = true; }});
}

TEST(EntriesThatDifferInOneField, Certification) {
  expect_each_counts(CertificationStarted{1}, {another_attempt<CertificationStarted>()});
  const Certified certified{1, "sha256:aa", "sha256:bb", "sha256:cc", "1.0", "sha256:dd", Evidence()};
  expect_each_counts(
      certified, {another_attempt<Certified>(), [](Certified& e) { e.configuration = "sha256:00"; },
                  [](Certified& e) { e.adopted_baseline.clear(); }, [](Certified& e) { e.plan_digest = "sha256:00"; },
                  [](Certified& e) { e.program_version = "1.1"; }, [](Certified& e) { e.program_sha256 = "sha256:00"; },
                  [](Certified& e) { e.evidence.problem = "unseen"; }});
  const CertificationRefused refused{1, {{"test_matrix", "smoke fails"}}, Evidence(), "sha256:bb", {"no room"}};
  expect_each_counts(refused,
                     {another_attempt<CertificationRefused>(), [](CertificationRefused& e) { e.refusals.clear(); },
                      [](CertificationRefused& e) { e.evidence.scanned = {"etc"}; },
                      [](CertificationRefused& e) { e.adopted_baseline.clear(); },
                      [](CertificationRefused& e) { e.last_lines.clear(); }});
}

TEST(EntriesThatDifferInOneField, ARollback) {
  expect_each_counts(RollbackStarted{1, false, somebody},
                     {another_attempt<RollbackStarted>(), [](RollbackStarted& e) { e.again = true; },
                      by_somebody_else<RollbackStarted>()});
  expect_each_counts(UndoIntended{1, 2}, {another_attempt<UndoIntended>(), [](UndoIntended& e) { e.number = 3; }});
  const std::vector<UndoOutcome> undone = {{1, UndoStatus::failed, "why"}};
  expect_each_counts(UndoApplied{1, undone}, {another_attempt<UndoApplied>(), no_outcomes<UndoApplied>(),
                                              [](UndoApplied& e) { e.outcomes[0].number = 2; },
                                              [](UndoApplied& e) { e.outcomes[0].status = UndoStatus::foreign; },
                                              [](UndoApplied& e) { e.outcomes[0].message.clear(); }});
  expect_each_counts(RolledBack{1, undone}, {another_attempt<RolledBack>(), no_outcomes<RolledBack>()});
}

TEST(EntriesThatDifferInOneField, WhatComesNextAndTheEnd) {
  expect_each_counts(RetryScheduled{2, some_time, Duration(5)},
                     {[](RetryScheduled& e) { e.next_attempt = 3; }, [](RetryScheduled& e) { e.due += Duration(1); },
                      [](RetryScheduled& e) { e.delay = Duration(6); }});
  expect_each_counts(Resumed{1, 2, 1, 2}, {another_attempt<Resumed>(), [](Resumed& e) { e.resumption = 3; },
                                           [](Resumed& e) { e.version_before = 2; }, [](Resumed& e) { e.version = 1; },
                                           [](Resumed& e) { e.version_before = e.version = 0; }});
  expect_each_counts(Completed{1, Duration(5)},
                     {[](Completed& e) { e.attempts = 2; }, [](Completed& e) { e.took = Duration(6); }});
  const Exhausted exhausted{3, EndReason::attempts_exhausted, "it stays broken", Duration(5)};
  expect_each_counts(exhausted,
                     {[](Exhausted& e) { e.attempts = 2; }, [](Exhausted& e) { e.reason = EndReason::flapping; },
                      [](Exhausted& e) { e.message.clear(); }, [](Exhausted& e) { e.took = Duration(6); }});
}

// ---- what cannot be read

TEST(EntriesThatCannotBeRead, NameTheWordThatIsUnknown) {
  const std::string by = R"(,"by":{"principal":"ops","role":"admiral","uid":0,"via":"cli"}})";
  const struct {
    std::string type, data, told;
  } wrong[] = {
      {"heal.exhausted", R"({"attempts":1,"reason":"bored","took_us":1})", "\"bored\" is not a reason to end"},
      {"heal.cancel_requested", R"({"reason":"")" + by, "\"\" is not a reason to end"},
      {"heal.repair_finished", R"({"strategy":"prayer","changes":[],"attempt":1})", "\"prayer\" is not a strategy"},
      {"heal.retry_scheduled", R"({"next_attempt":2,"due":"tomorrow","delay_us":1})", "not a time: tomorrow"},
      {"heal.retry_scheduled", R"({"next_attempt":2,"due":"2026-13-01T00:00:00Z","delay_us":1})", "not a time"},
  };
  for (const auto& [type, data, told] : wrong) {
    const auto read = Heal::decode(type, 1, data);
    ASSERT_FALSE(read) << data;
    EXPECT_EQ(read.error().kind, ErrorKind::corrupt) << data;
    EXPECT_NE(read.error().message.find(told), std::string::npos) << read.error().message;
    EXPECT_NE(read.error().message.find(type), std::string::npos) << read.error().message;
  }
}

TEST(EntriesThatCannotBeRead, EveryReasonToEndIsReadAsItself) {
  for (const EndReason reason : {EndReason::attempts_exhausted, EndReason::cancelled, EndReason::disabled,
                                 EndReason::engine_removed, EndReason::dependency_failed, EndReason::flapping,
                                 EndReason::crash_loop, EndReason::rollback_incomplete, EndReason::held})
    EXPECT_EQ(parse_end_reason(name_of(reason)), reason);
  EXPECT_EQ(parse_end_reason("unknown"), std::nullopt);
}

}  // namespace
}  // namespace autoheal::workflows
