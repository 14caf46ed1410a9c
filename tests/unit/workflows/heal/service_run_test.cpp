// A service that a heal touched has to stay the process that it is, and one that somebody else has just started is left
// to him.
#include <gmock/gmock.h>

#include "tests/support/examples/heal_examples.hpp"

namespace autoheal::workflows {
namespace {

using namespace autoheal::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// A dead service whose start does `starts`; its self-test is a program that says what `passes` says at that look.
class ServiceRun : public ::testing::Test {
 protected:
  ServiceRun() {
    world_.host.since_boot = [this] { return world_.clock.since_boot(); };
    world_.spec.healing.max_retries = 1;
    world_.spec.grace = seconds(2);
    world_.spec.certify.hold = seconds(2);
    ServiceRepair service;
    service.start = runs({"/bin/app-start"});
    service.pidfile = pidfile_;
    world_.spec.repair.service = service;
    tests_with(world_, [this] { return passes_(++looks_); });
    starts_ = [this] { world_.host.set_service(pidfile_, true); };
    world_.host.install("/bin/app-start", [this](const RunRequest&) {
      ++started_;
      starts_();
      return ended(0);
    });
  }
  void restarted_by_others() {
    world_.host.set_service(pidfile_, false);
    world_.host.set_service(pidfile_, true);
  }

  const std::string pidfile_ = "run/app.pid";
  HealWorld world_;
  std::function<void()> starts_;
  std::function<bool(unsigned look)> passes_ = [this](unsigned) { return world_.host.process_runs(pidfile_); };
  unsigned looks_ = 0, started_ = 0;
};

TEST_F(ServiceRun, HoldsForItsTimeAndIsCertified) {
  EXPECT_EQ(heal(world_).phase(), Phase::complete);
  EXPECT_GE(world_.clock.since_boot(), seconds(2));
  EXPECT_EQ(started_, 1U);
}

TEST_F(ServiceRun, AnotherProcessWhileItHasToHoldIsNoSuccess) {
  unsigned since_start = 0;
  passes_ = [&](unsigned) {
    if (started_ > 0 && ++since_start == 3) restarted_by_others();
    return world_.host.process_runs(pidfile_);
  };
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("its process is another one now"));
}

TEST_F(ServiceRun, WhatOthersAnswerForItIsNoSuccess) {
  restarted_by_others();
  world_.host.set_service(pidfile_, false);
  starts_ = [] {};  // it ends at once, and what is left of the last run answers
  passes_ = [this](unsigned) { return started_ > 0; };
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("the self-test passes, but the service does not run"));
}

TEST_F(ServiceRun, IsNotWaitedForOnceItHasComeAndGone) {
  unsigned since_start = 0;
  passes_ = [&](unsigned) {
    if (started_ > 0 && ++since_start == 3) world_.host.set_service(pidfile_, false);
    return false;
  };
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_LT(world_.clock.since_boot(), seconds(5)) << "certify.within is 30 s";
}

TEST_F(ServiceRun, IsWaitedForWhereSomebodyElseRestartsItMeanwhile) {
  unsigned since_start = 0;
  passes_ = [&](unsigned) {
    if (started_ == 0) return false;
    ++since_start;
    if (since_start == 3) world_.host.set_service(pidfile_, false);
    if (since_start == 9) world_.host.set_service(pidfile_, true);
    return since_start > 12;
  };
  EXPECT_EQ(heal(world_).phase(), Phase::complete);
  EXPECT_EQ(started_, 1U);
}

TEST_F(ServiceRun, IsNotCertifiedWhereNobodyTellsAnyMoreWhetherItRuns) {
  unsigned since_start = 0;
  passes_ = [&](unsigned) {
    if (started_ > 0 && ++since_start == 3)
      world_.host.observer_fails = [](const std::string&) { return std::string("the bus is gone"); };
    return started_ > 0;
  };
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("could not be told: the bus is gone"));
}

TEST_F(ServiceRun, WhatSomebodyElseHasJustStartedIsLeftToHim) {
  world_.host.set_service(pidfile_, true);
  world_.clock.advance(milliseconds(100));
  passes_ = [](unsigned look) { return look > 3; };  // it takes a moment to answer
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::complete);
  EXPECT_EQ(started_, 0U);
  EXPECT_TRUE(state.observation()->recovered);
}

