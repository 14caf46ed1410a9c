// Orders to systemd, carried out against one that lives in memory and on a clock of its own.
#include "tools/host/service/unit_orders.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "tools/host/service/systemctl.hpp"
#include "tools/host/service/systemd.hpp"

namespace autoheal::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using workflows::ServiceState;
using namespace std::chrono_literals;

// One unit, whose events are planned ahead as steps on its clock.
class FakeManager final : public UnitManager {
 public:
  UnitFacts facts;
  std::vector<std::string> orders;
  std::function<Result<void>(UnitVerb)> on_order = [](UnitVerb) { return Result<void>(); };
  bool silent = false, counts_starts = false, refuses = false;
  std::string result;

  FakeManager() {
    facts.load_state = "loaded";
    facts.type = "simple";
    facts.start_limit = 90s;
    facts.stop_limit = 90s;
    is("inactive", "dead");
  }

  void is(const std::string& active, const std::string& sub, const std::string& job = "") {
    facts.active_state = active;
    facts.sub_state = sub;
    facts.job = job;
  }
  void comes_up() {
    is("active", "running");
    facts.invocation = std::to_string(++runs_);
    facts.main_pid = 100 + runs_;
  }
  void after(Duration time, std::function<void()> step) { steps_.emplace(now + time, std::move(step)); }

  Result<UnitFacts> look(const std::string&) override {
    if (refuses) return failure(ErrorKind::refused, "Unit name a b is not valid.");
    if (silent) return failure(ErrorKind::unavailable, "the bus is gone");
    return facts;
  }
  void reset_failed(const std::string&) override {
    orders.emplace_back("reset-failed");
    counts_starts = false;
    if (facts.active_state == "failed") is("inactive", "dead");
  }
  Result<void> order(UnitVerb verb, const std::string&) override {
    orders.emplace_back(name_of(verb));
    if (counts_starts) return failure(ErrorKind::refused, "start request repeated too quickly");
    return on_order(verb);
  }
  std::string job_result() const override { return result; }
  void wait(Duration at_most) override {
    const Duration until = now + at_most;
    while (!steps_.empty() && steps_.begin()->first <= until) {
      now = std::max(now, steps_.begin()->first);
      const auto step = steps_.begin()->second;
      steps_.erase(steps_.begin());
      step();
    }
    now = until;
  }
  workflows::RunOutcome order_and_wait(UnitVerb verb, const std::string&, Duration limit) override {
    orders.push_back(std::string(name_of(verb)) + " and wait " +
                     std::to_string(std::chrono::duration_cast<std::chrono::minutes>(limit).count()) + " min");
    workflows::RunOutcome outcome;
    outcome.started = true;
    outcome.exit_code = 0;
    return outcome;
  }

  Duration now{0};

 private:
  std::multimap<Duration, std::function<void()>> steps_;
  long runs_ = 0;
};

class UnitOrders : public ::testing::Test {
 protected:
  workflows::RunOutcome ask(UnitVerb verb, Duration timeout = Duration(0)) {
    return carry_out(manager_, {"app.service", verb, timeout}, [this] { return manager_.now; });
  }
  // An ordered start succeeds after a while.
  void starts_within(Duration time) {
    manager_.on_order = [this, time](UnitVerb) {
      manager_.is("activating", "start", "start");
      manager_.after(time, [this] { manager_.comes_up(); });
      return Result<void>();
    };
  }

  FakeManager manager_;
};

TEST_F(UnitOrders, WhatIsDeadIsStartedAlsoWhereARestartIsAsked) {
  starts_within(1s);
  const auto ran = ask(UnitVerb::restart);
  EXPECT_EQ(ran.exit_code, 0) << ran.message;
  EXPECT_THAT(ran.standard_output, StartsWith("app.service was started; systemd says: active (running)"));
  EXPECT_THAT(manager_.orders, ElementsAre("reset-failed", "start"));
}

TEST_F(UnitOrders, AStartLimitThatWasHitIsForgottenFirst) {
  manager_.is("failed", "failed");
  manager_.facts.result = "start-limit-hit";
  manager_.counts_starts = true;
  starts_within(10ms);
  EXPECT_EQ(ask(UnitVerb::restart).exit_code, 0);
  EXPECT_THAT(manager_.orders, ElementsAre("reset-failed", "start"));
}

