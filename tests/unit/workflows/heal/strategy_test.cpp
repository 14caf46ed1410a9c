// Plans: what is changed in which order, what folds into one change, what is refused.
#include "autoheal/workflows/plan/strategy.hpp"

#include <gmock/gmock.h>

#include "autoheal/engine/base/digest.hpp"

namespace autoheal::workflows {
namespace {

using ::testing::HasSubstr;

class StrategyTest : public ::testing::Test {
 protected:
  StrategyTest() { observation_.owners[""] = {1000, 1000}; }

  static std::string name_of_content(std::string_view content, engine::BlobNaming naming) {
    return naming == engine::BlobNaming::plain ? sha256_name(content)
                                               : "hmac-sha256:" + to_hex(hmac_sha256("k", content));
  }
  TargetFacts& observe(const std::string& path, const std::string& content, FileMode mode = 0644) {
    TargetFacts facts;
    facts.path = path;
    facts.kind = TargetKind::file;
    facts.mode = mode;
    facts.uid = facts.gid = 1000;
    facts.links = 1;
    facts.digest = name_of_content(content, naming_of_target(spec_, path));
    observation_.contents[path] = facts.digest;
    contents_[facts.digest] = content;
    return observation_.targets.emplace_back(facts);
  }
  TargetFacts& observe(const std::string& path, TargetKind kind) {
    TargetFacts facts;
    facts.path = path;
    facts.kind = kind;
    return observation_.targets.emplace_back(facts);
  }
  void restore(const std::string& path, const std::string& content) {
    const auto name = sha256_name(content);
    contents_[name] = content;
    FileRepair repair;
    repair.path = path;
    repair.baseline = name;
    spec_.repair.files.push_back(repair);
  }
  Result<PlannedRepair> planned() const {
    return plan_repair({spec_, observation_, contents_, name_of_content, 1, false, {}});
  }
  Plan plan() const {
    auto made = planned();
    EXPECT_TRUE(made) << made.error().message;
    return made ? made->plan : Plan{};
  }

