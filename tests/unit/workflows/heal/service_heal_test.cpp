// Services are healed by the state that they are in.
#include <gmock/gmock.h>

#include "tests/support/examples/heal_examples.hpp"

namespace autoheal::workflows {
namespace {

using namespace autoheal::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ServiceHeal : public ::testing::Test {
 protected:
  ServiceHeal() {
    world_.spec.name = "Sample";
    world_.spec.root = "/srv/sample";
    world_.spec.healing.max_retries = 2;
    world_.spec.certify.within = Duration{0};
  }
  // Programs of a service: each says that it ran, and what it does.
  ProgramRun program(const std::string& name, const std::function<int()>& does) {
    world_.host.install("/bin/" + name, [this, name, does](const RunRequest&) {
      asked_.push_back(name);
      return ended(does());
    });
    return runs({"/bin/" + name});
  }
  void file_to_restore() {
    world_.host.write("etc/app.conf", "damaged");
    world_.spec.repair.files = {{"etc/app.conf", "baseline/app.conf", world_.baseline("right"), {}, {}, {}}};
  }

  HealWorld world_;
  std::vector<std::string> asked_;
  bool answers_ = false;
};

TEST_F(ServiceHeal, WhatHangsIsRestartedAndNotReloaded) {
  world_.host.set_service("run/app.pid", true);
  world_.spec.repair.service.emplace().pidfile = "run/app.pid";
  world_.spec.repair.service->reload = program("reload", [] { return 0; });
  world_.spec.repair.service->restart = program("restart", [this] {
    answers_ = true;
    return 0;
  });
  tests_with(world_, [this] { return answers_; });
  EXPECT_EQ(heal(world_).attempt_number(), 1U);
  EXPECT_THAT(asked_, ElementsAre("restart"));
}

TEST_F(ServiceHeal, WhereReadingAgainDoesNotHelpItIsRestarted) {
  file_to_restore();
  world_.host.set_service("run/app.pid", true);
  world_.spec.repair.service.emplace().pidfile = "run/app.pid";
  world_.spec.repair.service->reload = program("reload", [] { return 0; });
  world_.spec.repair.service->restart = program("restart", [this] {
    answers_ = true;
    return 0;
  });
  tests_with(world_, [this] { return answers_; });
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::complete) << state.so_far.last_problem;
  EXPECT_EQ(state.attempt_number(), 2U);
  EXPECT_EQ(asked_.front(), "reload");
  EXPECT_EQ(asked_.back(), "restart");
}

TEST_F(ServiceHeal, OneWithoutAPidfileIsStoppedAndStartedWhateverTheStopSays) {
  world_.spec.repair.service.emplace().stop = program("stop", [] { return 3; });
  world_.spec.repair.service->reload = program("reload", [] { return 1; });
  world_.spec.repair.service->start = program("start", [this] {
    answers_ = true;
    return 0;
  });
  tests_with(world_, [this] { return answers_; });
  EXPECT_EQ(heal(world_).phase(), Phase::complete);
  EXPECT_THAT(asked_, ElementsAre("stop", "start"));
}

TEST_F(ServiceHeal, AStopBeforeStateIsRestoredMayFailWhereNobodyKnowsWhetherItRuns) {
  world_.host.write("app.db", "garbage", 0640);
  world_.host.snapshots["/snapshots"] = {{"old", "sqlite: users", {}}};
  world_.spec.repair.state = {{"app.db", "/snapshots"}};
  world_.spec.repair.service.emplace().stop = program("stop", [] { return 3; });
  world_.spec.repair.service->start = program("start", [] { return 0; });
  tests_with(world_, [this] { return world_.host.content("app.db") == "sqlite: users"; });
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::complete) << state.so_far.last_problem;
  EXPECT_THAT(asked_, ElementsAre("stop", "start"));
}

TEST_F(ServiceHeal, AUnitThatFailedIsStarted) {
  with_unit(world_, ServiceState::failed);
  tests_with(world_, [this] { return world_.host.unit_state("app.service") == ServiceState::running; });
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::complete) << state.so_far.last_problem;
  EXPECT_EQ(state.plan()->acts.at(0).kind, ActKind::service_start);
  EXPECT_EQ(state.observation()->services.at("Sample"), ServiceState::failed);
}

TEST_F(ServiceHeal, AMaskedUnitIsRefusedByName) {
  with_unit(world_, ServiceState::held_back);
  tests_with(world_, [] { return false; });
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("app.service is masked"));
  EXPECT_EQ(world_.host.unit_state("app.service"), ServiceState::held_back);
}

TEST(ServiceStates, AreNamedAndSorted) {
  for (unsigned number = 0; number <= static_cast<unsigned>(ServiceState::held_back); ++number) {
    const auto state = static_cast<ServiceState>(number);
    EXPECT_EQ(service_state_of(name_of(state)), state);
    EXPECT_FALSE(in_words(state).empty());
    EXPECT_FALSE(is_dead(state) && is_transitional(state)) << name_of(state);
  }
  EXPECT_EQ(service_state_of("something else"), ServiceState::unknown);
  EXPECT_FALSE(may_be_brought_up(ServiceState::stopped_by_hand));
  EXPECT_FALSE(may_be_brought_up(ServiceState::held_back));
  EXPECT_TRUE(may_be_brought_up(ServiceState::unknown));
}

}  // namespace
}  // namespace autoheal::workflows