TEST_F(UnitOrders, ASlowStartHasTheTimeOfItsUnit) {
  manager_.comes_up();
  starts_within(80s);
  const auto ran = ask(UnitVerb::restart);
  EXPECT_EQ(ran.exit_code, 0) << ran.message;
  EXPECT_GE(ran.took, 80s);
}

TEST_F(UnitOrders, OneThatStopsForAsLongAsItMayStillHasItsTimeToStart) {
  manager_.comes_up();
  manager_.on_order = [this](UnitVerb) {
    manager_.is("deactivating", "stop-sigterm", "restart");
    manager_.after(90s, [this] { manager_.is("activating", "start", "start"); });
    manager_.after(175s, [this] { manager_.comes_up(); });
    return Result<void>();
  };
  EXPECT_EQ(ask(UnitVerb::restart).exit_code, 0);
}

TEST_F(UnitOrders, ATimeLimitThatWasGivenHolds) {
  starts_within(80s);
  const auto ran = ask(UnitVerb::start, 5s);
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.message, AllOf(HasSubstr("after 5 s"), HasSubstr("the time limit given"), HasSubstr("activating")));
}

TEST_F(UnitOrders, AUnitWithoutALimitGetsFifteenMinutesAndThatIsSaid) {
  manager_.facts.start_limit = without_end;
  starts_within(14min);
  EXPECT_EQ(ask(UnitVerb::start).exit_code, 0);
  manager_.is("inactive", "dead");
  starts_within(20min);
  EXPECT_THAT(ask(UnitVerb::start).message, AllOf(HasSubstr("after 15 min"), HasSubstr("its unit sets no limit")));
}

TEST_F(UnitOrders, AMaskedUnitIsRefusedByName) {
  manager_.facts.load_state = "masked";
  for (const UnitVerb verb : {UnitVerb::start, UnitVerb::restart, UnitVerb::reload}) {
    const auto ran = ask(verb);
    EXPECT_FALSE(ran.started);
    EXPECT_THAT(ran.message, HasSubstr("unit app.service is masked"));
  }
  EXPECT_THAT(manager_.orders, IsEmpty());
}

TEST_F(UnitOrders, AUnitThatIsNotThereOrCannotBeReadIsNamed) {
  manager_.facts.load_state = "not-found";
  EXPECT_THAT(ask(UnitVerb::start).message, HasSubstr("systemd has no unit app.service"));
  manager_.facts.load_state = "bad-setting";
  manager_.facts.load_error = "Unit app.service has a bad unit file setting.";
  EXPECT_THAT(ask(UnitVerb::start).message, HasSubstr("bad unit file setting"));
}

TEST_F(UnitOrders, WhatSomebodyRestartsIsNotRestartedOnceMore) {
  manager_.is("deactivating", "stop-sigterm", "restart");
  manager_.after(2s, [this] { manager_.is("activating", "start", "start"); });
  manager_.after(5s, [this] { manager_.comes_up(); });
  const auto ran = ask(UnitVerb::restart);
  EXPECT_EQ(ran.exit_code, 0) << ran.message;
  EXPECT_THAT(ran.standard_output, HasSubstr("was brought up by systemd already"));
  EXPECT_THAT(manager_.orders, IsEmpty());
}

TEST_F(UnitOrders, AQueuedStartIsWaitedFor) {
  manager_.is("inactive", "dead", "start");
  manager_.after(20s, [this] { manager_.comes_up(); });
  EXPECT_EQ(ask(UnitVerb::start).exit_code, 0);
  EXPECT_THAT(manager_.orders, IsEmpty());
}

TEST_F(UnitOrders, AJobThatNeverEndsIsNotPiledUpon) {
  manager_.is("inactive", "dead", "start");
  const auto ran = ask(UnitVerb::restart);
  EXPECT_FALSE(ran.started) << "nothing was done, so there is nothing to undo";
  EXPECT_THAT(ran.message, AllOf(HasSubstr("nothing was added to it"), HasSubstr("a start job waits")));
  EXPECT_THAT(manager_.orders, IsEmpty());
}

