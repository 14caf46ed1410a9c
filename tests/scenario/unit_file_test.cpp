// The unit that is shipped for systemd: it is one, what a heal starts survives it, and starts-services.conf takes off
// all that this would inherit.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

std::string packaged(const std::string& name) {
  std::ifstream in(AUTOHEAL_SOURCE_DIR "/tools/packaging/" + name);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::string shipped_unit() { return packaged("autoheal.service"); }

// "Section/Key" and value, in order.
std::vector<std::pair<std::string, std::string>> settings_of(const std::string& unit) {
  std::vector<std::pair<std::string, std::string>> settings;
  std::istringstream lines(unit);
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      section = line.substr(1, line.find(']') - 1);
    } else {
      settings.emplace_back(section + "/" + line.substr(0, line.find('=')), line.substr(line.find('=') + 1));
    }
  }
  return settings;
}

TEST(UnitFile, SystemdTakesIt) {
  if (::access("/usr/bin/systemd-analyze", X_OK) != 0) GTEST_SKIP() << "systemd is not installed here";
  const Bridge bridge;
  std::string unit = shipped_unit();
  const std::string installed = "/usr/local/bin/autoheal";
  const auto at = unit.find(installed);
  ASSERT_NE(at, std::string::npos);
  bridge.write("units/autoheal.service", unit.replace(at, installed.size(), AUTOHEAL_PROGRAM));
  const Ran ran = run({{"/usr/bin/systemd-analyze", "verify", "--man=no", "--generators=no", "--recursive-errors=no",
                        bridge.path("units/autoheal.service")},
                       {},
                       {},
                       {}});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out + ran.err, "");
}

TEST(UnitFile, EndsTheDaemonAlone) {
  const auto settings = settings_of(shipped_unit());
  using Setting = std::pair<std::string, std::string>;
  EXPECT_THAT(settings, Contains(Setting("Service/KillMode", "process")));
  EXPECT_THAT(settings, Contains(Setting("Service/OOMPolicy", "continue")));
  EXPECT_THAT(settings, Contains(Setting("Service/Type", "notify")));
}

// Each key that is added to the unit is to be thought about: would what a heal starts inherit it?
TEST(UnitFile, HasOnlyWhatIsNotInheritedOrCanBeTakenOffAgain) {
  const std::set<std::string> thought_about = {"Type",
                                               "NotifyAccess",
                                               "ExecStart",
                                               "ExecReload",
                                               "WorkingDirectory",
                                               "KillMode",
                                               "TimeoutStopSec",
                                               "Restart",
                                               "RestartSec",
                                               "TimeoutStartSec",
                                               "WatchdogSec",
                                               "OOMPolicy",
                                               "TasksMax",
                                               "UMask",
                                               "RestartPreventExitStatus",
                                               "OOMScoreAdjust",
                                               "KeyringMode",
                                               "StandardInput",
                                               "StateDirectory",
                                               "StateDirectoryMode",
                                               "SystemCallErrorNumber"};
  std::set<std::string> taken_off;
  for (const auto& [key, value] : settings_of(packaged("starts-services.conf"))) taken_off.insert(key);
  std::vector<std::string> others;
  for (const auto& [key, value] : settings_of(shipped_unit())) {
    const bool is_of_service = key.starts_with("Service/");
    if (is_of_service && !thought_about.contains(key.substr(8)) && !taken_off.contains(key)) others.push_back(key);
  }
  EXPECT_THAT(others, IsEmpty());
}

}  // namespace
}  // namespace autoheal::testing
