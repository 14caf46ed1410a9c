// The steps of a rollback, and the end of attempts: a change without effect needs no undo, a service is brought up
// again only where something that it reads was put back, and only what is really in place makes a rollback incomplete.
#include <gmock/gmock.h>

#include "autoheal/workflows/heal/heal_undo.hpp"
#include "tests/support/examples/heal_examples.hpp"

namespace autoheal::workflows {
namespace {

using namespace autoheal::testing;
using engine::testing::CutLedger;
using engine::testing::CutMoment;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr unsigned before_effects_counted = heal_version_of_effects - 1;

RunOutcome timed_out() {
  RunOutcome outcome = ended(137);
  outcome.timed_out = true;
  return outcome;
}

// An engine that works once its restart has.
class RestartedService : public ::testing::Test {
 protected:
  RestartedService() {
    world_.spec.name = "app";
    world_.spec.root = "/srv/app";
    world_.spec.healing.max_retries = 5;
    world_.spec.healing.retry_delay = seconds(2);
    world_.spec.certify.within = Duration{0};
    ServiceRepair service;
    service.restart = runs({"/bin/restart"});
    world_.spec.repair.service = service;
    restart_as([](unsigned) { return ended(0); });
    tests_with(world_, [this] { return up_; });
  }

  // `how` is told which run of the restart it is; one that ends well brings the service up.
  void restart_as(std::function<RunOutcome(unsigned run)> how) {
    world_.host.install("/bin/restart", [this, how = std::move(how)](const RunRequest&) {
      const RunOutcome outcome = how(++restarts_);
      reads_ = world_.host.content("etc/app.conf");
      up_ = outcome.exit_code == 0 && works_;
      return outcome;
    });
  }
  void with_file() {
    world_.host.write("etc/app.conf", "bad");
    world_.spec.repair.files = {{"etc/app.conf", "baseline/app.conf", world_.baseline("good"), {}, {}, {}}};
  }
  std::size_t count(const std::string& type) const {
    const auto types = entry_types(world_);
    return static_cast<std::size_t>(std::ranges::count(types, type));
  }

  HealWorld world_;
  unsigned restarts_ = 0;
  bool up_ = false;
  bool works_ = true;  // what was restarted passes its test
  std::string reads_;  // the configuration with which it was restarted last
};

TEST_F(RestartedService, IsTriedAgainAfterARestartThatFailed) {
  restart_as([](unsigned run) { return ended(run <= 2 ? 1 : 0); });
  const Duration began = world_.clock.since_boot();
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::complete);
  EXPECT_EQ(state.attempt_number(), 3U);
  EXPECT_EQ(restarts_, 3U) << "a restart that failed was undone by restarting";
  EXPECT_GE(world_.clock.since_boot() - began, 2 * seconds(2)) << "retry_delay";
}

TEST_F(RestartedService, IsTriedAsOftenAsWasSaidWhateverWayItFails) {
  for (const bool times_out : {false, true}) {
    restarts_ = 0;
    restart_as([times_out](unsigned) { return times_out ? timed_out() : ended(1); });
    const HealState state = heal(world_);
    EXPECT_EQ(end_reason(state), EndReason::attempts_exhausted);
    EXPECT_EQ(state.attempt_number(), 5U);
    EXPECT_EQ(restarts_, 5U);
    EXPECT_EQ(count("undo_intended"), 0U);
  }
}

TEST_F(RestartedService, ThatDidNotHelpIsNotRestartedOnceMoreWhereNothingWasPutBack) {
  works_ = false;
  const HealState state = heal(world_);
  EXPECT_EQ(end_reason(state), EndReason::attempts_exhausted);
  EXPECT_EQ(restarts_, 5U);
}

TEST_F(RestartedService, ByAReloadIsNotReloadedOnceMoreEither) {
  world_.spec.repair.service->reload = world_.spec.repair.service->restart;
  works_ = false;
  EXPECT_EQ(end_reason(heal(world_)), EndReason::attempts_exhausted);
  EXPECT_EQ(restarts_, 5U);
}

TEST_F(RestartedService, RunsOnWhatWasPutBack) {
  with_file();
  works_ = false;
  world_.spec.healing.max_retries = 1;
  EXPECT_EQ(end_reason(heal(world_)), EndReason::attempts_exhausted);
  EXPECT_EQ(restarts_, 2U);
  EXPECT_EQ(reads_, "bad");
}

TEST_F(RestartedService, ARefusedStartDoesNotThrowTheRepairAway) {
  with_file();
  const Duration limited_until = world_.clock.since_boot() + seconds(4);
  restart_as([=, this](unsigned) { return ended(world_.clock.since_boot() < limited_until ? 1 : 0); });
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::complete);
  EXPECT_EQ(state.attempt_number(), 3U);
  EXPECT_EQ(world_.host.content("etc/app.conf"), "good");
}