TEST_F(UnitOrders, AStopOfSomebodyElseIsNotWorkedAgainst) {
  manager_.is("deactivating", "stop-sigterm", "stop");
  manager_.after(3s, [this] { manager_.is("inactive", "dead"); });
  const auto ran = ask(UnitVerb::restart);
  EXPECT_FALSE(ran.started) << "nothing was done, so there is nothing to undo";
  EXPECT_THAT(ran.message, HasSubstr("a stop job of somebody else"));
  EXPECT_THAT(manager_.orders, IsEmpty());
}

TEST_F(UnitOrders, AnAutomaticRestartIsWaitedForUnlessItsPauseIsLong) {
  manager_.facts.restart_pause = 100ms;
  manager_.is("activating", "auto-restart");
  manager_.after(100ms, [this] { manager_.comes_up(); });
  EXPECT_EQ(ask(UnitVerb::restart).exit_code, 0);
  EXPECT_THAT(manager_.orders, IsEmpty());

  manager_.facts.restart_pause = 10min;
  manager_.is("activating", "auto-restart");
  starts_within(1s);
  const auto ran = ask(UnitVerb::restart);
  EXPECT_EQ(ran.exit_code, 0) << ran.message;
  EXPECT_LT(ran.took, 5s);
}

TEST_F(UnitOrders, OneThatIsStartedAgainAndAgainFails) {
  manager_.facts.restart_pause = 5s;
  manager_.on_order = [this](UnitVerb) {
    manager_.is("activating", "auto-restart");
    for (int count = 1; count < 100; ++count) manager_.after(count * 5s, [this] { ++manager_.facts.restarts; });
    return Result<void>();
  };
  const auto ran = ask(UnitVerb::start);
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.message, HasSubstr("systemd tries again and again"));
  EXPECT_LT(ran.took, 15s);
}

TEST_F(UnitOrders, WhatFailsIsToldWithItsReason) {
  manager_.on_order = [this](UnitVerb) {
    manager_.is("failed", "failed");
    manager_.facts.result = "exit-code";
    manager_.facts.main_status = 3;
    manager_.result = "failed";
    return Result<void>();
  };
  EXPECT_THAT(ask(UnitVerb::start).message, HasSubstr("failed (exit-code, exit status 3)"));
}

TEST_F(UnitOrders, AOneshotMayHaveEnded) {
  manager_.facts.type = "oneshot";
  manager_.on_order = [this](UnitVerb) {
    manager_.facts.invocation = "of this run";
    manager_.is("inactive", "dead");
    manager_.facts.result = "success";
    return Result<void>();
  };
  EXPECT_EQ(ask(UnitVerb::start).exit_code, 0);
}

TEST_F(UnitOrders, AJobThatIsCanceledIsNoSuccess) {
  manager_.comes_up();
  manager_.on_order = [this](UnitVerb) {
    manager_.result = "canceled";
    return Result<void>();
  };
  EXPECT_THAT(ask(UnitVerb::restart).message, HasSubstr("its job ended as \"canceled\""));
}

TEST_F(UnitOrders, WhatRunsIsReloadedAndWhatIsDeadIsNot) {
  EXPECT_THAT(ask(UnitVerb::reload).message, HasSubstr("cannot reload"));
  EXPECT_THAT(manager_.orders, IsEmpty());
  manager_.comes_up();
  EXPECT_EQ(ask(UnitVerb::reload).exit_code, 0);
  EXPECT_THAT(manager_.orders, ElementsAre("reload")) << "a reload needs no forgiveness";
  manager_.is("failed", "failed");
  starts_within(1s);
  EXPECT_EQ(ask(UnitVerb::reload_or_restart).exit_code, 0);
  EXPECT_THAT(manager_.orders, ElementsAre("reload", "reset-failed", "start"));
}

