// The real daemon on a disk that fills up, a ledger that somebody locks, and the real program under calls that fail:
// what runs is recorded, what begins is refused with a sentence, and all goes on by itself when there is room again.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "tests/support/worlds/child_of_its_own.hpp"
#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/gate.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr char healed[] = "port = 1\n";
constexpr char broken[] = "port = 2\n";

// Heals by a command that waits until the test lets it go.
constexpr char slow_engine[] = R"(  - name: Slow
    every: 1h
    self_test: [ { name: mark, command: [/usr/bin/test, -e, run/mark] } ]
    repair: { commands: [ { run: [bin/wait] } ] }
)";

class DiskOfOurOwn {
 public:
  // `size` as mount(8) of tmpfs has it. In a child that has mounts of its own.
  DiskOfOurOwn(const Bridge& bridge, const std::string& size) : folder_(bridge.path("var")) {
    fs::create_directories(folder_);
    mount_memory(folder_, size);
  }
  ~DiskOfOurOwn() { ::umount2(folder_.c_str(), MNT_DETACH); }
  DiskOfOurOwn(const DiskOfOurOwn&) = delete;
  DiskOfOurOwn& operator=(const DiskOfOurOwn&) = delete;

  void fill() const {
    std::ofstream filler(folder_ / "filler", std::ios::binary);
    const std::string piece(4096, 'f');
    while (filler.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) {
    }
  }
  void use_up_inodes() const {
    fs::create_directories(folder_ / "many");
    for (int number = 0; std::ofstream(folder_ / "many" / std::to_string(number)); ++number) {
    }
  }
  void empty() const {
    fs::remove(folder_ / "filler");
    fs::remove_all(folder_ / "many");
  }

 private:
  fs::path folder_;
};

struct BadDisk : ::testing::Test {
  static void in_a_child_with_mounts(const std::function<void(const Bridge&)>& body) {
    if (!can_mount()) GTEST_SKIP() << "mounts of a test's own are not allowed here";
    in_a_child([&] {
      ASSERT_TRUE(unshare_mounts());
      const Bridge bridge;
      bridge.write("baseline/app.conf", healed);
      bridge.write("etc/A", healed);
      bridge.write("run/mark", "");
      bridge.script("bin/wait", std::string(Gate::wait) + "\ntouch run/mark\n");
      bridge.configure(file_engine("A") + slow_engine);
      body(bridge);
    });
  }
};

TEST_F(BadDisk, Case88_AFullDiskRefusesWhatBeginsRecordsWhatRunsAndGoesOnByItself) {
  in_a_child_with_mounts([](const Bridge& bridge) {
    const DiskOfOurOwn disk(bridge, "16m");
    Gate gate(bridge);
    Daemon daemon(bridge);
    daemon.expect_passes("A");
    daemon.expect_passes("Slow");
    fs::remove(bridge.path("run/mark"));
    Background asked(bridge.invocation({"heal", "Slow"}));
    daemon.expect_count("heal.change_intended", 1, "Slow");
    disk.fill();

    bridge.write("etc/A", broken);
    EXPECT_TRUE(eventually([&] { return daemon.skipped("A") == "not_recorded"; })) << daemon.said();
    const Ran refused = bridge.autoheal({"heal", "A"});
    EXPECT_EQ(refused.exit_code, 6) << refused.out << refused.err;
    EXPECT_THAT(refused.err, AnyOf(HasSubstr("no room"), HasSubstr("full")));
    const Ran doctor = bridge.autoheal({"doctor"});
    EXPECT_EQ(doctor.exit_code, 1);
    EXPECT_THAT(doctor.out, HasSubstr("nothing can be recorded"));
    EXPECT_EQ(daemon.count("heal.triggered", "A"), 0U);

    gate.open();
    EXPECT_EQ(asked.wait(), 0) << daemon.said();
    daemon.expect_count("heal.completed", 1, "Slow");
    EXPECT_EQ(bridge.read("etc/A"), broken);

    disk.empty();
    daemon.expect_count("heal.completed", 1, "A");
    EXPECT_EQ(bridge.read("etc/A"), healed);
    EXPECT_EQ(bridge.autoheal({"doctor"}).out.find("nothing can be recorded"), std::string::npos);
    daemon.stop();
    EXPECT_EQ(bridge.autoheal({"ledger", "verify"}).exit_code, 0);
  });
}