TEST_F(RestartedService, ThatIsRefusedForEverLeavesNothingInPlace) {
  with_file();
  world_.spec.healing.max_retries = 2;
  restart_as([](unsigned) { return ended(1); });
  const HealState state = heal(world_);
  EXPECT_EQ(end_reason(state), EndReason::attempts_exhausted);
  EXPECT_EQ(world_.host.content("etc/app.conf"), "bad");
  EXPECT_EQ(state.attempt->undone.at(2).status, UndoStatus::irreversible) << "named all the same";
  EXPECT_THAT(state.attempt->undone.at(2).message, HasSubstr("/bin/restart: exit status 1"));
}

TEST_F(RestartedService, ThatStillRunsWithWhatWasPutBackIsNamedAndEndsTheLastAttemptOnly) {
  with_file();
  works_ = false;
  world_.spec.healing.max_retries = 3;
  restart_as([](unsigned run) { return ended(run % 2 == 1 ? 0 : 1); });  // each undo is refused
  const HealState state = heal(world_);
  EXPECT_EQ(state.attempt_number(), 3U);
  EXPECT_EQ(restarts_, 6U);
  EXPECT_EQ(end_reason(state), EndReason::rollback_incomplete);
  EXPECT_THAT(end_message(state), HasSubstr("may still run with what was put back"));
  EXPECT_EQ(world_.host.content("etc/app.conf"), "bad");
}

TEST_F(RestartedService, ThatWasKilledAndCannotBeRestartedMayRunWithWhatWasPutBack) {
  with_file();
  world_.spec.healing.max_retries = 1;
  restart_as([](unsigned run) { return run == 1 ? timed_out() : ended(1); });
  EXPECT_EQ(end_reason(heal(world_)), EndReason::rollback_incomplete);
}

TEST_F(RestartedService, ThatIsKnownToBeDeadRunsWithNothing) {
  with_file();
  works_ = false;
  world_.spec.healing.max_retries = 1;
  world_.spec.repair.service->pidfile = "run/app.pid";
  world_.host.set_service("run/app.pid", true);
  restart_as([this](unsigned run) {
    world_.host.set_service("run/app.pid", run == 1);
    return ended(run == 1 ? 0 : 1);
  });
  const HealState state = heal(world_);
  EXPECT_EQ(end_reason(state), EndReason::attempts_exhausted);
  EXPECT_THAT(state.attempt->undone.at(2).message, HasSubstr("it does not run any more"));
}

TEST_F(RestartedService, WhatAnEarlierAttemptLeftIsNotForgotten) {
  with_file();
  works_ = false;
  world_.spec.healing.max_retries = 2;
  restart_as([](unsigned run) { return ended(run == 1 ? 0 : 1); });
  bool first = true;
  world_.spec.repair.checks = {probe("before", CommandProbe{runs({"/tests/before"})})};
  world_.host.install("/tests/before", [&](const RunRequest&) { return ended(first || restarts_ == 0 ? 0 : 1); });
  world_.host.hooks.before_restore = [&] { first = false; };
  const HealState state = heal(world_);
  EXPECT_EQ(state.attempt_number(), 2U);
  EXPECT_EQ(count("plan_recorded"), 1U) << "the second attempt did not get as far as a plan";
  EXPECT_EQ(end_reason(state), EndReason::rollback_incomplete);
  EXPECT_THAT(end_message(state), HasSubstr("attempt 1, change 2: undo by /bin/restart"));
}