TEST_F(UnitOrders, AManagerThatIsSilentForAWhileIsAskedAgainAndOneThatIsGoneIsSaidToBe) {
  manager_.comes_up();
  manager_.on_order = [this](UnitVerb) {
    manager_.silent = true;
    manager_.after(8s, [this] {
      manager_.silent = false;
      manager_.comes_up();
    });
    return Result<void>();
  };
  EXPECT_EQ(ask(UnitVerb::restart).exit_code, 0);
  manager_.silent = true;
  const auto ran = ask(UnitVerb::restart);
  EXPECT_FALSE(ran.started);
  EXPECT_THAT(ran.message, AllOf(HasSubstr("could not be asked"), HasSubstr("the bus is gone")));
}

TEST_F(UnitOrders, WhatSystemdRefusesToTellIsNotAskedAgainAndAgain) {
  manager_.refuses = true;
  const auto ran = ask(UnitVerb::start);
  EXPECT_THAT(ran.message, HasSubstr("is not valid"));
  EXPECT_EQ(ran.took, Duration(0));
}

TEST_F(UnitOrders, AStopEndsWhenItIsStoppedWhateverItsResult) {
  EXPECT_EQ(ask(UnitVerb::stop).exit_code, 0);
  EXPECT_THAT(manager_.orders, IsEmpty());
  manager_.comes_up();
  manager_.on_order = [this](UnitVerb) {
    manager_.is("deactivating", "stop-sigterm", "stop");
    manager_.after(85s, [this] { manager_.is("failed", "failed"); });
    return Result<void>();
  };
  EXPECT_EQ(ask(UnitVerb::stop).exit_code, 0);
}

TEST_F(UnitOrders, OneWhoTellsNothingIsGivenTheOrderAndFifteenMinutes) {
  manager_.facts = {};
  EXPECT_EQ(ask(UnitVerb::restart).exit_code, 0);
  EXPECT_THAT(manager_.orders, ElementsAre("reset-failed", "restart and wait 15 min"));
}

TEST(UnitFactsTest, StatesOfUnitsAreStatesOfServices) {
  const auto state = [](const std::string& active, const std::string& job = "", const std::string& load = "loaded") {
    UnitFacts facts;
    facts.load_state = load;
    facts.active_state = active;
    facts.job = job;
    return status_of(facts).state;
  };
  EXPECT_EQ(state("active"), ServiceState::running);
  EXPECT_EQ(state("active", "stop"), ServiceState::stopping);
  EXPECT_EQ(state("active", "restart"), ServiceState::stopping);
  EXPECT_EQ(state("activating"), ServiceState::starting);
  EXPECT_EQ(state("reloading"), ServiceState::reloading);
  EXPECT_EQ(state("deactivating"), ServiceState::stopping);
  EXPECT_EQ(state("inactive"), ServiceState::stopped);
  EXPECT_EQ(state("inactive", "start"), ServiceState::starting);
  EXPECT_EQ(state("failed"), ServiceState::failed);
  EXPECT_EQ(state("inactive", "", "masked"), ServiceState::held_back);
  EXPECT_EQ(state("inactive", "", "not-found"), ServiceState::held_back);
  EXPECT_EQ(state("active", "", "masked"), ServiceState::running) << "it was masked while it ran";
  EXPECT_EQ(state(""), ServiceState::unknown);
}

TEST(UnitFactsTest, WhatNobodyCanHaveWantedIsACrash) {
  UnitFacts facts;
  facts.active_state = "failed";
  for (const char* result : {"signal", "core-dump", "oom-kill", "watchdog"}) {
    facts.result = result;
    EXPECT_TRUE(status_of(facts).crashed) << result;
  }
  for (const char* result : {"exit-code", "timeout", "start-limit-hit", "success"}) {
    facts.result = result;
    EXPECT_FALSE(status_of(facts).crashed) << result;
  }
  facts.active_state = "activating";
  facts.result = "signal";
  EXPECT_FALSE(status_of(facts).crashed) << "systemd starts it again";
}

TEST(UnitFactsTest, WhyItWouldNotBeStartedIsToldAlsoOfOneThatRuns) {
  UnitFacts facts;
  facts.active_state = "active";
  facts.load_state = "loaded";
  EXPECT_THAT(status_of(facts, "a.service").held_back, IsEmpty());
  facts.load_state = "masked";
  EXPECT_THAT(status_of(facts, "a.service").held_back, HasSubstr("unit a.service is masked"));
  EXPECT_EQ(status_of(facts).state, ServiceState::running);
  facts.load_state = "not-found";
  EXPECT_THAT(status_of(facts, "a.service").held_back, HasSubstr("has no unit a.service"));
}