  EngineSpec spec_;
  Observation observation_;
  Contents contents_;
};

TEST_F(StrategyTest, NothingToChangeIsAPlanToo) {
  restore("a", "right");
  observe("a", "right");
  EXPECT_TRUE(plan().empty());
}

TEST_F(StrategyTest, SeveralRepairsOfOneTargetFoldIntoOneChange) {
  restore("etc/a", "x = 1\nopen to all\n");
  PolicyRepair policy;
  policy.path = "etc";
  policy.recursive = true;
  policy.max_mode = 0600;
  policy.forbid = {"open"};
  spec_.repair.policy = {policy};
  observe("etc", TargetKind::folder).mode = 0755;
  observe("etc/a", "wrong", 0666);
  const Plan made = plan();
  ASSERT_EQ(made.changes.size(), 2U);
  EXPECT_EQ(made.changes[0].before.path, "etc/a");
  EXPECT_EQ(made.changes[0].kind, ChangeKind::files);
  EXPECT_EQ(made.changes[0].after.mode, 0600U);
  EXPECT_EQ(made.changes[0].after.content, sha256_name("x = 1\n"));
  EXPECT_EQ(made.changes[1].after.mode, 0700U) << "folders stay passable for who may read them";
}

TEST_F(StrategyTest, NewFilesHaveTheirModes) {
  restore("a", "x");
  spec_.repair.env = {{".env", {{"A", {"1", {}}}}, {}, {}}};
  observe("a", TargetKind::absent);
  observe(".env", TargetKind::absent);
  const Plan made = plan();
  ASSERT_EQ(made.changes.size(), 2U);
  EXPECT_EQ(made.changes[0].after.mode, 0644U);
  EXPECT_EQ(made.changes[0].after.uid, 1000U);
  EXPECT_EQ(made.changes[1].after.mode, 0600U) << "an env file is nobody else's";
  EXPECT_TRUE(made.changes[1].after.content.starts_with("hmac-sha256:"));
  EXPECT_THAT(made.changes[1].named, ::testing::ElementsAre("A"));
}

TEST_F(StrategyTest, WhatIsNoPlainFileIsRefused) {
  restore("a", "x");
  for (const TargetKind kind : {TargetKind::folder, TargetKind::link, TargetKind::other}) {
    observation_.targets.clear();
    observe("a", kind);
    const auto refused = planned();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("a is"));
  }
  observation_.targets.clear();
  observe("a", "wrong").links = 2;
  EXPECT_THAT(planned().error().message, HasSubstr("hard links"));
}

TEST_F(StrategyTest, ARequiredValueThatNobodyKnowsIsRefused) {
  spec_.repair.env = {{".env", {}, {"DATABASE_URL"}, {}}};
  observe(".env", "A=1\n");
  EXPECT_THAT(planned().error().message, HasSubstr("DATABASE_URL is required"));
}

TEST_F(StrategyTest, OrderIsFilesEnvSettingsPolicyLinksCommandsCheckService) {
  restore("f", "x");
  spec_.repair.env = {{".env", {{"A", {"2", {}}}}, {}, {}}};
  spec_.repair.settings = {{"s.json", {{"/a", "2"}}}};
  PolicyRepair gone;
  gone.path = "p";
  gone.absent = true;
  spec_.repair.policy = {gone};
  spec_.repair.links = {{"l", "to"}};
  CommandRepair command;
  command.run.argv = {"/bin/c"};
  spec_.repair.commands = {command};
  ServiceRepair service;
  service.restart.emplace().argv = {"/bin/r"};
  service.check.emplace().argv = {"/bin/k"};
  spec_.repair.service = service;
  observation_.service_running = true;
  observe("f", "old");
  observe(".env", "A=1\n");
  observe("s.json", "{\"a\": 1}");
  observe("p", "x");
  observe("l", TargetKind::absent);
  const Plan made = plan();
  std::vector<ChangeKind> kinds;
  for (const Change& change : made.changes) kinds.push_back(change.kind);
  EXPECT_THAT(kinds, ::testing::ElementsAre(ChangeKind::files, ChangeKind::env, ChangeKind::settings,
                                            ChangeKind::policy, ChangeKind::links));
  std::vector<ActKind> acts;
  for (const Act& act : made.acts) acts.push_back(act.kind);
  EXPECT_THAT(acts, ::testing::ElementsAre(ActKind::command, ActKind::service_check, ActKind::service_restart));
}

TEST_F(StrategyTest, AServiceIsReloadedRestartedStartedOrLeftAlone) {
  ServiceRepair service;
  service.start.emplace().argv = {"/start"};
  service.stop.emplace().argv = {"/stop"};
  spec_.repair.service = service;
  const auto only_act = [&] { return plan().acts.at(0); };
  EXPECT_EQ(only_act().kind, ActKind::service_start);
  EXPECT_EQ(only_act().undo->argv.front(), "/stop");
  observation_.service_running = true;
  EXPECT_EQ(only_act().kind, ActKind::service_restart);
  EXPECT_EQ(only_act().stop_first->argv.front(), "/stop");
  spec_.repair.service->restart.emplace().argv = {"/restart"};
  EXPECT_EQ(only_act().run.argv.front(), "/restart");
  spec_.repair.service->reload.emplace().argv = {"/reload"};
  observation_.services[spec_.name] = ServiceState::running;
  EXPECT_EQ(only_act().kind, ActKind::service_restart) << "it hangs: nothing changed that it could read";
  restore("f", "x");
  observe("f", "old");
  EXPECT_EQ(only_act().kind, ActKind::service_reload);
  observation_.targets.clear();
  observe("f", "x");
  observation_.self_test_passes = true;
  EXPECT_TRUE(plan().empty());
}

TEST_F(StrategyTest, ReadingAgainIsTriedOnceAndOnlyByWhatIsKnownToRun) {
  spec_.repair.service.emplace().restart.emplace().argv = {"/restart"};
  spec_.repair.service->reload.emplace().argv = {"/reload"};
  observation_.service_running = true;
  restore("f", "x");
  observe("f", "old");
  const auto kind = [&](unsigned attempt, bool earlier) {
    PlanningInput input{spec_, observation_, contents_, name_of_content, attempt, false, {}};
    input.by_rules_before_states = earlier;
    return plan_repair(input)->plan.acts.at(0).kind;
  };
  EXPECT_EQ(kind(1, false), ActKind::service_restart) << "nobody knows whether it runs";
  observation_.services[spec_.name] = ServiceState::running;
  EXPECT_EQ(kind(1, false), ActKind::service_reload);
  EXPECT_EQ(kind(2, false), ActKind::service_restart);
  for (const ServiceState state : {ServiceState::starting, ServiceState::stopping, ServiceState::reloading}) {
    observation_.services[spec_.name] = state;
    EXPECT_EQ(kind(1, false), ActKind::service_restart) << name_of(state);
  }
  EXPECT_EQ(kind(2, true), ActKind::service_reload) << "as heals of earlier versions were planned";
}

TEST_F(StrategyTest, ABuildOrACommandMayChangeWhatAServiceReads) {
  spec_.repair.service.emplace().restart.emplace().argv = {"/restart"};
  spec_.repair.service->reload.emplace().argv = {"/reload"};
  observation_.service_running = true;
  observation_.services[spec_.name] = ServiceState::running;
  CommandRepair command;
  command.run.argv = {"/renew-certificate"};
  spec_.repair.commands = {command};
  EXPECT_EQ(plan().acts.at(1).kind, ActKind::service_reload);
}

TEST_F(StrategyTest, OneOfWhichNobodyTellsIsStoppedAndStartedWhereThereIsNoRestart) {
  ServiceRepair service;
  service.start.emplace().argv = {"/start"};
  service.stop.emplace().argv = {"/stop"};
  service.reload.emplace().argv = {"/reload"};
  spec_.repair.service = service;
  observation_.service_running = true;
  const Act act = plan().acts.at(0);
  EXPECT_EQ(act.kind, ActKind::service_restart);
  EXPECT_EQ(act.run.argv.front(), "/start");
  EXPECT_EQ(act.stop_first->argv.front(), "/stop");
}

TEST_F(StrategyTest, TheServicesOfOtherEnginesFollowTheSameRules) {
  ServiceOfEngine other;
  other.engine = "db";
  other.service.restart.emplace().argv = {"/restart-db"};
  other.service.reload.emplace().argv = {"/reload-db"};
  spec_.repair.services = {other};
  observation_.running = {"db"};
  observation_.services["db"] = ServiceState::running;
  EXPECT_EQ(plan().acts.at(0).kind, ActKind::service_restart);
  observation_.running = {};
  observation_.services["db"] = ServiceState::failed;
  EXPECT_EQ(plan().acts.at(0).kind, ActKind::service_start);
}

TEST(Naming, EnvFilesAreKeyedAndActionsHaveTheirWords) {
  EngineSpec spec;
  spec.repair.env = {{".env", {}, {}, {}}};
  EXPECT_EQ(naming_of_target(spec, ".env"), engine::BlobNaming::keyed);
  EXPECT_EQ(naming_of_target(spec, "app.conf"), engine::BlobNaming::plain);
  EXPECT_EQ(action_of(Strategy::arie), "config_repaired");
  EXPECT_EQ(action_of(Strategy::chimera), "deployment_repaired");
  EXPECT_EQ(action_of(Strategy::cascade), "system_recovered");
  EXPECT_EQ(action_of(Strategy::generic), "engine_reinitialized");
}

}  // namespace
}  // namespace autoheal::workflows