TEST_F(RestartedService, WhatAnEarlierAttemptLeftIsOverOnceALaterOneTookItBack) {
  with_file();
  works_ = false;
  world_.spec.healing.max_retries = 2;
  restart_as([](unsigned run) { return ended(run == 2 ? 1 : 0); });  // the first undo alone is refused
  EXPECT_EQ(end_reason(heal(world_)), EndReason::attempts_exhausted);
  EXPECT_EQ(reads_, "bad");
}

TEST_F(RestartedService, CancelledMeanwhileItNamesWhatStillRuns) {
  with_file();
  works_ = false;
  restart_as([](unsigned run) { return ended(run % 2 == 1 ? 0 : 1); });
  HealProcess process(world_, world_.ledger);
  process.start();
  while (process.runner().turn()) {
  }
  ASSERT_EQ(entry_types(world_).back(), "retry_scheduled");
  process.runner().submit<Heal>(world_.heal, Cancel{EndReason::cancelled, {}});
  process.run();
  EXPECT_EQ(end_reason(*process.last), EndReason::rollback_incomplete);
}

TEST_F(RestartedService, ByEarlierRulesIsTakenBackAsItWasThen) {
  works_ = false;
  world_.spec.healing.max_retries = 2;
  HealProcess process(world_, world_.ledger);
  process.start(before_effects_counted);
  process.run();
  EXPECT_EQ(count("undo_intended"), 2U) << "by restarting again";
}

TEST_F(RestartedService, GoesOnFromAnyDeathWithoutAnotherRestart) {
  with_file();
  restart_as([](unsigned run) { return ended(run <= 3 ? 1 : 0); });
  for (std::size_t commits = 1; commits <= 20; ++commits) {
    HealWorld world;
    world.spec = world_.spec;
    world.host.write("etc/app.conf", "bad");
    world.baseline("good");
    bool up = false;
    world.host.install("/bin/restart", [&](const RunRequest&) {
      up = world.host.content("etc/app.conf") == "good";
      return ended(up ? 0 : 1);
    });
    tests_with(world, [&] { return up; });
    CutLedger cut(world.ledger, commits, CutMoment::after_effects);
    HealProcess first(world, cut);
    first.start();
    first.run();
    HealProcess second(world, world.ledger);
    second.recover();
    second.run();
    EXPECT_EQ(world.host.content("etc/app.conf"), "good") << "cut after " << commits;
  }
}

// ---- services that are started and stopped

TEST(Started, ThatFailedAndDoesNotRunNeedsNoStop) {
  HealWorld world;
  world.spec.name = "app";
  world.spec.root = "/srv/app";
  world.spec.healing.max_retries = 3;
  world.spec.healing.retry_delay = Duration{0};
  world.spec.certify.within = Duration{0};
  with_service(world);
  world.spec.self_test = {probe("process", ProcessProbe{"run/app.pid"})};
  unsigned starts = 0;
  world.host.install("/bin/app-start", [&](const RunRequest&) {
    const bool well = ++starts == 3;
    world.host.set_service("run/app.pid", well);
    return ended(well ? 0 : 1);
  });
  world.host.install("/bin/app-stop", program(5));  // nothing runs that it could stop
  const HealState state = heal(world);
  EXPECT_EQ(state.phase(), Phase::complete) << end_message(state);
  EXPECT_EQ(state.attempt_number(), 3U);
}

TEST(Started, ThatCannotBeStoppedIsInPlace) {
  const auto world = make_world(heal_examples().front(), 1);
  with_service(*world);
  world->host.install("/bin/app-stop", program(5));
  const HealState state = heal(*world);
  EXPECT_EQ(state.attempt_number(), 2U) << "the retries go on";
  EXPECT_EQ(end_reason(state), EndReason::rollback_incomplete);
  EXPECT_THAT(end_message(state), HasSubstr("/bin/app-stop"));
}