// Nobody waits in front of a terminal for room on a disk; the daemon does.
TEST_F(BadDisk, Case88_EveryCommandWithoutADaemonEndsAtOnceAndSaysWhy) {
  in_a_child_with_mounts([](const Bridge& bridge) {
    const DiskOfOurOwn disk(bridge, "16m");
    ASSERT_EQ(bridge.autoheal({"selftest", "--no-heal"}).exit_code, 0);
    bridge.write("etc/A", broken);
    disk.fill();
    const std::vector<std::vector<std::string>> commands = {
        {"hold", "A"},
        {"hold", "--all"},
        {"unhold", "A"},
        {"reset", "A"},
        {"reset", "--all"},
        {"baseline", "adopt", "A"},
        {"ledger", "key", "--rotate"},
        {"heal", "A"},
        {"heal", "A", "--error", "x"},
        {"selftest"},
        {"selftest", "--no-heal"},
    };
    for (const auto& command : commands) {
      std::string words;
      for (const std::string& word : command) words += word + " ";
      const auto began = std::chrono::steady_clock::now();
      const Ran ran = bridge.autoheal(command);
      const auto took = std::chrono::steady_clock::now() - began;
      EXPECT_EQ(ran.exit_code, 6) << words << ran.out << ran.err;
      EXPECT_THAT(ran.err, AnyOf(HasSubstr("no room"), HasSubstr("full"), HasSubstr("no space"))) << words;
      EXPECT_LT(took, std::chrono::seconds(20)) << words << "waits for ever";  // a second, on an idle machine
    }
    EXPECT_EQ(bridge.read("etc/A"), broken);
    for (const auto& command : std::vector<std::vector<std::string>>{
             {"heals"}, {"engines"}, {"audit"}, {"ledger", "export"}, {"ledger", "verify"}, {"ledger", "stats"}}) {
      const Ran ran = bridge.autoheal(command);
      EXPECT_EQ(ran.exit_code, 0) << command.back() << ran.out << ran.err;
    }
    disk.empty();
    EXPECT_EQ(bridge.autoheal({"hold", "A"}).exit_code, 0);
    EXPECT_EQ(bridge.autoheal({"ledger", "verify"}).exit_code, 0);
  });
}

TEST_F(BadDisk, Case88_ADaemonOnAFullDiskEndsWhenItIsTold) {
  in_a_child_with_mounts([](const Bridge& bridge) {
    const DiskOfOurOwn disk(bridge, "16m");
    {
      Daemon daemon(bridge);
      daemon.expect_passes("A");
      disk.fill();
      bridge.write("etc/A", broken);
      EXPECT_TRUE(eventually([&] { return daemon.skipped("A") == "not_recorded"; })) << daemon.said();
      daemon.stop();
    }
    disk.empty();
    Daemon again(bridge);
    again.expect_count("heal.completed", 1, "A");
    again.stop();
    EXPECT_EQ(bridge.autoheal({"ledger", "verify"}).exit_code, 0);
  });
}

// The vault can take nothing: what stood there before stays beside what was repaired.
TEST_F(BadDisk, Case88_AFullTableOfInodesLosesNothingOfWhatWasReplaced) {
  in_a_child_with_mounts([](const Bridge& bridge) {
    const DiskOfOurOwn disk(bridge, "16m,nr_inodes=700");
    Daemon daemon(bridge);
    daemon.expect_passes("A");
    disk.use_up_inodes();
    bridge.write("etc/A", broken);
    const Ran ran = bridge.autoheal({"heal", "A"});
    const bool is_healed = ran.exit_code == 0;
    EXPECT_EQ(bridge.read("etc/A"), is_healed ? healed : broken) << ran.out << ran.err;
    unsigned copies = 0;
    for (const auto& file : fs::recursive_directory_iterator(bridge.path(""))) {
      const fs::path name = file.path().lexically_relative(bridge.path(""));
      if (file.is_regular_file() && name != "etc/A" && bridge.read(name) == broken) ++copies;
    }
    EXPECT_EQ(copies, is_healed ? 1U : 0U);
    disk.empty();
    bridge.write("etc/A", "port = 3\n");
    const Ran again = bridge.autoheal({"heal", "A"});
    EXPECT_EQ(again.exit_code, 0) << again.out << again.err << daemon.said();
    EXPECT_EQ(bridge.read("etc/A"), healed);
    daemon.stop();
    EXPECT_EQ(bridge.autoheal({"ledger", "verify"}).exit_code, 0);
  });
}

