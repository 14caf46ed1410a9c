// Who has a file open for writing, and what happens to it: nobody's bytes are lost.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>

#include "tests/unit/host/staging_fixture.hpp"
#include "tools/host/facts/file_quiet.hpp"
#include "tools/host/system/file_writers.hpp"
#include "tools/host/system/swap_lease.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::int64_t one_second_ns = 1'000'000'000;

class OpenWritersTest : public StagingTest {
 protected:
  UniqueFd open_file(const std::string& path, int flags) {
    return UniqueFd(::open((root_ / path).c_str(), flags | O_CLOEXEC));
  }
  FileIdentity identity(const std::string& path) { return FileIdentity::of(status(path)); }
  std::vector<FileInWriting> writing(OpenWriters rule, std::int64_t ahead_ns = 0, WritingQuestion question = {}) {
    const auto root = RootFolder::open(spec_.root);
    return files_in_writing(*root, {"a.conf"}, question, rule, wall_clock_ns() + ahead_ns, own_);
  }
  const std::string us_ = "pid " + std::to_string(::getpid());
};

TEST_F(OpenWritersTest, AreFoundWithTheirNames) {
  write("a.conf", "a");
  write("b.conf", "b");
  EXPECT_THAT(find_writers({identity("a.conf"), identity("b.conf")}).of, IsEmpty());
  const UniqueFd reader = open_file("a.conf", O_RDONLY), writer = open_file("b.conf", O_RDWR);
  const auto found = find_writers({identity("a.conf"), identity("b.conf")});
  ASSERT_THAT(found.of, SizeIs(1));
  const auto& writers = found.of.at(identity("b.conf"));
  EXPECT_EQ(writers.front().pid, ::getpid());
  EXPECT_THAT(text_of(writers), AllOf(HasSubstr(us_), HasSubstr("unit_host")));
}