TEST(Stopped, AndNotStartedAgainIsNamedAndTriedAgain) {
  HealWorld world;
  world.spec.name = "app";
  world.spec.root = "/srv/app";
  world.spec.healing.max_retries = 3;
  world.spec.healing.retry_delay = Duration{0};
  world.spec.certify.within = Duration{0};
  world.host.write("app.db", "garbage", 0640);
  world.host.snapshots["/snapshots"] = {{"new", "sqlite: users", {}}, {"old", "sqlite: users", {}}};
  world.spec.repair.state = {{"app.db", "/snapshots"}};
  with_service(world);
  world.host.set_service("run/app.pid", true);
  unsigned starts = 0;
  world.host.install("/bin/app-start", [&](const RunRequest&) {
    const bool well = ++starts > 3;
    world.host.set_service("run/app.pid", well);
    return ended(well ? 0 : 1);
  });
  tests_with(world, [&] { return world.host.content("app.db") == "sqlite: users" && starts > 3; });
  const HealState state = heal(world);
  EXPECT_EQ(state.phase(), Phase::complete) << end_message(state);
}

// ---- services of other engines

TEST(ServicesOfOthers, AreRestartedInARollbackOnlyOnWhatWasPutBack) {
  for (const bool with_state : {false, true}) {
    HealWorld world;
    world.spec.name = "Genesis";
    world.spec.root = "/srv/genesis";
    world.spec.strategy = Strategy::cascade;
    world.spec.healing.max_retries = 1;
    world.spec.certify.within = Duration{0};
    ServiceOfEngine other{"Queue", "/srv/queue", {}};
    other.service.restart = runs({"/bin/queue"});
    world.spec.repair.services = {other};
    unsigned restarts = 0;
    world.host.install("/bin/queue", [&](const RunRequest&) {
      ++restarts;
      return ended(0);
    });
    if (with_state) {
      world.host.write("app.db", "garbage", 0640);
      world.host.snapshots["/snapshots"] = {{"old", "sqlite: users", {}}};
      world.spec.repair.state = {{"app.db", "/snapshots"}};
    }
    tests_with(world, [] { return false; });
    EXPECT_EQ(end_reason(heal(world)), EndReason::attempts_exhausted);
    EXPECT_EQ(restarts, with_state ? 2U : 1U);
  }
}

// ---- commands and platforms

class Commanded : public ::testing::Test {
 protected:
  Commanded() {
    world_.spec.name = "app";
    world_.spec.root = "/srv/app";
    world_.spec.healing.max_retries = 3;
    world_.spec.healing.retry_delay = Duration{0};
    world_.spec.certify.within = Duration{0};
    CommandRepair command;
    command.run = runs({"/bin/mount"});
    command.undo = runs({"/bin/umount"});
    world_.spec.repair.commands = {command};
    world_.host.install("/bin/umount",
                        [this](const RunRequest&) { return ended(std::exchange(mounted_, false) ? 0 : 32); });
    tests_with(world_, [this] { return mounted_; });
  }
  HealWorld world_;
  bool mounted_ = false;
  unsigned runs_ = 0;
};

TEST_F(Commanded, OneThatFailedAndHasNothingToUndoIsTriedAgain) {
  world_.host.install("/bin/mount", [this](const RunRequest&) {
    mounted_ = ++runs_ == 3;
    return ended(mounted_ ? 0 : 32);
  });
  const HealState state = heal(world_);
  EXPECT_EQ(state.phase(), Phase::complete) << end_message(state);
  EXPECT_EQ(runs_, 3U);
}

TEST_F(Commanded, OneThatWasDoneAndCannotBeUndoneEndsTheHealAtOnce) {
  world_.host.install("/bin/mount", [this](const RunRequest&) { return ended(++runs_ > 0 ? 0 : 1); });
  const HealState state = heal(world_);
  EXPECT_EQ(end_reason(state), EndReason::rollback_incomplete);
  EXPECT_EQ(runs_, 1U);
}

