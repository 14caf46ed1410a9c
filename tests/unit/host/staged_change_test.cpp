#include <gmock/gmock.h>
#include <sys/xattr.h>

#include <atomic>
#include <thread>

#include "autoheal/engine/base/digest.hpp"
#include "tests/unit/host/staging_fixture.hpp"
#include "tools/host/change/left_behind.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using ::testing::IsEmpty;

using StagedChangeTest = StagingTest;

TEST_F(StagedChangeTest, WritesContentModeAndAttributesAndKeepsTheOldInode) {
  const auto file = write("etc/app.conf", "old\n", 0600);
  const bool attributes = ::setxattr(file.c_str(), "user.note", "kept", 4, 0) == 0;
  const ino_t inode = status("etc/app.conf").st_ino;
  const Change change = rewriting("etc/app.conf", "new\n", 0640);
  const auto outcome = apply(change);
  EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  EXPECT_EQ(read("etc/app.conf"), "new\n");
  EXPECT_EQ(status("etc/app.conf").st_mode & 07777U, 0640U);
  EXPECT_EQ(outcome.left, facts("etc/app.conf"));
  char value[8] = {};
  if (attributes) {
    EXPECT_EQ(::getxattr(file.c_str(), "user.note", value, sizeof value), 4);
  }
  EXPECT_EQ(status(".autoheal").st_mode & 07777U, 0700U);
  ASSERT_EQ(staged().size(), 1U);
  EXPECT_EQ(status(".autoheal/" + staged().front()).st_ino, inode);

  const auto undone = restore(change, &outcome);
  EXPECT_EQ(undone.status, UndoStatus::restored) << undone.message;
  EXPECT_EQ(read("etc/app.conf"), "old\n");
  EXPECT_EQ(status("etc/app.conf").st_ino, inode);
  EXPECT_EQ(status("etc/app.conf").st_mode & 07777U, 0600U);
  EXPECT_EQ(restore(change, &outcome).status, UndoStatus::restored);
  EXPECT_THAT(settle(), IsEmpty());
  EXPECT_THAT(staged(), IsEmpty());
}

TEST_F(StagedChangeTest, RepeatsAfterACrashAtEachStep) {
  for (const bool exchange : {true, false}) {
    exchange_ = exchange;
    for (const std::string step : {"part", "staged", "linked", "swapped", "verified"}) {
      SCOPED_TRACE(step + (exchange ? "" : " without exchange"));
      fs::remove_all(root_);
      write("a.conf", "old");
      const Change change = rewriting("a.conf", "new");
      bool crashed = false;
      try {
        (void)apply(change, crash_at(step));
      } catch (const Crash&) {
        crashed = true;
      }
      EXPECT_EQ(crashed, exchange ? step != "linked" : step != "verified");
      EXPECT_TRUE(read("a.conf") == "old" || read("a.conf") == "new");
      const auto outcome = apply(change);
      EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
      EXPECT_EQ(read("a.conf"), "new");
      EXPECT_EQ(status("a.conf").st_nlink, 1U);
      EXPECT_EQ(restore(change, nullptr).status, UndoStatus::restored);
      EXPECT_EQ(read("a.conf"), "old");
      EXPECT_EQ(status("a.conf").st_ino, change.before.inode);
    }
  }
}

TEST_F(StagedChangeTest, RestoresAfterACrashAtEachStepOfEither) {
  for (const std::string apply_step : {"part", "staged", "swapped", "verified", "none"}) {
    for (const std::string restore_step : {"displaced", "restored", "none"}) {
      SCOPED_TRACE(apply_step + ", " + restore_step);
      fs::remove_all(root_);
      write("a.conf", "old");
      const Change change = rewriting("a.conf", "new");
      try {
        (void)apply(change, crash_at(apply_step));
      } catch (const Crash&) {
      }
      try {
        (void)restore(change, nullptr, crash_at(restore_step));
      } catch (const Crash&) {
      }
      const auto undone = restore(change, nullptr);
      EXPECT_EQ(undone.status, UndoStatus::restored) << undone.message;
      EXPECT_EQ(read("a.conf"), "old");
      EXPECT_EQ(status("a.conf").st_ino, change.before.inode);
      EXPECT_THAT(settle(), IsEmpty());
      EXPECT_THAT(staged(), IsEmpty());
    }
  }
}

