// Changes that do not count: Autoheal's own, those of a database, names that no pattern asks for.
#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <thread>

#include "tests/unit/host/file_watch_fixture.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;

TEST_F(FileWatchTest, CountsOfAFolderWhatThePatternMatches) {
  write("bin/app", "a");
  fs::create_directories(root_ / "lib/deep");
  watch({}, {}, {"bin/*.so", "lib/**.py"});
  std::ofstream(root_ / "bin/app") << "b";
  EXPECT_TRUE(silent());
  write("bin/app.so", "a");
  EXPECT_TRUE(told());
  fs::create_directories(root_ / "bin/below.so");
  write("bin/below.so/x.so", "a");
  EXPECT_TRUE(silent());
  write("lib/deep/text", "a");
  EXPECT_TRUE(silent());
  write("lib/deep/more/app.py", "a");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, AWriteToADatabaseIsNoDrift) {
  write("var/data.db", "a");
  write("var/conf", "a");
  watch({"var", "."}, {"var/data.db"});
  std::ofstream(root_ / "var/data.db", std::ios::app) << "b";
  write("var/data.db-wal", "c");
  write("var/data.db-journal", "c");
  fs::remove(root_ / "var/data.db-journal");
  EXPECT_TRUE(silent());
  std::ofstream(root_ / "var/conf") << "b";
  EXPECT_TRUE(told());
  fs::rename(root_ / "var/data.db", root_ / "data.db");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, AFolderOfStateCountsByItsNames) {
  write("var/queue/1", "a");
  watch({}, {"var/queue"});
  std::ofstream(root_ / "var/queue/1", std::ios::app) << "b";
  write("var/queue/x.db-wal", "b");
  EXPECT_TRUE(silent());
  fs::remove(root_ / "var/queue/1");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, OwnChangesAreNotToldButTheNextForeignEditIs) {
  write("app.conf", "a");
  watch({"app.conf"});
  write("app.conf.new", "b");
  fs::rename(root_ / "app.conf.new", root_ / "app.conf");
  note("app.conf");
  EXPECT_TRUE(silent());
  ::chmod((root_ / "app.conf").c_str(), 0600);
  EXPECT_TRUE(told());
  fs::remove(root_ / "app.conf");
  own_.note((root_ / "app.conf").string(), 0, 0, 0);
  EXPECT_TRUE(silent());
}

TEST_F(FileWatchTest, AChangeUnderWayIsJudgedWhenItHasEnded) {
  write("app.conf", "a");
  watch({"app.conf"});
  const std::string path = (root_ / "app.conf").string();
  own_.begin(path);
  std::ofstream(path) << "b";
  EXPECT_TRUE(silent());
  note("app.conf");
  own_.end(path);
  EXPECT_TRUE(silent());
  own_.begin(path);
  std::ofstream(path) << "somebody else's";
  EXPECT_TRUE(silent());
  own_.end(path);
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, WhatTheHostRepairsAndPutsBackIsOwn) {
  write("etc/app.conf", "broken");
  write(".env", "A=1\n", 0600);
  spec_.repair.env.push_back({".env", {}, {}, {}});
  watch({"etc/app.conf", "etc/link", ".env", "gone"});
  RealHost host({.blobs = blobs_, .own_files = {}, .at_step = {}, .program = {}, .own_changes = &own_});
  std::vector<Change> changes = {rewriting("etc/app.conf", "good"), rewriting(".env", "A=2\n", 0600)};
  changes[1].kind = ChangeKind::env;
  changes[1].after.content = *blobs_.put("A=2\n", engine::BlobNaming::keyed);
  Change link;
  link.kind = ChangeKind::links;
  link.before = facts("etc/link");
  link.after = {TargetKind::link, {}, 0777, ::geteuid(), ::getegid(), "app.conf"};
  changes.push_back(link);
  const auto outcomes = host.apply(spec_, changes, 1, mark_);
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  EXPECT_TRUE(silent());
  std::ofstream(root_ / "etc/app.conf", std::ios::app) << "\n";
  EXPECT_TRUE(told());
  write("etc/app.conf", "good", 0640);
  EXPECT_TRUE(told());
  EXPECT_TRUE(silent());
  const auto undone = host.restore(spec_, changes, 1, outcomes, mark_);
  for (const auto& one : undone) EXPECT_EQ(one.status, UndoStatus::restored) << one.message;
  EXPECT_EQ(read("etc/app.conf"), "broken");
  EXPECT_TRUE(silent());
  fs::create_symlink("elsewhere", root_ / "etc/link");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, ARepairIsOwnEvenWhereItsEventsComeBeforeItsEnd) {
  write("app.conf", "0");
  watch({"app.conf"});
  RealHost host({.blobs = blobs_, .own_files = {}, .at_step = {}, .program = {}, .own_changes = &own_});
  std::atomic<bool> ended = false;
  std::thread repairs([&] {
    for (unsigned number = 1; number <= 20; ++number) {
      const Change change = rewriting("app.conf", std::to_string(number));
      EXPECT_EQ(host.apply(spec_, {&change, 1}, number, mark_).front().status, ChangeStatus::done);
    }
    ended = true;
    boost::asio::post(context_, [] {});
  });
  EXPECT_TRUE(until([&] { return ended.load(); }));
  repairs.join();
  EXPECT_TRUE(silent());
  std::ofstream(root_ / "app.conf") << "drift";
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, OwnStagingOfAnEngineFurtherDownDoesNotCount) {
  fs::create_directories(root_ / "sub");
  watch({"."});
  write("sub/.autoheal/next", "a");
  EXPECT_TRUE(silent());
  write("sub/app.conf", "a");
  EXPECT_TRUE(told());
}

TEST_F(FileWatchTest, OwnFilesNeverCount) {
  write("var/ledger.db", "a");
  write("var/ledger.db.vault/blob", "a");
  write(".autoheal/next", "a");
  own_files_ = {root_ / "var/ledger.db", root_ / "var/ledger.db.vault"};
  watch({"."});
  std::ofstream(root_ / "var/ledger.db") << "b";
  write("var/ledger.db.vault/blob2", "a");
  write(".autoheal/before", "a");
  EXPECT_TRUE(silent());
  write("var/conf", "b");
  EXPECT_TRUE(told());
}

}  // namespace
}  // namespace autoheal::host