TEST_F(Commanded, OneThatWasNeverStartedNeedsNoUndo) {
  const HealState state = heal(world_);  // there is no /bin/mount
  EXPECT_EQ(end_reason(state), EndReason::attempts_exhausted);
  EXPECT_EQ(state.attempt_number(), 3U);
  EXPECT_THAT(world_.host.log(), Not(Contains(HasSubstr("/bin/umount"))));
}

TEST(PlatformCall, ThatWasRefusedNeedsNoUndo) {
  HealWorld world;
  world.spec.name = "app";
  world.spec.root = "/srv/app";
  world.spec.healing.max_retries = 2;
  world.spec.healing.retry_delay = Duration{0};
  world.spec.certify.within = Duration{0};
  PlatformRepair scale;
  scale.act = HttpCall{"http://platform/scale", "PUT", "3"};
  scale.undo = HttpCall{"http://platform/scale", "PUT", "0"};
  world.spec.repair.platform = {scale};
  std::vector<std::string> asked;
  world.host.answer = [&](const HttpCall& call, const std::string&) {
    asked.push_back(call.body);
    return CallOutcome{true, 403, {}, "no quota left", {}};
  };
  tests_with(world, [] { return false; });
  const HealState state = heal(world);
  EXPECT_EQ(end_reason(state), EndReason::attempts_exhausted);
  EXPECT_THAT(asked, ElementsAre("3", "3"));
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("status 403: no quota left"));
}

// ---- what was chosen

TEST(Chosen, ThatNeverGotIntoPlaceIsChosenAgain) {
  HealWorld world;
  world.spec.name = "app";
  world.spec.root = "/srv/app";
  world.spec.healing.max_retries = 3;
  world.spec.healing.retry_delay = Duration{0};
  world.spec.certify.within = Duration{0};
  world.host.make_link("current", "releases/1.10");
  world.host.releases["releases"] = {{"1.8", ""}, {"1.9", ""}, {"1.10", ""}};
  world.spec.repair.release = {{"current", "releases"}};
  tests_with(world, [&] { return world.host.file("current")->link_target == "releases/1.9"; });
  bool first = true;
  world.host.hooks.before_apply = [&] {
    if (std::exchange(first, false)) world.host.make_link("current", "releases/1.8");  // somebody tries something
  };
  world.host.hooks.before_restore = [&] { world.host.make_link("current", "releases/1.10"); };
  const HealState state = heal(world);
  EXPECT_EQ(state.phase(), Phase::complete) << end_message(state);
  EXPECT_EQ(world.host.file("current")->link_target, "releases/1.9");
}

// An attempt of one chosen release that ends as `how`; what is refused afterwards.
HealState after_attempt(const std::function<void(HealWorld&)>& how, unsigned version = heal_version) {
  HealWorld world;
  world.spec.name = "app";
  world.spec.root = "/srv/app";
  world.spec.healing.max_retries = 1;
  world.spec.certify.within = Duration{0};
  world.host.make_link("current", "releases/2");
  world.host.releases["releases"] = {{"1", ""}, {"2", ""}};
  world.spec.repair.release = {{"current", "releases"}};
  tests_with(world, [] { return false; });
  how(world);
  HealProcess process(world, world.ledger);
  process.start(version);
  process.run();
  return process.last.value_or(HealState());
}

void then_runs(HealWorld& world, RunOutcome outcome) {
  ServiceRepair service;
  service.restart = runs({"/bin/restart"});
  world.spec.repair.service = service;
  world.host.install("/bin/restart", [outcome](const RunRequest&) { return outcome; });
}