TEST_F(BadDisk, Case90_ALedgerThatSomebodyLocksRefusesWhatBeginsAndGoesOnByItself) {
  const Bridge bridge;
  bridge.write("baseline/app.conf", healed);
  bridge.write("etc/A", healed);
  bridge.configure(file_engine("A"));
  Daemon daemon(bridge);
  daemon.expect_passes("A");
  {
    SQLite::Database other(bridge.path("var/ledger.db").string(), SQLite::OPEN_READWRITE, 10'000);
    other.exec("BEGIN IMMEDIATE");
    bridge.write("etc/A", broken);
    EXPECT_TRUE(eventually([&] { return daemon.skipped("A") == "not_recorded"; })) << daemon.said();
    const Ran refused = bridge.autoheal({"heal", "A"});
    EXPECT_EQ(refused.exit_code, 6) << refused.out << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("locked"));
    EXPECT_EQ(daemon.ask("GET", "/v1/status").status, 200U);
    other.exec("ROLLBACK");
  }
  daemon.expect_count("heal.completed", 1, "A");
  EXPECT_EQ(bridge.read("etc/A"), healed);
  daemon.stop();
  EXPECT_THAT(daemon.said(), HasSubstr("recording goes on"));
}

// ---- the real program, one of whose calls fails; not write(2), by which the loop wakes itself: no disk fails that

struct FailingCalls : ::testing::TestWithParam<const char*> {
  // Heals under strace(1); each thread's `number`-th such call fails. Whether one did.
  static Ran heal(const Bridge& bridge, const std::string& call, int number, bool& came) {
    const std::string trace = bridge.path("trace").string();
    Invocation traced = bridge.invocation({}, {{"ASAN_OPTIONS", "detect_leaks=0"}});
    traced.arguments = {"/usr/bin/strace",
                        "-f",
                        "-qqq",
                        "-o",
                        trace,
                        "-e",
                        "trace=" + call,
                        "-e",
                        "inject=" + call + ":error=EIO:when=" + std::to_string(number),
                        AUTOHEAL_PROGRAM,
                        "heal",
                        "A"};
    const Ran ran = run(traced);
    came = bridge.read("trace").find("(INJECTED)") != std::string::npos;
    return ran;
  }
};
INSTANTIATE_TEST_SUITE_P(Program, FailingCalls,
                         ::testing::Values("pwrite64", "fsync", "fdatasync", "renameat2", "renameat", "openat"),
                         [](const auto& call) { return std::string(call.param); });

TEST_P(FailingCalls, Case87_LeaveTheOldFileOrTheNewOneAndNoFalseSuccess) {
#ifdef AUTOHEAL_SANITIZED
  GTEST_SKIP() << "a sanitizer makes calls of its own, whose failures are not ours";
#endif
  bool came = true;
  const int apart = static_cast<int>(stride(11));
  for (int number = 1; came && number < 400; number += apart) {
    SCOPED_TRACE(number);
    const Bridge bridge;
    bridge.write("baseline/app.conf", healed);
    bridge.write("etc/A", broken);
    bridge.configure(file_engine("A"));
    const Ran first = heal(bridge, GetParam(), number, came);
    if (first.err.find("ptrace") != std::string::npos) GTEST_SKIP() << "processes may not be traced here";
    const std::string left = bridge.read("etc/A");
    EXPECT_TRUE(left == broken || left == healed) << left;
    if (first.exit_code == 0) {
      EXPECT_EQ(left, healed) << first.out;
    } else if (came) {
      EXPECT_FALSE(first.err.empty() && first.out.empty());
    }
    (void)bridge.autoheal({"resume"});
    const Ran again = bridge.autoheal({"heal", "A"});
    EXPECT_EQ(again.exit_code, 0) << first.out << first.err << again.out << again.err;
    EXPECT_EQ(bridge.read("etc/A"), healed);
    const Ran verified = bridge.autoheal({"ledger", "verify"});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err << first.err;
  }
  EXPECT_FALSE(came);
}

}  // namespace
}  // namespace autoheal::testing
