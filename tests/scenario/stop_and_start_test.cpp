// A restart that is made of `stop` and `start`: what the stop leaves running is in the way of the start.
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "tests/support/worlds/bridge.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class StopAndStart : public ::testing::Test {
 protected:
  ~StopAndStart() override {
    if (pid() > 1) ::kill(pid(), SIGKILL);
  }
  // `at_stop` is what its shell does on SIGTERM. It starts only where it does not run yet, as most services do.
  void service(const std::string& at_stop) const {
    bridge_.write("run/.keep", "");
    bridge_.script(
        "bin/app",
        "trap '" + at_stop + "' TERM\necho $$ > run/new; mv run/new run/app.pid\nwhile :; do sleep 60 & wait; done\n");
    bridge_.script("bin/start",
                   "p=$(cat run/app.pid); grep -q '^State:.[RSDT]' /proc/$p/status && exit 0\n"
                   "rm -f run/app.pid; setsid bin/app > /dev/null 2>&1 &\n"
                   "until test -e run/app.pid; do sleep 0.01; done\n");
    bridge_.script("bin/stop", "kill $(cat run/app.pid)\n");
    bridge_.script("tests/answers", "test \"$(cat run/hangs)\" != \"$(cat run/app.pid)\"\n");
    bridge_.configure(
        "  - name: App\n    healing: { max_retries: 1 }\n"
        "    self_test: [ { name: alive, process: { pidfile: run/app.pid } }, { name: answers, command: "
        "[tests/answers] } ]\n"
        "    repair: { service: { start: [bin/start], stop: [bin/stop], pidfile: run/app.pid, timeout: 2s } }\n"
        "    certify: { hold: 0s }\n");
    EXPECT_EQ(run({{bridge_.path("bin/start")}, {}, {}, bridge_.path("")}).exit_code, 0);
    bridge_.write("run/hangs", bridge_.read("run/app.pid"));
  }
  [[nodiscard]] pid_t pid() const {
    pid_t pid = 0;
    std::ifstream(bridge_.path("run/app.pid")) >> pid;
    return pid;
  }
  Bridge bridge_;
};

TEST_F(StopAndStart, OneThatTakesItsTimeToEndHasEndedBeforeTheNextIsStarted) {
  service("sleep 0.3; exit 0");
  const pid_t before = pid();
  const Ran ran = bridge_.autoheal({"heal", "App"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_NE(pid(), before);
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, Not(HasSubstr("SIGKILL")));
}

TEST_F(StopAndStart, OneThatDoesNotHearItsStopIsEndedAndThatIsTold) {
  service("");
  const pid_t before = pid();
  const Ran ran = bridge_.autoheal({"heal", "App"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_NE(pid(), before);
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out,
              HasSubstr("process " + std::to_string(before) + " was ended by SIGKILL"));
}

TEST_F(StopAndStart, OneThatWasStoppedByASignalIsContinuedSoThatItEnds) {
  service("exit 0");
  const pid_t before = pid();
  ::kill(before, SIGSTOP);
  const Ran ran = bridge_.autoheal({"heal", "App"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_NE(pid(), before);
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, HasSubstr("was continued, so that it could end"));
}

// As `autoheal serve 2>&1 | logger` leaves it when the logger is started anew.
TEST_F(StopAndStart, TheDaemonGoesOnWhereNobodyReadsWhatItTells) {
  service("exit 0");
  bridge_.write("run/hangs", "nobody\n");
  const Ran made = run({{"/usr/bin/mkfifo", bridge_.path("run/pipe").string()}, {}, {}, bridge_.path("")});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  bridge_.script("bin/serve", "exec \"$@\" > run/pipe 2>&1\n");
  Invocation serve = bridge_.invocation({"serve"});
  serve.arguments.insert(serve.arguments.begin(), bridge_.path("bin/serve").string());
  Background daemon(serve);
  {
    std::ifstream reader(bridge_.path("run/pipe"));
  }  // opened once the daemon tells, and gone
  ::kill(pid(), SIGKILL);
  EXPECT_TRUE(eventually([&] { return !bridge_.entries("heal.completed").empty(); }));
  daemon.send(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
}

}  // namespace
}  // namespace autoheal::testing
