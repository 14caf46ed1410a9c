// The real program where the system is short of something: descriptors, memory, threads. It heals, or says that it
// cannot and leaves everything as it was; it neither dies nor hangs.
#include <gmock/gmock.h>
#include <unistd.h>

#include <set>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

using ::testing::IsSupersetOf;

class ShortOfEverything : public ::testing::Test {
 protected:
  ShortOfEverything() {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.configure(
        "  - name: A\n"
        "    self_test: [ { name: config, file: { path: etc/A, baseline: baseline/app.conf } } ]\n"
        "    repair: { files: [ { path: etc/A, baseline: baseline/app.conf } ] }\n"
        "    certify: { tests: [ { name: works, command: [/bin/true] } ] }\n");
  }
  void SetUp() override {
#ifdef AUTOHEAL_SANITIZED
    GTEST_SKIP() << "a sanitizer needs memory, threads and descriptors of its own";
#endif
  }
  // `limit` stands before the command that is limited by it. Returns the exit code.
  int heal_under(const std::vector<std::string>& limit) {
    bridge_.write("etc/A", "wrong\n");
    EXPECT_EQ(::lchown(bridge_.path("etc/A").c_str(), owner_, owner_), 0);
    Invocation limited = bridge_.invocation({"heal", "A", "--error", "x"}, {{"AUTOHEAL_MAX_RETRIES", "1"}});
    limited.arguments.insert(limited.arguments.begin(), limit.begin(), limit.end());
    limited.arguments.insert(limited.arguments.begin(), {"/usr/bin/timeout", "60"});
    const Ran ran = run(limited);
    if (ran.exit_code != 127) {  // the loader itself could not go on
      EXPECT_TRUE(ran.exit_code == 0 || ran.exit_code == 1 || ran.exit_code == 6) << ran.exit_code << " " << ran.err;
      EXPECT_TRUE(ran.exit_code == 0 || !(ran.err + ran.out).empty());
    }
    const std::string content = bridge_.read("etc/A");
    EXPECT_EQ(content, ran.exit_code == 0 ? "port = 8080\n" : "wrong\n") << ran.exit_code << " " << ran.err;
    return ran.exit_code;
  }
  // Whatever happened before, with enough of all it goes on and what is recorded is whole.
  void expect_sound() {
    bridge_.write("etc/A", "wrong\n");
    const Ran healed = bridge_.autoheal({"heal", "A", "--error", "x"});
    EXPECT_EQ(healed.exit_code, 0) << healed.err;
    EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 0);
    const Ran verified = bridge_.autoheal({"ledger", "verify"});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  }

  Bridge bridge_;
  unsigned owner_ = ::geteuid();
};

TEST_F(ShortOfEverything, Case122_WithAnyNumberOfDescriptorsItHealsOrRefuses) {
  std::set<int> codes;
  for (int descriptors = 4; descriptors <= 40; descriptors += long_runs() ? 1 : 3) {
    SCOPED_TRACE(std::to_string(descriptors) + " descriptors");
    codes.insert(heal_under({"/usr/bin/prlimit", "--nofile=" + std::to_string(descriptors)}));
    expect_sound();
  }
  EXPECT_THAT(codes, IsSupersetOf({0, 6}));
}

TEST_F(ShortOfEverything, Case122_WithAnyAddressSpaceItHealsOrRefuses) {
  std::set<int> codes;
  for (unsigned long mebibytes = 48; mebibytes <= 512; mebibytes += long_runs() ? 4 : 40) {
    SCOPED_TRACE(std::to_string(mebibytes) + " MiB");
    codes.insert(heal_under({"/usr/bin/prlimit", "--as=" + std::to_string(mebibytes << 20U)}));
    if (codes.contains(0)) expect_sound();
  }
  expect_sound();
  EXPECT_THAT(codes, IsSupersetOf({0}));
}

TEST_F(ShortOfEverything, Case122_WithAnyNumberOfThreadsItHealsOrRefuses) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be a user with no processes of its own";
  owner_ = 61'122;  // a user of no other test
  bridge_.write("var/.keep", "");
  bridge_.write("etc/.keep", "");
  for (const auto& one : std::filesystem::recursive_directory_iterator(bridge_.path(".")))
    ASSERT_EQ(::lchown(one.path().c_str(), owner_, owner_), 0);
  ASSERT_EQ(::lchown(bridge_.path(".").c_str(), owner_, owner_), 0);
  const std::string user = std::to_string(owner_);
  const std::vector<std::string> as_nobody = {"/usr/bin/setpriv", "--reuid", user, "--regid", user, "--clear-groups"};
  std::set<int> codes;
  for (const int threads : {0, 1, 2, 3, 4, 6, 10, 20, 40}) {
    SCOPED_TRACE(std::to_string(threads) + " processes and threads");
    std::vector<std::string> limit = as_nobody;
    limit.insert(limit.end(), {"/usr/bin/prlimit", "--nproc=" + std::to_string(threads)});
    codes.insert(heal_under(limit));
  }
  EXPECT_THAT(codes, IsSupersetOf({0, 6}));
}

}  // namespace
}  // namespace autoheal::testing
