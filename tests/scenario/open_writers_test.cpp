// Others write a target while the healer looks at it: what they write is neither tested half done nor lost, and where
// one keeps it open for ever it is healed all the same, with his name.
#include <fcntl.h>
#include <gmock/gmock.h>

#include "tests/support/examples/repair_examples.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class OpenWriters : public ::testing::Test {
 protected:
  void SetUp() override {
    bridge_.write("baseline/app.conf", good_);
    bridge_.write("etc/File", good_);
  }
  void configure(const std::string& more = {}) const { bridge_.configure(file_engine("File", more)); }
  UniqueFd open_file(int flags) const {
    return UniqueFd(::open(bridge_.path("etc/File").c_str(), O_WRONLY | O_CLOEXEC | flags));
  }
  static void put(const UniqueFd& file, const std::string& text) {
    ASSERT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::vector<std::string> staged() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(bridge_.path(".autoheal"))) {
      if (entry.path().filename() != "lock") names.push_back(entry.path().filename());
    }
    return names;
  }
  const std::string good_ = "port = 8080\n";
  const std::string us_ = "pid " + std::to_string(::getpid());
  Bridge bridge_;
};

TEST_F(OpenWriters, WhatIsHalfWrittenIsNotTestedAndTheGoodResultStays) {
  configure();
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  auto writer = open_file(O_TRUNC);
  put(writer, good_.substr(0, 4));
  for (unsigned look = 0; look < 3; ++look) {
    daemon.inspect("File");
    EXPECT_TRUE(eventually([&] { return !daemon.engine("File").at("testing"); }));
  }
  EXPECT_EQ(daemon.engine("File").at("outcome"), "passed") << "nobody tells a half";
  put(writer, good_.substr(4));
  writer.reset();
  daemon.inspect("File");
  daemon.expect_passes("File");
  EXPECT_EQ(daemon.count("heal.triggered"), 0U);
  EXPECT_EQ(bridge_.read("etc/File"), good_);
}

TEST_F(OpenWriters, ABadResultIsHealedOnce) {
  configure();
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  auto writer = open_file(O_TRUNC);
  put(writer, "bad");
  daemon.inspect("File");
  put(writer, " and bad");
  writer.reset();
  daemon.expect_count("heal.completed", 1);
  EXPECT_EQ(daemon.count("heal.triggered"), 1U);
  EXPECT_EQ(bridge_.read("etc/File"), good_);
}

TEST_F(OpenWriters, OneWhoKeepsItOpenIsNamedAndWhatHeWritesLaterIsKept) {
  configure();
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  auto writer = open_file(O_APPEND);
  put(writer, "bad\n");
  daemon.expect_count("heal.completed", 1);
  EXPECT_EQ(bridge_.read("etc/File"), good_);
  daemon.expect_count("heal.images_kept", 1);
  const auto says = [&](const std::string& words) {
    return eventually([&] { return daemon.said().find(words) != std::string::npos; });
  };
  EXPECT_TRUE(says("displaced from etc/File; it is still open for writing by " + us_)) << daemon.said();
  put(writer, "late\n");
  writer.reset();
  daemon.expect_count("heal.images_kept", 2);
  EXPECT_TRUE(says("somebody wrote to it after it was displaced; the vault has that as")) << daemon.said();
  ASSERT_THAT(staged(), SizeIs(1));
  EXPECT_EQ(bridge_.read(".autoheal/" + staged().front()), good_ + "bad\nlate\n");
  EXPECT_THAT(
      bridge_.autoheal({"show", "last"}).out,
      HasSubstr("displaced from etc/File; it is not what the plan saw: somebody wrote to it after it was displaced; "
                "the vault has that as sha256:"));
}

TEST_F(OpenWriters, ACommandDoesNotStayForHimAndTheNextOnePutsItAway) {
  configure();
  auto writer = open_file(O_APPEND);
  put(writer, "bad\n");
  const Ran healed = bridge_.autoheal({"heal", "File"});
  EXPECT_EQ(healed.exit_code, 0) << healed.err;
  EXPECT_EQ(bridge_.read("etc/File"), good_);
  EXPECT_THAT(healed.err, HasSubstr("still open for writing by " + us_));
  EXPECT_THAT(staged(), SizeIs(1));
  writer.reset();
  EXPECT_EQ(bridge_.autoheal({"selftest"}).exit_code, 0);
  EXPECT_THAT(staged(), IsEmpty());
}

TEST_F(OpenWriters, WhereTheOwnerSaysSoNothingIsReplacedAndHeIsNamed) {
  configure("    healing: { open_writers: refuse, max_retries: 1 }\n");
  auto writer = open_file(O_APPEND);
  put(writer, "bad\n");
  EXPECT_EQ(bridge_.autoheal({"heal", "File"}).exit_code, 1);
  EXPECT_EQ(bridge_.read("etc/File"), good_ + "bad\n");
  EXPECT_THAT(bridge_.autoheal({"show", "last"}).out, HasSubstr("open for writing by " + us_));
  writer.reset();
  EXPECT_EQ(bridge_.autoheal({"heal", "File"}).exit_code, 0);
}

TEST_F(OpenWriters, ALinkOnTheWayIsSwitchedAndTheWatchFollows) {
  bridge_.write("r1/etc/File", good_);
  bridge_.write("r2/etc/File", good_);
  std::filesystem::create_symlink("r1", bridge_.path("current"));
  bridge_.configure(
      "  - name: File\n    root: current\n    every: 1h\n"
      "    self_test: [ { name: f, file: { path: etc/File, baseline: baseline/app.conf } } ]\n"
      "    repair: { files: [ { path: etc/File, baseline: baseline/app.conf } ] }\n");
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  shell(bridge_, "ln -s r2 next && mv -T next current");
  bridge_.write("r2/etc/File", "bad\n");
  daemon.expect_count("heal.completed", 1);
  EXPECT_EQ(bridge_.read("r2/etc/File"), good_);
}

}  // namespace
}  // namespace autoheal::testing
