// An auditor from another account, in the ledger's group and without write permission, beside a daemon that heals.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* auditor_uid = "65534";
constexpr gid_t auditors_gid = 64'999;

class Auditor {
 public:
  explicit Auditor(const Bridge& bridge) : bridge_(bridge) {}

  Ran run(const std::vector<std::string>& program) const {
    Invocation invocation = bridge_.invocation({});
    invocation.arguments = {"/usr/bin/setpriv", "--reuid",    auditor_uid, "--regid", std::to_string(auditors_gid),
                            "--clear-groups",   "--inh-caps", "-all",      "--"};
    invocation.arguments.insert(invocation.arguments.end(), program.begin(), program.end());
    return testing::run(invocation);
  }
  Ran autoheal(const std::vector<std::string>& arguments) const {
    std::vector<std::string> program = {AUTOHEAL_PROGRAM};
    program.insert(program.end(), arguments.begin(), arguments.end());
    return run(program);
  }
  Ran sqlite(const std::string& sql) const { return run({"/usr/bin/sqlite3", "-readonly", "var/ledger.db", sql}); }

 private:
  const Bridge& bridge_;
};

// The folder is there before the ledger, as an owner makes it: 2750, of the auditors' group.
void make_ledger_folder(const Bridge& bridge) {
  const auto folder = bridge.path("var");
  std::filesystem::create_directories(folder);
  ASSERT_EQ(::chown(folder.c_str(), 0, auditors_gid), 0);
  ASSERT_EQ(::chmod(folder.c_str(), 02750), 0);
  ASSERT_EQ(::chmod(bridge.path("").c_str(), 0755), 0);
}

TEST(AuditorWithoutWritePermission, ReadsEverythingBesideTheDaemon) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can run a program as another account";
  const Bridge bridge;
  make_ledger_folder(bridge);
  const Auditor auditor(bridge);
  if (auditor.run({"/bin/true"}).exit_code != 0) GTEST_SKIP() << "setpriv cannot run a program as another account here";
  if (auditor.run({AUTOHEAL_PROGRAM, "--version"}).exit_code != 0)
    GTEST_SKIP() << "another account cannot reach the program where it was built";
  bridge.write("baseline/app.conf", "port = 8080\n");
  bridge.write("etc/File", "port = 8080\n");
  bridge.configure(file_engine("File"),
                   "principals:\n"
                   "  - { name: autoheal, role: admiral }\n"
                   "  - { name: root, role: admiral }\n"
                   "  - { name: auditor, role: observer, os_user: nobody }\n");
  const Daemon daemon(bridge);
  bridge.write("etc/File", "damaged\n");
  daemon.expect_count("heal.completed", 1, "File");
  // Half a second after the heal; before its first signature no ledger verifies.
  EXPECT_TRUE(eventually([&] { return auditor.autoheal({"ledger", "checkpoint"}).exit_code == 0; })) << daemon.said();

  for (std::size_t round = 0; round < 3; ++round) {
    const Ran heals = auditor.autoheal({"heals", "-o", "json"});
    ASSERT_EQ(heals.exit_code, 0) << heals.err;
    EXPECT_EQ(json::parse(heals.out).size(), 1 + round);
    const Ran exported = auditor.autoheal({"ledger", "export"});
    EXPECT_EQ(exported.exit_code, 0) << exported.err;
    EXPECT_THAT(exported.out, HasSubstr("heal.completed"));
    for (const auto& reading : std::vector<std::vector<std::string>>{
             {"audit", "--engine", "File"}, {"audit", "summary"}, {"show", "last"}, {"ledger", "verify"}}) {
      const Ran ran = auditor.autoheal(reading);
      EXPECT_EQ(ran.exit_code, 0) << reading.front() << ran.err;
      EXPECT_THAT(ran.out, ::testing::Not(IsEmpty()));
    }
    EXPECT_EQ(auditor.sqlite("SELECT count(*) FROM audit_heals WHERE state = 'Complete'").out,
              std::to_string(1 + round) + "\n");
    EXPECT_EQ(auditor.sqlite("SELECT count(*) FROM audit_certificates").out, std::to_string(1 + round) + "\n");
    // It may read, and nothing else.
    EXPECT_THAT(auditor.sqlite("UPDATE entries SET actor = 'x'").err, HasSubstr("readonly"));
    EXPECT_EQ(auditor.run({"/bin/cat", "var/ledger.db.vault/key"}).exit_code, 1);
    EXPECT_EQ(auditor.autoheal({"heal", "File", "--error", "x"}).exit_code, 4);
    bridge.write("etc/File", "damaged " + std::to_string(round) + "\n");
    daemon.expect_count("heal.completed", 2 + round, "File");
  }
}

}  // namespace
}  // namespace autoheal::testing