TEST_F(StagedChangeTest, LeavesAnEditFromBeforeTheRepair) {
  write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  write("a.conf", "edited");
  EXPECT_EQ(apply(change).status, ChangeStatus::target_changed);
  EXPECT_EQ(read("a.conf"), "edited");
  EXPECT_THAT(staged(), IsEmpty());
}

TEST_F(StagedChangeTest, SwapsBackAnEditFromRightBeforeTheSwap) {
  for (const bool crash : {false, true}) {
    fs::remove_all(root_);
    write("a.conf", "old");
    const Change change = rewriting("a.conf", "new");
    const auto edit = [&](std::string_view at) {
      if (at == "staged") write("a.conf", "edited");
      if (at == "swapped" && crash) throw Crash{};
    };
    ChangeOutcome outcome;
    try {
      outcome = apply(change, edit);
    } catch (const Crash&) {
      outcome = apply(change);
    }
    EXPECT_EQ(outcome.status, ChangeStatus::target_changed) << outcome.message;
    EXPECT_EQ(read("a.conf"), "edited");
    EXPECT_THAT(staged(), IsEmpty());
    EXPECT_EQ(restore(change, &outcome).status, UndoStatus::restored);
    EXPECT_EQ(read("a.conf"), "edited");
  }
}

TEST_F(StagedChangeTest, KeepsBothEditsWhenTwoRaceWithTheSwap) {
  write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  const auto outcome = apply(change, [&](std::string_view at) {
    if (at == "staged") write("a.conf", "first edit");
    if (at == "swapped") write("a.conf", "second edit");
  });
  EXPECT_EQ(outcome.status, ChangeStatus::target_changed);
  EXPECT_EQ(read("a.conf"), "second edit");
  ASSERT_EQ(staged().size(), 1U);
  EXPECT_EQ(read(".autoheal/" + staged().front()), "first edit");
  EXPECT_EQ(settle().size(), 1U);
  EXPECT_EQ(staged().size(), 1U);
}

TEST_F(StagedChangeTest, LeavesAForeignEditWhenRestoring) {
  write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  const auto outcome = apply(change);
  write("a.conf", "edited");
  EXPECT_EQ(restore(change, &outcome).status, UndoStatus::foreign);
  EXPECT_EQ(read("a.conf"), "edited");
  EXPECT_THAT(settle(), IsEmpty());
  EXPECT_EQ(*blobs_.get(change.before.digest), "old");
}

TEST_F(StagedChangeTest, SettleMovesTheImageIntoTheVaultAndRestoreStillFindsIt) {
  write("a.conf", "old", 0604);
  const Change change = rewriting("a.conf", "new");
  const auto outcome = apply(change);
  EXPECT_FALSE(blobs_.get(change.before.digest));
  EXPECT_THAT(settle(), IsEmpty());
  EXPECT_THAT(staged(), IsEmpty());
  EXPECT_EQ(*blobs_.get(change.before.digest), "old");
  const auto undone = restore(change, &outcome);
  EXPECT_EQ(undone.status, UndoStatus::restored) << undone.message;
  EXPECT_EQ(read("a.conf"), "old");
  EXPECT_EQ(status("a.conf").st_mode & 07777U, 0604U);
}

TEST_F(StagedChangeTest, SettleKeepsAnImageThatALateWriterChanged) {
  const auto file = write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  std::ofstream late(file, std::ios::app);
  ahead_ns_ = 3'000'000'000;
  EXPECT_EQ(apply(change).status, ChangeStatus::done);
  late << " and more" << std::flush;
  const auto kept = settle();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(read(kept.front().substr(0, kept.front().find(": "))), "old and more");
}