TEST(Chosen, CountsAsRefusedOnlyAfterItWasInPlaceAndDidNotHelp) {
  const auto did_not_help = [](HealWorld&) {};
  const auto did_not_start = [](HealWorld& world) { then_runs(world, ended(1)); };
  const auto changed = [](HealWorld& world) {
    world.host.hooks.before_apply = [&world] { world.host.make_link("current", "releases/3"); };
  };
  const auto file_changed = [](HealWorld& world) {
    world.host.write("etc/app.conf", "bad");
    world.spec.repair.files = {{"etc/app.conf", "baseline/app.conf", world.baseline("good"), {}, {}, {}}};
    world.host.hooks.before_apply = [&world] { world.host.write("etc/app.conf", "mine"); };
  };
  const auto no_program = [](HealWorld& world) {
    then_runs(world, ended(0));
    world.spec.repair.service->restart = runs({"/bin/nowhere"});
  };
  const auto nobody_could_look = [](HealWorld& world) {
    world.host.install("/tests/works", [](const RunRequest&) {
      RunOutcome outcome;
      outcome.no_room = true;
      return outcome;
    });
  };
  EXPECT_EQ(after_attempt(did_not_help).so_far.refused.size(), 1U);
  EXPECT_TRUE(after_attempt(did_not_start).so_far.refused.empty()) << "its manager may have been at fault";
  EXPECT_EQ(after_attempt(did_not_start).so_far.doubted.size(), 1U);
  EXPECT_TRUE(after_attempt(changed).so_far.refused.empty());
  EXPECT_TRUE(after_attempt(file_changed).so_far.refused.empty()) << "not its fault";
  EXPECT_TRUE(after_attempt(no_program).so_far.refused.empty());
  EXPECT_TRUE(after_attempt(nobody_could_look).so_far.refused.empty());
  EXPECT_EQ(after_attempt(changed, before_effects_counted).so_far.refused.size(), 1U) << "as it was decided then";
}

TEST(Chosen, IsGivenUpOnceNoServiceStartedWithItTwice) {
  HealWorld world;
  world.spec.name = "app";
  world.spec.root = "/srv/app";
  world.spec.healing.max_retries = 3;
  world.spec.healing.retry_delay = Duration{0};
  world.spec.certify.within = Duration{0};
  world.host.make_link("current", "releases/3");
  world.host.releases["releases"] = {{"1", ""}, {"2", ""}, {"3", ""}};
  world.spec.repair.release = {{"current", "releases"}};
  ServiceRepair service;
  service.restart = runs({"/bin/restart"});
  world.spec.repair.service = service;
  std::vector<std::string> started_with;
  bool up = false;
  world.host.install("/bin/restart", [&](const RunRequest&) {
    started_with.push_back(world.host.file("current")->link_target);
    up = started_with.back() == "releases/1";
    return ended(up ? 0 : 1);
  });
  tests_with(world, [&] { return up; });
  EXPECT_EQ(heal(world).phase(), Phase::complete);
  std::erase(started_with, "releases/3");  // rollbacks
  EXPECT_THAT(started_with, ElementsAre("releases/2", "releases/2", "releases/1"));
}

TEST(Chosen, SnapshotThatWasBusyIsNotBurned) {
  HealWorld world;
  world.spec.name = "app";
  world.spec.root = "/srv/app";
  world.spec.healing.max_retries = 2;
  world.spec.healing.retry_delay = Duration{0};
  world.spec.certify.within = Duration{0};
  world.host.write("app.db", "sqlite: broken");
  world.host.snapshots["/snapshots"] = {{"new", "sqlite: users", {}}, {"old", "sqlite: ancient", {}}};
  world.spec.repair.state = {{"app.db", "/snapshots"}};
  tests_with(world, [&] { return world.host.content("app.db") == "sqlite: users"; });
  bool first = true;
  world.host.hooks.before_apply = [&] {
    if (std::exchange(first, false)) world.host.write("app.db", "sqlite: written to");
  };
  const HealState state = heal(world);
  EXPECT_EQ(state.phase(), Phase::complete) << end_message(state);
  EXPECT_EQ(world.host.content("app.db"), "sqlite: users");
}

}  // namespace
}  // namespace autoheal::workflows
