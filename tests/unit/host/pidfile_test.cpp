#include "tools/host/service/pidfile.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/host/host_fixture.hpp"
#include "tools/host/system/linked_place.hpp"
#include "tools/host/watch/watched_paths.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A folder in /run that goes with the test.
class FolderInRun {
 public:
  FolderInRun() : path_("/run/autoheal-test-" + std::to_string(::getpid())) {
    there_ = ::mkdir(path_.c_str(), 0755) == 0;
  }
  ~FolderInRun() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  FolderInRun(const FolderInRun&) = delete;
  FolderInRun& operator=(const FolderInRun&) = delete;
  [[nodiscard]] bool is_there() const { return there_; }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool there_ = false;
};

class PidfileTest : public HostTest {
 protected:
  Result<pid_t> pid_in(const std::string& pidfile, const OwnFiles& own = OwnFiles()) {
    const auto root = RootFolder::open(spec_.root);
    EXPECT_TRUE(root);
    return read_pidfile(*root, pidfile, own);
  }
  std::string why_not(const std::string& pidfile) {
    const auto pid = pid_in(pidfile);
    EXPECT_FALSE(pid) << pidfile;
    return pid ? std::string() : pid.error().message;
  }
  void link(const fs::path& target, const std::string& name) {
    fs::create_directories((root_ / name).parent_path());
    fs::create_symlink(target, root_ / name);
  }
};

TEST_F(PidfileTest, TheFirstLineIsTheNumber) {
  for (const std::string content : {"77", "77\n", " 77 \r\n", "\n77\n", "      77\n", "77\n/usr/sbin/sendmail -bd\n",
                                    "77\n/var/lib/postgresql/15/main\n1700000000\n5432\n"}) {
    write("run/app.pid", content);
    const auto pid = pid_in("run/app.pid");
    ASSERT_TRUE(pid) << content << pid.error().message;
    EXPECT_EQ(*pid, 77) << content;
  }
  write("run/app.pid", std::string("77\0", 3));
  EXPECT_EQ(pid_in("run/app.pid").value_or(0), 77);
  for (const std::string content : {"", "\n", "77 88\n", "77x\n", "x\n77\n", "-77\n", "0\n", "0x4d\n"}) {
    write("run/app.pid", content);
    EXPECT_FALSE(pid_in("run/app.pid")) << content;
  }
}

TEST_F(PidfileTest, LinksBelowTheRootAreFollowed) {
  write("real/deep/app.pid", "77\n");
  link("real", "run");                        // relative
  link("../real/deep", "var/deep");           // up and down again
  link(root_ / "real/deep", "absolute");      // absolute
  link("deep/app.pid", "real/file.pid");      // the file itself
  link(root_ / "run/file.pid", "chain.pid");  // a link to a link through a link
  link("./real//deep/.", "dots");
  for (const std::string path : {"run/deep/app.pid", "var/deep/app.pid", "absolute/app.pid", "real/file.pid",
                                 "run/file.pid", "chain.pid", "dots/app.pid"}) {
    const auto pid = pid_in(path);
    ASSERT_TRUE(pid) << path << ": " << pid.error().message;
    EXPECT_EQ(*pid, 77) << path;
  }
}

TEST_F(PidfileTest, TheRootsOwnWayMayLeadThroughLinks) {
  write("real/app.pid", "77\n");
  const fs::path current = base_ / "current";
  fs::create_symlink(root_, current);
  link(current / "real", "run");
  const auto root = RootFolder::open(current.string());
  ASSERT_TRUE(root);
  EXPECT_EQ(read_pidfile(*root, "run/app.pid", OwnFiles()).value_or(0), 77);
}

TEST_F(PidfileTest, LinksToRunAreFollowed) {
  const FolderInRun run;
  if (!run.is_there()) GTEST_SKIP() << "/run may not be written here";
  write(run.path() / "app.pid", "77\n");
  link(run.path(), "run");
  link("/run", "var/run");
  link("/var/run", "old/run");  // the system's own link
  link(run.path() / "app.pid", "app.pid");
  const std::string name = run.path().filename().string();
  for (const std::string& path : {std::string("run/app.pid"), "var/run/" + name + "/app.pid",
                                  "old/run/" + name + "/app.pid", std::string("app.pid")}) {
    if (path.starts_with("old") && !fs::is_symlink("/var/run")) continue;
    const auto pid = pid_in(path);
    ASSERT_TRUE(pid) << path << ": " << pid.error().message;
    EXPECT_EQ(*pid, 77) << path;
  }
  spec_.repair.service = ServiceRepair{};
  spec_.repair.service->pidfile = "run/app.pid";
  EXPECT_THAT(watched_paths(spec_).paths, ElementsAre("run"));
  const auto in_run = watched_in_run(spec_);
  ASSERT_TRUE(in_run);
  EXPECT_EQ(in_run->root, "/run");
  EXPECT_THAT(in_run->paths, ElementsAre(name + "/app.pid"));
}

TEST_F(PidfileTest, WhereALinkLeadsIsWatched) {
  write("real/app.pid", "77\n");
  link("../real", "var/run");
  spec_.repair.service = ServiceRepair{};
  spec_.repair.service->pidfile = "var/run/app.pid";
  EXPECT_THAT(watched_paths(spec_).paths, ElementsAre("real/app.pid", "var/run"));
  EXPECT_FALSE(watched_in_run(spec_));
  fs::remove(root_ / "real/app.pid");  // not started yet
  EXPECT_THAT(watched_paths(spec_).paths, ElementsAre("real/app.pid", "var/run"));
}

TEST_F(PidfileTest, NoOtherLinkIsFollowed) {
  write(base_ / "outside/app.pid", "77\n");
  write("real/app.pid", "77\n");
  write(".autoheal/app.pid", "77\n");
  link(base_ / "outside", "out");
  link("../" + (base_ / "outside").filename().string(), "up");
  link(base_ / "outside/app.pid", "file.pid");
  fs::create_symlink(root_ / "real", base_ / "outside/back");
  link(base_ / "outside/back", "there_and_back");
  link("round", "round");
  link(".autoheal", "staging");
  link("/proc/self", "self");
  link("nowhere", "dangling");
  for (const std::string path : {"out/app.pid", "up/app.pid", "file.pid", "there_and_back/app.pid", "self/stat"})
    EXPECT_THAT(why_not(path), HasSubstr("neither below the root nor in /run")) << path;
  EXPECT_THAT(why_not("staging/app.pid"), HasSubstr("belongs to Autoheal itself"));
  EXPECT_THAT(why_not("round/app.pid"), HasSubstr("symbolic link"));
  for (const std::string path : {"dangling/app.pid", "dangling", "real/app.pid/x"}) why_not(path);
  const OwnFiles own({root_ / "real/app.pid"});
  link("real", "run");
  const auto refused = pid_in("run/app.pid", own);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
}

TEST_F(PidfileTest, TheProbeAndTheServicesStateFollowThem) {
  write("real/app.pid", std::to_string(::getpid()) + "\n");
  link("real", "run");
  EXPECT_EQ(host().probe(spec_, Probe{"probe", {}, true, ProcessProbe{"run/app.pid"}}, mark_).verdict,
            ProbeVerdict::pass);
  ServiceRepair service;
  service.pidfile = "run/app.pid";
  EXPECT_EQ(host().service_status(spec_, service).state, ServiceState::running);
}

}  // namespace
}  // namespace autoheal::host
