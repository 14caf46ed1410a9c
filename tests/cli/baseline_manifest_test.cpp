// `baseline manifest` as a release build runs it: without a configuration, beside the real sha256sum.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace fs = std::filesystem;

class BaselineManifest : public ::testing::Test {
 protected:
  void release() const {
    bridge_.write("1.2/bin/app", "one\n", 0755);
    bridge_.write("1.2/etc/app.conf", "two\n");
    bridge_.write("1.2/a\\b", "x");
    bridge_.write("1.2/-", "y");
    bridge_.write("1.2/größe und mehr", "z");
    fs::create_symlink("../etc/app.conf", bridge_.path("1.2/bin/conf"));
  }
  [[nodiscard]] Ran manifest(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"baseline", "manifest"});
    return bridge_.autoheal(std::move(arguments));
  }
  [[nodiscard]] Ran sha256sum(const std::string& file) const {
    return run({{"/usr/bin/sha256sum", "--strict", "-c", file}, {}, {}, bridge_.path("1.2").string()});
  }
  Bridge bridge_;
};

TEST_F(BaselineManifest, IsWhatSha256sumChecks) {
  release();
  const Ran made = manifest({"1.2"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("1.2/MANIFEST.sha256 lists 6 files"));
  EXPECT_THAT(made.err, IsEmpty());
  struct stat written{};
  ASSERT_EQ(::stat(bridge_.path("1.2/MANIFEST.sha256").c_str(), &written), 0);
  EXPECT_EQ(written.st_mode & 07777U, 0644U);
  const Ran checked = sha256sum("MANIFEST.sha256");
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  // Nothing of Autoheal's own is left, with neither configuration nor ledger needed.
  EXPECT_EQ(std::distance(fs::directory_iterator(bridge_.path("")), {}), 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(bridge_.path("1.2")), {}), 6);

  const std::string before = bridge_.read("1.2/MANIFEST.sha256");
  EXPECT_EQ(manifest({"1.2"}).exit_code, 0);
  EXPECT_EQ(bridge_.read("1.2/MANIFEST.sha256"), before);
  bridge_.write("1.2/bin/app", "two\n");
  EXPECT_EQ(sha256sum("MANIFEST.sha256").exit_code, 1);
}

TEST_F(BaselineManifest, AnswersInJsonAndTakesNameAndGlobs) {
  release();
  bridge_.write("1.2/logs/app.log", "x");
  bridge_.write("1.2/app.pid", "1");
  const Ran made = manifest({"-o", "json", "--name", "SUMS", "--ignore", "logs/**", "--ignore", "*.pid", "1.2"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.out, "{\"manifest\":\"1.2/SUMS\",\"files\":6}\n");
  EXPECT_THAT(bridge_.read("1.2/SUMS"), AllOf(HasSubstr("  bin/app\n"), Not(HasSubstr("app.log"))));
  EXPECT_EQ(sha256sum("SUMS").exit_code, 0);
}

TEST_F(BaselineManifest, AFolderThatIsNotThereIsFive) {
  bridge_.write("file", "x");
  for (const std::string wrong : {"nowhere", "file", "file/below"}) {
    const Ran refused = manifest({wrong});
    EXPECT_EQ(refused.exit_code, 5) << wrong;
    EXPECT_THAT(refused.err, AllOf(HasSubstr("folder"), HasSubstr(wrong)));
    EXPECT_THAT(refused.out, IsEmpty());
  }
}

TEST_F(BaselineManifest, WhatCannotBeListedIsOneAndNothingIsWritten) {
  release();
  ASSERT_EQ(::mkfifo(bridge_.path("1.2/pipe").c_str(), 0644), 0);
  const Ran refused = manifest({"1.2"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("pipe is a FIFO"), HasSubstr("--ignore")));
  EXPECT_FALSE(bridge_.exists("1.2/MANIFEST.sha256"));
  EXPECT_EQ(manifest({"1.2", "--ignore", "pipe"}).exit_code, 0);
  fs::create_directory(bridge_.path("empty"));
  EXPECT_EQ(manifest({"empty"}).exit_code, 1);
}

TEST_F(BaselineManifest, WhatCannotBeWrittenIsSix) {
  release();
  fs::create_directories(bridge_.path("1.2/MANIFEST.sha256"));
  const Ran in_the_way = manifest({"1.2"});
  EXPECT_EQ(in_the_way.exit_code, 6);
  EXPECT_THAT(in_the_way.err, HasSubstr("cannot write 1.2/MANIFEST.sha256: "));
  EXPECT_FALSE(bridge_.exists("1.2/.autoheal-manifest.new"));
  fs::remove(bridge_.path("1.2/MANIFEST.sha256"));
  // The remains of an interrupted run, or a trap.
  fs::create_symlink("bin/app", bridge_.path("1.2/.autoheal-manifest.new"));
  const Ran refused = manifest({"1.2"});
  EXPECT_EQ(refused.exit_code, 6);
  EXPECT_THAT(refused.err, AllOf(HasSubstr(".autoheal-manifest.new"), HasSubstr("remove")));
  EXPECT_EQ(bridge_.read("1.2/bin/app"), "one\n");
  EXPECT_FALSE(bridge_.exists("1.2/MANIFEST.sha256"));
}

TEST_F(BaselineManifest, HelpTeachesAndUsageErrorsAreTwo) {
  release();
  const Ran help = manifest({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("autoheal baseline manifest releases/1.2"), HasSubstr("sha256sum -c")));
  EXPECT_EQ(manifest({}).exit_code, 2);
  EXPECT_EQ(manifest({"1.2", "--name", "a/b"}).exit_code, 2);
}

}  // namespace
}  // namespace autoheal::testing