TEST_F(OpenWritersTest, AMappingIsFoundWithoutItsDescriptor) {
  write("a.conf", "0123456789");
  UniqueFd writer = open_file("a.conf", O_RDWR);
  void* const shared = ::mmap(nullptr, 10, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
  ASSERT_NE(shared, MAP_FAILED);
  writer.reset();
  const auto found = find_writers({identity("a.conf")});
  ASSERT_THAT(found.of, SizeIs(1));
  EXPECT_TRUE(found.of.begin()->second.front().mapped);
  ::munmap(shared, 10);
  EXPECT_THAT(find_writers({identity("a.conf")}).of, IsEmpty());
}

TEST_F(OpenWritersTest, AreAtWorkUntilNothingHasChangedForTwoSeconds) {
  write("a.conf", "half");
  EXPECT_THAT(writing(OpenWriters::swap), IsEmpty());
  const UniqueFd writer = open_file("a.conf", O_WRONLY);
  ASSERT_THAT(writing(OpenWriters::swap), SizeIs(1));
  EXPECT_THAT(sentence_of(writing(OpenWriters::swap)), HasSubstr("a.conf is being written by " + us_));
  EXPECT_THAT(writing(OpenWriters::swap, 3 * one_second_ns), IsEmpty());
  EXPECT_THAT(writing(OpenWriters::wait, 3600 * one_second_ns), SizeIs(1));
  EXPECT_THAT(writing(OpenWriters::swap, -3600 * one_second_ns), IsEmpty()) << "written before the clock was put back";
}

TEST_F(OpenWritersTest, WhatWasEmptiedOrWentAwayAMomentAgoMayCome) {
  write("a.conf", "");
  ASSERT_THAT(writing(OpenWriters::swap), SizeIs(1));
  EXPECT_EQ(writing(OpenWriters::swap).front().state, Writing::settling);
  EXPECT_THAT(writing(OpenWriters::swap, 2 * one_second_ns), IsEmpty());
  fs::remove(root_ / "a.conf");
  EXPECT_THAT(writing(OpenWriters::swap), IsEmpty());
  EXPECT_THAT(writing(OpenWriters::swap, 0, {true, {}}), SizeIs(1));
  EXPECT_THAT(writing(OpenWriters::swap, 2 * one_second_ns, {true, {}}), IsEmpty());
  fs::create_directories(root_ / "a.conf");
  EXPECT_THAT(writing(OpenWriters::swap, 0, {true, {}}), IsEmpty()) << "no file";
}

TEST_F(OpenWritersTest, ALeaseIsRefusedWhileSomebodyWritesAndTellsWhoWantsTo) {
  write("a.conf", "a");
  {
    const UniqueFd writer = open_file("a.conf", O_WRONLY);
    EXPECT_EQ(SwapLease(open_file("a.conf", O_RDONLY)).taken(), SwapLease::Taken::in_use);
  }
  EXPECT_EQ(SwapLease(UniqueFd()).taken(), SwapLease::Taken::unknown);
  SwapLease lease(open_file("a.conf", O_RDONLY));
  if (lease.taken() == SwapLease::Taken::unknown) GTEST_SKIP() << "this file system knows no leases";
  const UniqueFd reader = open_file("a.conf", O_RDONLY);
  EXPECT_FALSE(lease.is_wanted()) << "reading disturbs nobody";
  EXPECT_LT(open_file("a.conf", O_WRONLY | O_NONBLOCK).get(), 0);
  EXPECT_TRUE(lease.is_wanted());
  lease.release();
  EXPECT_GE(open_file("a.conf", O_WRONLY).get(), 0);
}

TEST_F(OpenWritersTest, NothingIsReplacedThatSomebodyIsAtWorkOn) {
  write("a.conf", "half");
  const Change change = rewriting("a.conf", "new");
  const UniqueFd writer = open_file("a.conf", O_WRONLY | O_APPEND);
  const auto outcome = apply(change);
  EXPECT_EQ(outcome.status, ChangeStatus::target_changed);
  EXPECT_THAT(outcome.message, HasSubstr(us_));
  EXPECT_EQ(status("a.conf").st_ino, change.before.inode);
  EXPECT_THAT(staged(), IsEmpty());
  EXPECT_EQ(apply(removing("a.conf")).status, ChangeStatus::target_changed);
  EXPECT_EQ(read("a.conf"), "half");
}

TEST_F(OpenWritersTest, TheRuleSaysWhatIsDoneWithOneThatIsQuiet) {
  write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  const UniqueFd writer = open_file("a.conf", O_WRONLY | O_APPEND);
  ahead_ns_ = 3 * one_second_ns;
  spec_.healing.open_writers = OpenWriters::refuse;
  const auto refused = apply(change);
  EXPECT_EQ(refused.status, ChangeStatus::refused);
  EXPECT_THAT(refused.message, AllOf(HasSubstr(us_), HasSubstr("open_writers: refuse")));
  spec_.healing.open_writers = OpenWriters::wait;
  EXPECT_EQ(apply(change).status, ChangeStatus::failed);
  EXPECT_EQ(read("a.conf"), "old");
  spec_.healing.open_writers = OpenWriters::swap;
  EXPECT_EQ(apply(change).status, ChangeStatus::done);
  EXPECT_EQ(read("a.conf"), "new");
}

TEST_F(OpenWritersTest, WhoeverOpensItDuringTheSwapWritesToWhatStaysInPlace) {
  write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  if (SwapLease(open_file("a.conf", O_RDONLY)).taken() == SwapLease::Taken::unknown)
    GTEST_SKIP() << "this file system knows no leases";
  const auto outcome = apply(change, [&](std::string_view step) {
    // One who does not wait is told that somebody holds it; the kernel remembers that he came.
    if (step == "leased") {
      EXPECT_LT(open_file("a.conf", O_WRONLY | O_NONBLOCK).get(), 0);
    }
  });
  EXPECT_EQ(outcome.status, ChangeStatus::target_changed) << outcome.message;
  EXPECT_EQ(status("a.conf").st_ino, change.before.inode);
  EXPECT_THAT(staged(), IsEmpty());
  EXPECT_GE(open_file("a.conf", O_WRONLY).get(), 0) << "nobody holds it any more";
}

TEST_F(OpenWritersTest, WhatWasDisplacedStaysUntilItIsClosedAndWhatWasWrittenToItIsKeptAndNamed) {
  write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  UniqueFd writer = open_file("a.conf", O_WRONLY | O_APPEND);
  ahead_ns_ = 3 * one_second_ns;
  ASSERT_EQ(apply(change).status, ChangeStatus::done);
  const auto root = RootFolder::open(spec_.root);
  const std::string ledger = heal_.substr(0, heal_.find('/'));
  EXPECT_THAT(heals_with_images(*root, ledger), ElementsAre("0190-heal"));
  auto kept = settle_images(*root, blobs_, heal_);
  ASSERT_THAT(kept, SizeIs(1));
  EXPECT_THAT(kept.front().who, HasSubstr(us_));
  const std::string open = text_of(kept.front(), 1, std::span(&change, 1));
  EXPECT_EQ(open, kept.front().path + ": displaced from a.conf; it is still open for writing by " + kept.front().who);
  EXPECT_TRUE(waits_for_a_writer(open));
  EXPECT_EQ(without_names(open), kept.front().path + ": displaced from a.conf; ");
  EXPECT_THAT(text_of(kept.front(), 2, std::span(&change, 1)), Not(HasSubstr("displaced from")))
      << "the plan is of another attempt";
  ASSERT_EQ(::write(writer.get(), " and more", 9), 9);
  writer.reset();
  EXPECT_THAT(settle_images(*root, blobs_, ledger + "/another/"), IsEmpty());
  kept = settle_images(*root, blobs_, heal_);
  ASSERT_THAT(kept, SizeIs(1));
  EXPECT_EQ(kept.front().who, "");
  EXPECT_FALSE(waits_for_a_writer(text_of(kept.front(), 1, std::span(&change, 1))));
  EXPECT_EQ(*blobs_.get(kept.front().written), "old and more");
  EXPECT_EQ(read(kept.front().path), "old and more");
  EXPECT_EQ(settle_images(*root, blobs_, heal_), kept) << "it stays, and says the same";
}

TEST_F(OpenWritersTest, WhatIsClosedWithoutAWriteIsPutAwayLater) {
  write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  UniqueFd writer = open_file("a.conf", O_WRONLY);
  ahead_ns_ = 3 * one_second_ns;
  ASSERT_EQ(apply(change).status, ChangeStatus::done);
  EXPECT_THAT(settle(), SizeIs(1));
  writer.reset();
  EXPECT_THAT(settle(), IsEmpty());
  EXPECT_THAT(staged(), IsEmpty());
  EXPECT_EQ(*blobs_.get(change.before.digest), "old");
}

TEST_F(OpenWritersTest, LeftoversOfEditorsAreNoModulesUnlessTheyAreNamed) {
  write("etc/app.conf", "a");
  write("etc/.app.conf.swp", "b");
  write("etc/app.conf~", "c");
  write("etc/4913", "d");
  const auto paths_of = [&](const HashRequest& request) {
    std::vector<std::string> paths;
    const auto findings = host().hash(spec_, request);
    for (const HashFinding& finding : *findings) paths.push_back(finding.path);
    return paths;
  };
  EXPECT_THAT(paths_of({{"etc/**"}, {}}), ElementsAre("etc/app.conf"));
  EXPECT_THAT(paths_of({{"etc/**", "etc/4913"}, {}}), ElementsAre("etc/4913", "etc/app.conf"));
  EXPECT_THAT(paths_of({{"etc/**"}, {"etc/app.conf~"}}), ElementsAre("etc/app.conf", "etc/app.conf~"));
}

TEST_F(OpenWritersTest, SecurityOnlyReportsALeftoverThatIsYoungOrOpen) {
  write("etc/.app.conf.swp", "password=1", 0666);
  write("etc/app.conf", "password=1", 0600);
  SecuritySpec policy;
  policy.paths = {"etc"};
  policy.max_mode = 0755;
  policy.forbid = {"password"};
  auto findings = host().scan(spec_, policy, {});
  ASSERT_TRUE(findings);
  ASSERT_THAT(*findings, SizeIs(3)) << findings->front().path << ": " << findings->front().message;
  for (const SecurityFinding& finding : *findings) EXPECT_EQ(finding.passing, finding.path == "etc/.app.conf.swp");
  policy.paths = {"etc/.app.conf.swp"};
  findings = host().scan(spec_, policy, {});
  ASSERT_THAT(*findings, SizeIs(2));
  EXPECT_FALSE(findings->front().passing) << "named by somebody";
}

}  // namespace
}  // namespace autoheal::host