TEST(UnitFactsTest, TimesAreReadAsSystemdPrintsThem) {
  EXPECT_EQ(time_of("1min 30s"), Duration(90s));
  EXPECT_EQ(time_of("100ms"), Duration(100ms));
  EXPECT_EQ(time_of("2.5s"), Duration(2500ms));
  EXPECT_EQ(time_of("1h 2min 3s"), Duration(3723s));
  EXPECT_EQ(time_of("1month 2w"), Duration(2629800s + 14 * 86400s));
  EXPECT_EQ(time_of("0"), Duration(0));
  EXPECT_EQ(time_of("infinity"), without_end);
  for (const char* none : {"", "soon", "5 parsecs", "s"}) EXPECT_EQ(time_of(none), std::nullopt) << none;
}

TEST(UnitFactsTest, ANameIsMadeWhole) {
  EXPECT_EQ(whole_unit_name("nginx"), "nginx.service");
  EXPECT_EQ(whole_unit_name("nginx.service"), "nginx.service");
  EXPECT_EQ(whole_unit_name("my.app"), "my.app.service");
  EXPECT_EQ(whole_unit_name("my.socket"), "my.socket");
}

TEST(SystemctlTest, WhatShowPrintsIsRead) {
  const UnitFacts facts = facts_of_show(
      "Type=notify\nTimeoutStartUSec=1min 30s\nTimeoutStopUSec=infinity\nMainPID=77\nResult=signal\nJob=12\n"
      "LoadState=loaded\nActiveState=failed\nSubState=failed\nExecMainCode=2\nExecMainStatus=9\nInvocationID=ab\n");
  EXPECT_EQ(facts.type, "notify");
  EXPECT_EQ(facts.start_limit, Duration(90s));
  EXPECT_EQ(facts.stop_limit, without_end);
  EXPECT_EQ(facts.main_pid, 77);
  EXPECT_EQ(facts.job, "?");
  EXPECT_EQ(in_words(facts), "failed (signal, signal 9, a job waits)");
  EXPECT_FALSE(facts_of_show("").told());
}

// One that was started a moment ago has not failed because its port is not open yet.
TEST(SystemctlTest, HowLongItsMainProcessLivesIsKnown) {
  if (std::filesystem::exists("/run/systemd/system")) GTEST_SKIP() << "a real systemd would be asked";
  const auto status = [](const std::string& process) {
    return status_of_unit("app", [process](const workflows::RunRequest&) {
      workflows::RunOutcome outcome;
      outcome.started = true;
      outcome.exit_code = 0;
      outcome.standard_output = "LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=" + process + "\n";
      return outcome;
    });
  };
  EXPECT_GT(status(std::to_string(::getpid())).lives, Duration(0));
  EXPECT_GT(status("1").lives, status(std::to_string(::getpid())).lives);
  EXPECT_EQ(status("0").lives, Duration(0));
  EXPECT_EQ(status("4194304").lives, Duration(0)) << "there is no such process";
}

// A stand-in that knows orders only, as in a container: it is asked in the end all the same, with its whole time.
TEST(SystemctlTest, AProgramThatShowsNothingIsAskedAllTheSame) {
  std::vector<std::string> asked;
  workflows::RunRequest request;
  request.run.argv = {"/usr/bin/systemctl", "restart", "app"};
  request.run.unit = "app";
  Systemctl systemctl(request, [&](const workflows::RunRequest& one) {
    EXPECT_EQ(one.run.unit, "");
    asked.push_back(one.run.argv[1] + " " + one.run.argv.back());
    workflows::RunOutcome outcome;
    outcome.started = true;
    outcome.exit_code = 0;
    return outcome;
  });
  EXPECT_EQ(carry_out(systemctl, {"app", UnitVerb::restart, Duration(0)}, [] { return Duration(0); }).exit_code, 0);
  EXPECT_THAT(asked, ElementsAre("show app", "reset-failed app", "restart app"));
}

}  // namespace
}  // namespace autoheal::host
