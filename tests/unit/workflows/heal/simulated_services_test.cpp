// The simulated machine keeps the promises of real ones: or nothing that is shown on it proves anything.
#include "autoheal/workflows/testing/simulated_services.hpp"

#include <gtest/gtest.h>

namespace autoheal::workflows::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SimulatedServicesOf : public ::testing::Test {
 protected:
  ServiceState state(const std::string& unit = "app") { return services_.status_of_unit(unit).state; }
  void pass(Duration time) { now_ += time; }
  void takes(Duration start, Duration stop, Duration pause = Duration{0}) {
    UnitHabits habits;
    habits.start_takes = start;
    habits.stop_takes = stop;
    habits.reload_takes = seconds(1);
    habits.restart_pause = pause;
    services_.set_habits("app", habits);
  }

  Duration now_ = seconds(1'000);
  const std::function<Duration()> since_boot_ = [this] { return now_; };
  SimulatedServices services_{since_boot_};
};

TEST_F(SimulatedServicesOf, APidfileNamesItsProcessUntilThatEnds) {
  const long pid = services_.begin("app");
  EXPECT_TRUE(services_.status_by_pidfile("app.pid").no_pidfile);
  services_.write_pidfile("app.pid", pid);
  const ServiceStatus before = services_.status_by_pidfile("app.pid");
  EXPECT_EQ(before.state, ServiceState::running);
  services_.end(pid);
  EXPECT_EQ(services_.status_by_pidfile("app.pid").state, ServiceState::stopped);
  EXPECT_FALSE(services_.status_by_pidfile("app.pid").no_pidfile);
  services_.write_pidfile("app.pid", services_.begin("app"));
  EXPECT_NE(services_.status_by_pidfile("app.pid").run, before.run);
}

TEST_F(SimulatedServicesOf, ANumberThatIsUsedAgainIsNotTheService) {
  const long pid = services_.begin("app");
  services_.write_pidfile("app.pid", pid);
  pass(seconds(10));
  services_.take_number(pid, "another");
  EXPECT_EQ(services_.status_by_pidfile("app.pid").state, ServiceState::stopped);
  EXPECT_EQ(services_.process(pid)->program, "another");
  EXPECT_FALSE(services_.process_of("app").has_value());
}

TEST_F(SimulatedServicesOf, AUnitPassesThroughStates) {
  services_.set_unit("app", ServiceState::stopped);
  takes(seconds(3), seconds(2));
  EXPECT_EQ(services_.order("app", "start"), "");
  EXPECT_EQ(state(), ServiceState::starting);
  EXPECT_TRUE(services_.status_of_unit("app").job_waits);
  pass(seconds(3));
  const ServiceStatus up = services_.status_of_unit("app");
  EXPECT_EQ(up.state, ServiceState::running);
  EXPECT_FALSE(up.job_waits);
  EXPECT_EQ(services_.order("app", "restart"), "");
  EXPECT_EQ(state(), ServiceState::stopping);
  pass(seconds(2));
  EXPECT_EQ(state(), ServiceState::starting);
  pass(seconds(3));
  EXPECT_EQ(state(), ServiceState::running);
  EXPECT_NE(services_.status_of_unit("app").run, up.run);
  EXPECT_EQ(services_.order("app", "reload"), "");
  EXPECT_EQ(state(), ServiceState::reloading);
  pass(seconds(1));
  EXPECT_EQ(state(), ServiceState::running);
  EXPECT_EQ(services_.order("app", "stop"), "");
  EXPECT_EQ(state(), ServiceState::stopping);
  pass(seconds(9));
  EXPECT_EQ(state(), ServiceState::stopped);
  EXPECT_EQ(services_.unit("app").main_process, 0);
}

TEST_F(SimulatedServicesOf, AManagerRefusesWhatIsMaskedOrFailsTooOften) {
  services_.set_unit("app", ServiceState::running);
  services_.crash("app", true);
  EXPECT_EQ(state(), ServiceState::failed);
  EXPECT_NE(services_.order("app", "start"), "");
  services_.reset_failed("app");
  EXPECT_EQ(services_.order("app", "start"), "");
  services_.crash("app");
  services_.mask("app", true);
  EXPECT_EQ(state(), ServiceState::held_back);
  EXPECT_NE(services_.order("app", "start"), "");
  EXPECT_FALSE(services_.process_of("app").has_value());
  services_.mask("app", false);
  EXPECT_EQ(state(), ServiceState::failed);
}

TEST_F(SimulatedServicesOf, FailedStartsAreCounted) {
  services_.set_unit("app", ServiceState::stopped);
  UnitHabits habits;
  habits.comes_up = false;
  habits.starts_at_most = 2;
  services_.set_habits("app", habits);
  EXPECT_EQ(services_.order("app", "start"), "");
  EXPECT_EQ(services_.order("app", "start"), "");
  EXPECT_NE(services_.order("app", "start"), "");
  EXPECT_TRUE(services_.unit("app").refuses_starts);
}

TEST_F(SimulatedServicesOf, AManagerStartsAgainWhatCrashed) {
  services_.set_unit("app", ServiceState::running);
  takes(milliseconds(500), seconds(1), seconds(5));
  services_.crash("app");
  EXPECT_EQ(state(), ServiceState::starting);
  EXPECT_TRUE(services_.unit("app").waits_to_restart);
  EXPECT_EQ(services_.unit("app").main_process, 0);
  pass(milliseconds(5'500));
  EXPECT_EQ(state(), ServiceState::running);
  EXPECT_EQ(services_.unit("app").restarts, 1U);
}

TEST_F(SimulatedServicesOf, AJobThatWaitsForOthersComesToItsTurn) {
  services_.set_unit("app", ServiceState::stopped);
  takes(seconds(1), seconds(1));
  services_.queue("app", "start", seconds(20));
  EXPECT_EQ(state(), ServiceState::starting);
  EXPECT_EQ(services_.unit("app").state, ServiceState::stopped);
  pass(seconds(21));
  EXPECT_EQ(state(), ServiceState::running);
}

TEST_F(SimulatedServicesOf, ProgramsTellWhenTheyBeginAndReadAgain) {
  std::vector<std::string> told;
  services_.began = [&](const SimulatedProcess& process) { told.push_back("began " + process.program); };
  services_.reloaded = [&](const SimulatedProcess& process) { told.push_back("reloaded " + process.program); };
  services_.set_unit("app", ServiceState::running);
  takes(seconds(1), seconds(1));
  EXPECT_EQ(services_.order("app", "reload"), "");
  pass(seconds(1));
  EXPECT_EQ(state(), ServiceState::running);
  services_.hang(services_.unit("app").main_process);
  EXPECT_EQ(services_.order("app", "reload"), "");
  pass(seconds(1));
  EXPECT_EQ(state(), ServiceState::running);
  EXPECT_EQ(told, (std::vector<std::string>{"began app", "reloaded app"}));
}

}  // namespace
}  // namespace autoheal::workflows::testing