TEST_F(StagedChangeTest, MakesRemovesAndLinks) {
  Change made = rewriting("new.conf", "fresh", 0600);
  for (const std::string step : {"part", "staged", "swapped", "none"}) {
    SCOPED_TRACE(step);
    try {
      (void)apply(made, crash_at(step));
    } catch (const Crash&) {
    }
    EXPECT_EQ(apply(made).status, ChangeStatus::done);
    EXPECT_EQ(restore(made, nullptr).status, UndoStatus::restored);
    EXPECT_FALSE(fs::exists(root_ / "new.conf"));
    EXPECT_THAT(settle(), IsEmpty());
  }
  write("gone.conf", "bytes");
  const Change gone = removing("gone.conf");
  try {
    (void)apply(gone, crash_at("swapped"));
  } catch (const Crash&) {
  }
  const auto outcome = apply(gone);
  EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  EXPECT_FALSE(fs::exists(root_ / "gone.conf"));
  EXPECT_EQ(restore(gone, &outcome).status, UndoStatus::restored);
  EXPECT_EQ(read("gone.conf"), "bytes");

  fs::create_symlink("releases/2", root_ / "current");
  Change link;
  link.kind = ChangeKind::links;
  link.before = facts("current");
  link.after = as_after(link.before);
  link.after.link_target = "releases/1";
  const auto linked = apply(link);
  EXPECT_EQ(linked.status, ChangeStatus::done) << linked.message;
  EXPECT_EQ(fs::read_symlink(root_ / "current"), "releases/1");
  EXPECT_EQ(restore(link, &linked).status, UndoStatus::restored);
  EXPECT_EQ(fs::read_symlink(root_ / "current"), "releases/2");
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(StagedChangeTest, ANewFileThatSomebodyElseMadeIsTheirs) {
  const Change made = rewriting("new.conf", "fresh");
  const auto outcome = apply(made, [&](std::string_view at) {
    if (at == "staged") write("new.conf", "theirs");
  });
  EXPECT_EQ(outcome.status, ChangeStatus::target_changed);
  EXPECT_EQ(read("new.conf"), "theirs");
  EXPECT_EQ(restore(made, &outcome).status, UndoStatus::restored);
  EXPECT_EQ(read("new.conf"), "theirs");
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(StagedChangeTest, ChangesModesOfFilesAndFolders) {
  write("a.conf", "same", 0666);
  Change file;
  file.before = facts("a.conf");
  file.after = as_after(file.before);
  file.after.mode = 0640;
  const auto outcome = apply(file);
  EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  EXPECT_EQ(read("a.conf"), "same");
  EXPECT_EQ(status("a.conf").st_mode & 07777U, 0640U);
  fs::create_directory(root_ / "open");
  ::chmod((root_ / "open").c_str(), 0777);
  Change folder;
  folder.before = facts("open");
  folder.after = as_after(folder.before);
  folder.after.mode = 0750;
  EXPECT_EQ(apply(folder).status, ChangeStatus::done);
  EXPECT_EQ(status("open").st_mode & 07777U, 0750U);
  EXPECT_EQ(apply(folder).status, ChangeStatus::done) << "it is known as ours";
  EXPECT_EQ(restore(folder, nullptr).status, UndoStatus::restored);
  EXPECT_EQ(status("open").st_mode & 07777U, 0777U);
}

TEST_F(StagedChangeTest, RefusesWhatDoesNotValidate) {
  write("a.conf", "old");
  Change change = rewriting("a.conf", "new");
  const auto check = script("check", "grep -q good \"$1\"\n");
  change.validate = ProgramRun{{check.string(), "{file}"}, spec_.root, {}, {}, std::chrono::seconds(5)};
  EXPECT_EQ(apply(change).status, ChangeStatus::refused);
  EXPECT_EQ(read("a.conf"), "old");
  EXPECT_THAT(staged(), IsEmpty());
  change.after.content = *blobs_.put("good", engine::BlobNaming::plain);
  const auto outcome = apply(change);
  EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
}

TEST_F(StagedChangeTest, ShowsTheValidatorTheNewFileUnderTheTargetsOwnName) {
  const auto check = script("check", "echo \"$1\" > seen; stat -c %h \"$1\" >> seen; ls -A \"${1%/*}\" >> seen\n");
  for (const std::string path :
       {"etc/app.conf", "etc/nginx.service", "data.json", ".hidden", "sudoers.d/a b.c..d", "no"}) {
    SCOPED_TRACE(path);
    write(path, "old");
    Change change = rewriting(path, "new");
    change.validate = ProgramRun{{check.string(), "{file}"}, spec_.root, {}, {}, std::chrono::seconds(5)};
    const auto outcome = apply(change);
    EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
    EXPECT_EQ(read(path), "new");
    const std::string name = fs::path(path).filename();
    const std::string seen = read("seen");
    EXPECT_TRUE(seen.starts_with((root_ / ".autoheal").string())) << seen;
    EXPECT_TRUE(seen.ends_with("/" + name + "\n1\n" + name + "\n")) << seen;
    EXPECT_EQ(staged().size(), 1U) << "only what was displaced stays";
    settle();
  }
}

TEST_F(StagedChangeTest, TellsWhatTheValidatorPrintedAndWhatElseWentWrong) {
  write("a.conf", "old");
  Change change = rewriting("a.conf", "new");
  const auto validated_by = [&](const fs::path& program) {
    change.validate = ProgramRun{{program.string(), "{file}"}, spec_.root, {}, {}, std::chrono::milliseconds(300)};
    return apply(change);
  };
  const auto refused = validated_by(script("refuses", "echo one; echo two >&2; exit 3\n"));
  EXPECT_EQ(refused.status, ChangeStatus::refused);
  EXPECT_EQ(refused.printed, "one\ntwo\n");
  EXPECT_NE(refused.message.find("refuses ended with exit status 3"), std::string::npos) << refused.message;
  const auto slow = validated_by(script("slow", "sleep 60\n"));
  EXPECT_NE(slow.message.find("did not end within its time limit"), std::string::npos) << slow.message;
  const auto missing = validated_by(base_ / "missing");
  EXPECT_NE(missing.message.find("could not be run"), std::string::npos) << missing.message;
  const auto writes = validated_by(script("writes", "echo more >> \"$1\"\n"));
  EXPECT_EQ(writes.status, ChangeStatus::target_changed);
  EXPECT_NE(writes.message.find("its `validate` changed the new file"), std::string::npos) << writes.message;
  const auto removes = validated_by(script("removes", "rm \"$1\"\n"));
  EXPECT_NE(removes.status, ChangeStatus::done) << removes.message;
  EXPECT_EQ(read("a.conf"), "old");
  EXPECT_THAT(staged(), IsEmpty());
}

TEST_F(StagedChangeTest, ValidatesAgainAfterACrashWhileTheValidatorLooked) {
  write("a.conf", "old");
  Change change = rewriting("a.conf", "new");
  change.validate =
      ProgramRun{{script("check", "exit 0\n").string(), "{file}"}, spec_.root, {}, {}, std::chrono::seconds(5)};
  EXPECT_THROW((void)apply(change, crash_at("shown")), Crash);
  EXPECT_EQ(read("a.conf"), "old");
  EXPECT_EQ(staged().size(), 1U);
  EXPECT_EQ(apply(change).status, ChangeStatus::done);
  EXPECT_EQ(staged().size(), 1U);
  EXPECT_THAT(settle(), IsEmpty());
  EXPECT_THAT(staged(), IsEmpty());
}

TEST_F(StagedChangeTest, NamesWhatStaysAndWhyUntilTheVaultTakesIt) {
  write("a.conf", "old");
  const Change change = rewriting("a.conf", "new");
  ASSERT_EQ(apply(change).status, ChangeStatus::done);
  const fs::path before = root_ / ".autoheal" / staged().front();
  std::ofstream(before, std::ios::app) << "written through an old descriptor";
  const auto kept = settle();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_TRUE(kept.front().starts_with(".autoheal/before.")) << kept.front();
  EXPECT_NE(kept.front().find(": it is not what the plan saw: somebody wrote to it"), std::string::npos)
      << kept.front();
  const auto left = left_behind(root_);
  ASSERT_TRUE(left.has_value());
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->front().slot, Slot::before);
  EXPECT_EQ(left->front().number, 1U);
  EXPECT_EQ(left->front().bytes, 36U);
  EXPECT_EQ(mark_.find(left->front().ledger + "/" + left->front().heal + "/"), 0U) << mark_;
  std::ofstream(before, std::ios::trunc) << "old";
  EXPECT_THAT(settle(), IsEmpty());
  EXPECT_THAT(*left_behind(root_), IsEmpty());
}

TEST_F(StagedChangeTest, RefusesSymlinksInThePathHardLinksAndMissingFolders) {
  write("real/a.conf", "old");
  const Change change = rewriting("real/a.conf", "new");
  fs::rename(root_ / "real", base_ / "outside");
  fs::create_directory_symlink(base_ / "outside", root_ / "real");
  EXPECT_EQ(apply(change).status, ChangeStatus::refused);
  EXPECT_EQ(read(base_ / "outside" / "a.conf"), "old");
  fs::remove(root_ / "real");
  const auto missing = apply(change);
  EXPECT_EQ(missing.status, ChangeStatus::failed);
  EXPECT_NE(missing.message.find("real/a.conf"), std::string::npos);
  write("b.conf", "old");
  fs::create_hard_link(root_ / "b.conf", base_ / "other");
  EXPECT_EQ(apply(rewriting("b.conf", "new")).status, ChangeStatus::refused);
  EXPECT_EQ(read("b.conf"), "old");
}

TEST_F(StagedChangeTest, ASwapOfTheFolderForALinkNeverLeadsOutside) {
  fs::create_directory(base_ / "outside");
  write(base_ / "outside" / "a.conf", "outside");
  std::atomic<bool> stop{false};
  std::atomic<int> rounds{0};
  write("real/a.conf", "old");
  std::jthread swapper([&] {
    while (!stop) {
      const int begun = rounds;
      fs::rename(root_ / "real", root_ / "aside");
      fs::create_directory_symlink(base_ / "outside", root_ / "real");
      fs::remove(root_ / "real");
      fs::rename(root_ / "aside", root_ / "real");
      rounds.wait(begun);  // one swap beside each round
    }
  });
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (int round = 0, applied = 0; (applied < 20 || round < 200) && std::chrono::steady_clock::now() < until; ++round) {
    ++rounds;
    rounds.notify_one();
    auto seen = host().look(spec_, {"real/a.conf"});
    if (!seen || seen->front().kind != TargetKind::file) continue;
    EXPECT_NE(seen->front().digest, sha256_name("outside"));
    Change change;
    change.before = seen->front();
    change.after = as_after(change.before);
    change.after.content = *blobs_.put("round " + std::to_string(round), engine::BlobNaming::plain);
    if (apply(change).status == ChangeStatus::done) ++applied;
  }
  stop = true;
  ++rounds;
  rounds.notify_one();
  swapper.join();
  EXPECT_EQ(read(base_ / "outside" / "a.conf"), "outside");
  EXPECT_TRUE(read("real/a.conf").starts_with("round ")) << read("real/a.conf");
}

}  // namespace
}  // namespace autoheal::host
