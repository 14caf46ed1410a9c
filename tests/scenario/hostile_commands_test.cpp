// Hostile cases 47 to 55 (tests/README.md) through the program: a repair command that looks at how it was started.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/examples/repair_examples.hpp"

namespace autoheal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HostileCommands : public ::testing::Test {
 protected:
  // bin/repair is what heals; `arguments` is YAML.
  void repair_is(const std::string& body, const std::string& arguments = "") const {
    bridge_.script("bin/repair", body);
    bridge_.configure(
        "  - name: Sample\n"
        "    self_test: [ { name: healed, command: [test, -e, healed] } ]\n"
        "    repair: { commands: [ { run: [bin/repair" +
        arguments + "] } ] }\n");
  }
  Ran heal(std::map<std::string, std::string> environment = {}) const {
    return bridge_.autoheal({"heal", "Sample", "--error", "it is broken"}, std::move(environment));
  }
  Bridge bridge_;
};

TEST_F(HostileCommands, Case47_NoShellStandsBetweenTheProgramAndItsCommand) {
  repair_is("cat /proc/$PPID/comm > parent; printf '<%s>' \"$@\" > arguments; touch healed\n",
            R"~(, "a b", "\"'", ";touch bad", "$(touch bad)", "`touch bad`", "two\nlines", "-n", "--", "*")~");
  EXPECT_EQ(heal().exit_code, 0);
  EXPECT_EQ(bridge_.read("parent"), "autoheal\n");
  EXPECT_EQ(bridge_.read("arguments"), "<a b><\"'><;touch bad><$(touch bad)><`touch bad`><two\nlines><-n><--><*>");
  EXPECT_FALSE(bridge_.exists("bad"));
}

TEST_F(HostileCommands, Case48_ThePathOfTheCallerIsNotUsed) {
  for (const char* name : {"true", "test"}) bridge_.script(std::string("evil/") + name, "touch \"$0.ran\"; exit 0\n");
  repair_is("touch healed\n");
  bridge_.configure(
      "  - name: Sample\n"
      "    self_test: [ { name: healed, command: [test, -e, healed] } ]\n"
      "    repair: { commands: [ { run: [bin/repair] }, { run: [\"true\"] } ] }\n");
  EXPECT_EQ(heal({{"PATH", bridge_.path("evil").string() + ":/usr/bin:/bin"}}).exit_code, 0);
  EXPECT_FALSE(bridge_.exists("evil/true.ran"));
  EXPECT_FALSE(bridge_.exists("evil/test.ran"));
}

TEST_F(HostileCommands, Case48_AProgramThatOthersCanWriteFailsTheAttempt) {
  repair_is("touch healed\n");
  std::filesystem::permissions(bridge_.path("bin"), std::filesystem::perms(0777));
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_FALSE(bridge_.exists("healed"));
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, HasSubstr("can be written by others"));
}

TEST_F(HostileCommands, Case49_NothingOfTheCallersEnvironmentGetsThrough) {
  repair_is("env > environment; touch healed\n");
  bridge_.write("preload.sh", "touch \"$HOME\"/bad bad\n");
  EXPECT_EQ(heal({{"LD_LIBRARY_PATH", "/hostile"},
                  {"PYTHONPATH", "/hostile"},
                  {"PERL5LIB", "/hostile"},
                  {"IFS", "/hostile"},
                  {"ENV", bridge_.path("preload.sh")},
                  {"BASH_ENV", bridge_.path("preload.sh")},
                  {"HOME", "/hostile"}})
                .exit_code,
            0);
  EXPECT_THAT(bridge_.read("environment"), Not(HasSubstr("hostile")));
  EXPECT_THAT(bridge_.read("environment"), Not(HasSubstr("preload")));
  EXPECT_FALSE(bridge_.exists("bad"));
}

TEST_F(HostileCommands, Case54_AnEndBySignalOr255IsRecordedAndFailsTheAttempt) {
  for (const auto& [body, code] :
       std::map<std::string, int>{{"exit 255\n", 255}, {"kill -KILL $$\n", 137}, {"kill -SEGV $$\n", 139}}) {
    repair_is(body);
    EXPECT_EQ(heal().exit_code, 1) << body;
    const auto failed = bridge_.entries("heal.repair_failed");
    ASSERT_GE(failed.size(), 2U);
    for (auto one = failed.end() - 2; one != failed.end(); ++one)
      EXPECT_THAT(*one, HasSubstr("\"exit\":" + std::to_string(code)));
  }
  EXPECT_EQ(bridge_.entries("heal.exhausted").size(), 3U);
}

TEST_F(HostileCommands, Case55_TheLedgerAndItsLockAreNotOpenInTheChild) {
  repair_is("ls -l /proc/$$/fd > descriptors; ls /proc/$$/fd > numbers; touch healed\n");
  EXPECT_EQ(heal().exit_code, 0);
  EXPECT_THAT(bridge_.read("descriptors"), Not(HasSubstr("ledger")));
  std::istringstream numbers(bridge_.read("numbers"));
  // 10 and above: where dash keeps the script that it reads.
  for (int number = 0; numbers >> number;) EXPECT_TRUE(number <= 2 || number >= 10) << number;
}

}  // namespace
}  // namespace autoheal::testing