TEST_F(ServiceRun, WhatDoesNotAnswerWithinItsGraceIsRepaired) {
  world_.host.set_service(pidfile_, true);
  world_.clock.advance(milliseconds(100));
  starts_ = [this] { restarted_by_others(); };
  passes_ = [this](unsigned) { return started_ > 0; };
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::complete);
  EXPECT_EQ(started_, 1U);
  EXPECT_FALSE(state.observation()->recovered);
}

TEST_F(ServiceRun, WhatHasRunForLongIsNotWaitedFor) {
  world_.host.set_service(pidfile_, true);
  world_.clock.advance(seconds(60));
  starts_ = [this] { restarted_by_others(); };
  const Duration began = world_.clock.since_boot();
  std::optional<Duration> first_start;
  world_.host.install("/bin/app-start", [&](const RunRequest&) {
    first_start = world_.clock.since_boot() - began;
    ++started_;
    starts_();
    return ended(0);
  });
  passes_ = [this](unsigned) { return started_ > 0; };
  EXPECT_EQ(heal(world_).phase(), Phase::complete);
  EXPECT_EQ(first_start, Duration{0});
}

// Its self-test asks at a port, too.
class ServicePort : public ServiceRun {
 protected:
  ServicePort() {
    world_.spec.self_test.push_back(probe("port", TcpProbe{"127.0.0.1", 8080}));
    world_.host.set_reachable(place_, true);
  }
  void held_by(PortHolder holder) { world_.host.set_holder(place_, holder, 4711, "python3"); }
  std::string entry(std::string_view type) const {
    const auto page = world_.ledger.read_all({}, 10'000);
    for (const engine::Entry& one : page->entries) {
      if (one.type == type) return one.data;
    }
    return {};
  }
  const std::string place_ = "127.0.0.1:8080";
};

TEST_F(ServicePort, OfItsOwnIsWrittenDown) {
  EXPECT_EQ(heal(world_).phase(), Phase::complete);
  EXPECT_THAT(entry("heal.certified"),
              HasSubstr(R"("ports":[{"probe":"port","place":"127.0.0.1:8080","holder":"service","process":)"));
}

TEST_F(ServicePort, OfAStrangerIsRefusedByNumberAndProgram) {
  world_.spec.certify.within = seconds(5);
  held_by(PortHolder::stranger);
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem,
              HasSubstr("port: 127.0.0.1:8080 is not held by the service but by process 4711 (python3)"));
  EXPECT_THAT(entry("heal.certification_refused"),
              HasSubstr(R"("holder":"stranger","process":4711,"program":"python3")"));
}

TEST_F(ServicePort, OfNobodyKnownIsWrittenDownAndNotRefused) {
  held_by(PortHolder::unknown);
  EXPECT_EQ(heal(world_).phase(), Phase::complete);
  EXPECT_THAT(entry("heal.certified"), HasSubstr(R"("holder":"unknown")"));
}

TEST_F(ServicePort, OfAStrangerWhoGoesInTimeIsNotRefused) {
  held_by(PortHolder::stranger);
  unsigned since_start = 0;
  passes_ = [&](unsigned) {
    if (started_ > 0 && ++since_start == 10) held_by(PortHolder::service);  // the last run has ended by then
    return world_.host.process_runs(pidfile_);
  };
  EXPECT_EQ(heal(world_).phase(), Phase::complete);
}

TEST_F(ServicePort, OfAStrangerWhoComesWhileItHasToHoldIsRefused) {
  unsigned since_start = 0;
  passes_ = [&](unsigned) {
    if (started_ > 0 && ++since_start == 10) held_by(PortHolder::stranger);
    return world_.host.process_runs(pidfile_);
  };
  EXPECT_EQ(heal(world_).phase(), Phase::exhausted);
}

TEST_F(ServicePort, OfAProbeThatIsOnlyToldIsNotLookedAt) {
  held_by(PortHolder::stranger);
  world_.spec.self_test.back().heal = false;
  EXPECT_EQ(heal(world_).phase(), Phase::complete);
}

}  // namespace
}  // namespace autoheal::workflows
