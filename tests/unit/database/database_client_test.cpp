// Through the real worker process of the real program, with databases that other processes have open.
#include "tools/host/facts/database_client.hpp"

#include <fcntl.h>

#include <thread>

#include "autoheal/engine/base/digest.hpp"
#include "tests/support/worlds/program.hpp"
#include "tests/unit/database/database_fixture.hpp"
#include "tools/host/process/process_runner.hpp"

namespace autoheal::database {
namespace {

using namespace host;
using namespace std::chrono_literals;
using LookStatus = DatabaseLook::Status;
using RestoreStatus = DatabaseRestore::Status;

constexpr Duration shortly = 30ms;

class DatabaseClientTest : public DatabaseTest {
 protected:
  RootFolder root() { return *RootFolder::open(root_.string()); }
  static DatabaseClient client(DatabaseClient::Run run = run_program) {
    return DatabaseClient(AUTOHEAL_PROGRAM, std::move(run));
  }
  DatabaseLook look(const std::string& path, const DatabaseClient& by = client()) {
    return by.look(root(), path, mark_, shortly, true);
  }
  std::string digest(const std::string& path) {
    const auto seen = look(path);
    EXPECT_EQ(seen.status, LookStatus::database) << seen.message;
    return seen.digest;
  }
  std::string snapshot(const std::string& path) {
    const auto to = base_ / (path + ".snapshot");
    const auto taken = client().snapshot(root(), path, mark_, shortly, to.string());
    EXPECT_TRUE(taken) << taken.error().message;
    return to.string();
  }
  DatabaseRestore restore(const std::string& path, const std::string& from, const std::string& expect,
                          const DatabaseClient& by = client()) {
    return by.restore(root(), path, mark_, shortly, from, expect);
  }
  void expect_damaged(const std::string& path, const std::string& message) {
    const auto seen = look(path);
    EXPECT_EQ(seen.status, LookStatus::damaged) << path << ": " << seen.message;
    EXPECT_NE(seen.message.find(message), std::string::npos) << seen.message;
    const auto taken = client().snapshot(root(), path, mark_, shortly, (base_ / "none").string());
    EXPECT_TRUE(!taken && taken.error().kind == ErrorKind::corrupt);
    EXPECT_FALSE(fs::exists(base_ / "none"));
  }
  Result<void> nobody_has_open(const std::string& path, const DatabaseClient& by = client()) {
    return by.nobody_has_open(root(), path, mark_);
  }
};

TEST_F(DatabaseClientTest, LooksAtADatabase) {
  make("folder.db");
  fs::create_directory(root_ / "deep");
  fs::rename(root_ / "folder.db", root_ / "deep/app.db");
  const auto seen = look("deep/app.db");
  ASSERT_EQ(seen.status, LookStatus::database) << seen.message;
  EXPECT_EQ(seen.page_size, 4096U);
  EXPECT_EQ(seen.size, fs::file_size(root_ / "deep/app.db"));
  EXPECT_EQ(seen.digest, sha256_name(seen.content));
  const auto without = client().look(root(), "deep/app.db", mark_, shortly, false);
  EXPECT_EQ(without.digest, seen.digest);
  EXPECT_TRUE(without.content.empty());
}

TEST_F(DatabaseClientTest, SaysWhatIsDamaged) {
  const std::string sound = read(make("sound.db", "delete", 1000));
  std::string flipped = sound;
  flipped[4096] = static_cast<char>(flipped[4096] ^ 0x40);
  write("flipped.db", flipped);
  write("truncated.db", sound.substr(0, sound.size() - 4096));
  write("last_page.db", sound.substr(0, sound.size() - 100));
  write("text.db", "this is not a database\n");
  write("long_text.db", std::string(10000, 'x'));
  write("empty.db", "");
  write("header.db", "x" + sound.substr(1));
  expect_damaged("flipped.db", "integrity check");
  expect_damaged("truncated.db", "malformed");
  expect_damaged("last_page.db", "shorter");
  expect_damaged("text.db", "not a database");
  expect_damaged("long_text.db", "not a database");
  expect_damaged("empty.db", "is empty");
  expect_damaged("header.db", "not a database");
}

TEST_F(DatabaseClientTest, TheLogOfAnEmptiedDatabaseIsKept) {
  write("app.db", "");
  write("app.db-wal", "the only copy");
  expect_damaged("app.db", "is empty");
  EXPECT_EQ(read("app.db-wal"), "the only copy");
}

TEST_F(DatabaseClientTest, ALockedDatabaseIsBusy) {
  const ForeignProcess foreign(make("app.db"));
  foreign("BEGIN EXCLUSIVE");
  EXPECT_EQ(look("app.db").status, LookStatus::busy);
  foreign("ROLLBACK");
  EXPECT_EQ(look("app.db").status, LookStatus::database);
}

TEST_F(DatabaseClientTest, LinksAndWhatIsNoFileAreRefused) {
  make("app.db");
  fs::create_symlink("app.db", root_ / "link.db");
  fs::create_directory(root_ / "real");
  fs::create_directory_symlink("real", root_ / "linked");
  make("real/app.db");
  for (const char* path : {"link.db", "linked/app.db", "real", "missing.db", "../app.db", "/etc/passwd"}) {
    EXPECT_EQ(look(path).status, LookStatus::failed) << path;
    EXPECT_FALSE(look(path).message.empty());
    EXPECT_EQ(restore(path, "/nothing", "sha256:0").status, RestoreStatus::failed) << path;
    EXPECT_FALSE(client().snapshot(root(), path, mark_, shortly, (base_ / "none").string()));
  }
}

TEST_F(DatabaseClientTest, AnotherFileOfTheSameNameIsNotTouched) {
  const auto app = make("app.db");
  const std::string before = digest("app.db"), from = snapshot("app.db");
  const auto other = make("other.db", "delete", 3);
  const auto swapping = client([&](const workflows::RunRequest& request) {
    fs::rename(app, root_ / "kept.db");
    fs::copy_file(other, app);
    auto outcome = run_program(request);
    fs::rename(root_ / "kept.db", app);
    return outcome;
  });
  EXPECT_EQ(look("app.db", swapping).status, LookStatus::changed);
  EXPECT_EQ(restore("app.db", from, before, swapping).status, RestoreStatus::changed);
  const auto linking = client([&](const workflows::RunRequest& request) {
    fs::rename(app, root_ / "kept.db");
    fs::create_symlink("kept.db", app);
    auto outcome = run_program(request);
    fs::rename(root_ / "kept.db", app);
    return outcome;
  });
  EXPECT_EQ(look("app.db", linking).status, LookStatus::changed);
  EXPECT_EQ(digest("app.db"), before);
}

class RestoreTest : public DatabaseClientTest {
 protected:
  void SetUp() override {
    DatabaseClientTest::SetUp();
    make("app.db", GetParam());
    from_ = snapshot("app.db");
    good_ = digest("app.db");
    ForeignProcess(root_ / "app.db")("DELETE FROM things WHERE id > 10");
    bad_ = digest("app.db");
  }
  bool in_log() const { return GetParam() == std::string("wal"); }
  void expect_untouched(const ForeignProcess& foreign) {
    EXPECT_EQ(foreign(count_things), "[[10]]");
    EXPECT_EQ(digest("app.db"), bad_);
  }
  std::string from_, good_, bad_;
};

INSTANTIATE_TEST_SUITE_P(Modes, RestoreTest, ::testing::Values("delete", "wal"),
                         [](const auto& mode) { return std::string(mode.param); });

TEST_P(RestoreTest, PutsTheContentBackAndKeepsTheMode) {
  const auto inode = status("app.db").st_ino;
  const auto done = restore("app.db", from_, bad_);
  EXPECT_EQ(done.status, RestoreStatus::restored) << done.message;
  EXPECT_EQ(done.digest, good_);
  EXPECT_EQ(done.previous, bad_);
  EXPECT_EQ(digest("app.db"), good_);
  EXPECT_EQ(mode_of("app.db"), "[[\"" + std::string(GetParam()) + "\"]]");
  EXPECT_EQ(status("app.db").st_ino, inode);
  EXPECT_FALSE(fs::exists(root_ / "app.db-wal"));
  EXPECT_FALSE(fs::exists(root_ / "app.db-journal"));
}

TEST_P(RestoreTest, GrowsAndShrinks) {
  ForeignProcess(root_ / "app.db")("VACUUM");
  EXPECT_EQ(restore("app.db", from_, digest("app.db")).status, RestoreStatus::restored);
  ForeignProcess(root_ / "app.db")("INSERT INTO things(word) SELECT hex(zeroblob(9000)) FROM things");
  EXPECT_EQ(restore("app.db", from_, digest("app.db")).status, RestoreStatus::restored);
  EXPECT_EQ(digest("app.db"), good_);
  EXPECT_EQ(look("app.db").size, fs::file_size(root_ / "app.db"));
}

TEST_P(RestoreTest, OthersGoOnWithTheRestoredContent) {
  const ForeignProcess reader(root_ / "app.db"), writer(root_ / "app.db");
  EXPECT_EQ(reader(count_things), "[[10]]");
  EXPECT_EQ(writer("PRAGMA user_version = 0"), "[]");
  const auto done = restore("app.db", from_, bad_);
  EXPECT_EQ(done.status, RestoreStatus::restored) << done.message;
  EXPECT_EQ(reader(count_things), "[[100]]");
  EXPECT_EQ(writer(add_thing), "[]");
  EXPECT_EQ(writer(count_things), "[[101]]");
  EXPECT_EQ(reader(count_things), "[[101]]");
  EXPECT_EQ(reader("PRAGMA integrity_check"), "[[\"ok\"]]");
  EXPECT_EQ(mode_of("app.db"), "[[\"" + std::string(GetParam()) + "\"]]");
}

TEST_P(RestoreTest, AnOpenWriteTransactionIsNotDisturbed) {
  const ForeignProcess writer(root_ / "app.db"), reader(root_ / "app.db");
  writer("BEGIN IMMEDIATE");
  writer(add_thing);
  const auto done = restore("app.db", from_, bad_);
  EXPECT_EQ(done.status, RestoreStatus::busy) << done.message;
  EXPECT_EQ(writer("COMMIT"), "[]");
  EXPECT_EQ(reader(count_things), "[[11]]");
}

TEST_P(RestoreTest, AnOpenReadTransactionHindersOnlyWithoutALog) {
  const ForeignProcess reader(root_ / "app.db");
  reader("BEGIN");
  EXPECT_EQ(reader(count_things), "[[10]]");
  const auto done = restore("app.db", from_, bad_);
  EXPECT_EQ(done.status, in_log() ? RestoreStatus::restored : RestoreStatus::busy) << done.message;
  EXPECT_EQ(reader(count_things), "[[10]]");
  EXPECT_EQ(reader("COMMIT"), "[]");
  EXPECT_EQ(reader(count_things), in_log() ? "[[100]]" : "[[10]]");
}

TEST_P(RestoreTest, ChangedContentIsKept) {
  const ForeignProcess writer(root_ / "app.db");
  EXPECT_EQ(writer(add_thing), "[]");
  const auto done = restore("app.db", from_, bad_);
  EXPECT_EQ(done.status, RestoreStatus::changed) << done.message;
  EXPECT_EQ(writer(count_things), "[[11]]");
  EXPECT_EQ(writer(add_thing), "[]");
}

TEST_P(RestoreTest, ADamagedTargetIsKept) {
  const auto app = root_ / "app.db";
  const std::string sound = read(app);
  for (const std::string& damaged : {std::string(), sound.substr(0, 5000), "x" + sound.substr(1)}) {
    write(app, damaged);
    const auto done = restore("app.db", from_, bad_);
    EXPECT_EQ(done.status, RestoreStatus::changed) << done.message;
    EXPECT_TRUE(read(app) == damaged);
  }
}

TEST_P(RestoreTest, ABadSourceIsRefused) {
  const ForeignProcess foreign(root_ / "app.db");
  const auto refused = [&](const std::string& from, const std::string& why) {
    const auto done = restore("app.db", from, bad_);
    EXPECT_EQ(done.status, RestoreStatus::failed);
    EXPECT_NE(done.message.find(why), std::string::npos) << done.message;
  };
  std::string broken = read(from_);
  broken[4096] = 77;
  refused(write(base_ / "broken", broken).string(), "integrity check");
  refused(write(base_ / "short", broken.substr(0, 4096)).string(), "shorter");
  refused(write(base_ / "text", "a text").string(), "not a database");
  refused((base_ / "missing").string(), "No such file");
  refused(make("raw.db").string(), "not a canonical copy");
  fs::create_symlink(from_, base_ / "link");
  refused((base_ / "link").string(), "symbolic link");
  make("other_size.db", "delete", 100, 8192);
  refused(snapshot("other_size.db"), "page_size");
  {
    const ForeignProcess other(root_ / "utf16.db");
    other("PRAGMA encoding = 'UTF-16le'");
    other("CREATE TABLE things(id)");
  }
  refused(snapshot("utf16.db"), "encoding");
  expect_untouched(foreign);
}

TEST_P(RestoreTest, ALockIsWaitedFor) {
  const ForeignProcess writer(root_ / "app.db");
  writer("BEGIN IMMEDIATE");
  const auto releasing = client([&](const workflows::RunRequest& request) {
    std::thread waits_for_lock([&] { writer("ROLLBACK"); });
    auto outcome = run_program(request);
    waits_for_lock.join();
    return outcome;
  });
  const auto done = releasing.restore(root(), "app.db", mark_, 60s, from_, bad_);
  EXPECT_EQ(done.status, RestoreStatus::restored) << done.message;
}

TEST_F(DatabaseClientTest, KnowsWhetherSomebodyHasItOpen) {
  const auto app = make("app.db");
  EXPECT_TRUE(nobody_has_open("app.db"));
  EXPECT_TRUE(nobody_has_open("missing.db"));
  EXPECT_TRUE(nobody_has_open("missing/app.db"));
  {
    const ForeignProcess foreign(app);
    foreign(count_things);
    const auto open = nobody_has_open("app.db");
    ASSERT_FALSE(open);
    EXPECT_EQ(open.error().kind, ErrorKind::busy);
    EXPECT_EQ(open.error().message, "app.db: another process has it open");
  }
  {
    const UniqueFd reading(::open(app.c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(nobody_has_open("app.db"));
  }
  EXPECT_TRUE(nobody_has_open("app.db"));
  fs::create_symlink("app.db", root_ / "link.db");
  EXPECT_FALSE(nobody_has_open("link.db"));
}

TEST_F(DatabaseClientTest, WithoutLeasesItLooksThroughTheProcesses) {
  const std::vector<std::string> no_lease = {"/usr/bin/setpriv", "--bounding-set", "-lease", "--inh-caps", "-lease"};
  auto trial = no_lease;
  trial.emplace_back("/bin/true");
  if (::geteuid() != 0 || testing::run({trial, {}, {}, {}}).exit_code != 0) GTEST_SKIP() << "needs root and setpriv";
  const auto app = make("app.db");
  ASSERT_EQ(::chown(app.c_str(), 65534, 65534), 0);
  const auto leaseless = client([&](workflows::RunRequest request) {
    request.run.argv.insert(request.run.argv.begin(), no_lease.begin(), no_lease.end());
    return run_program(request);
  });
  EXPECT_TRUE(nobody_has_open("app.db", leaseless));
  const UniqueFd reading(::open(app.c_str(), O_RDONLY | O_CLOEXEC));
  const auto open = nobody_has_open("app.db", leaseless);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().message, "app.db: another process has it open");
}

TEST_F(DatabaseClientTest, WhatMayNotBeLookedAtCannotBeTold) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  make("app.db");
  const auto as_nobody = client([](workflows::RunRequest request) {
    request.run.user = "nobody";
    return run_program(request);
  });
  const auto open = nobody_has_open("app.db", as_nobody);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().kind, ErrorKind::busy) << open.error().message;
  EXPECT_NE(open.error().message.find("cannot be told"), std::string::npos) << open.error().message;
}

TEST_F(DatabaseClientTest, SnapshotsAreNewFilesForTheirOwnerOnly) {
  const ForeignProcess foreign(make("app.db", "wal"));
  foreign(add_thing);
  const auto to = (base_ / "copy").string();
  const auto taken = client().snapshot(root(), "app.db", mark_, shortly, to);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(*taken, sha256_name(read(to)));
  EXPECT_EQ(*taken, digest("app.db"));
  EXPECT_EQ(status(to).st_mode & 07777U, 0600U);
  foreign(add_thing);
  EXPECT_FALSE(client().snapshot(root(), "app.db", mark_, shortly, to));
  EXPECT_EQ(*taken, sha256_name(read(to)));
  fs::create_symlink("nowhere", base_ / "link");
  EXPECT_FALSE(client().snapshot(root(), "app.db", mark_, shortly, (base_ / "link").string()));
}

TEST_F(DatabaseClientTest, AWorkerThatDoesNotAnswerIsAFailure) {
  make("app.db");
  const auto instead = [&](const std::string& text) {
    const auto seen = look("app.db", DatabaseClient(script("instead", text).string(), run_program));
    EXPECT_EQ(seen.status, LookStatus::failed);
    return seen.message;
  };
  EXPECT_NE(instead("kill -9 $$\n").find("SIGKILL"), std::string::npos);
  EXPECT_NE(instead("exit 3\n").find("gave no answer"), std::string::npos);
  EXPECT_NE(instead("echo '{'\n").find("can be read"), std::string::npos);
  EXPECT_NE(instead("true\n").find("can be read"), std::string::npos);
  EXPECT_NE(look("app.db", DatabaseClient("/no/program", run_program)).message.find("started"), std::string::npos);
}

TEST_F(DatabaseClientTest, ARequestThatCannotBeReadIsAnswered) {
  for (const char* request :
       {"", "{", "[]", "{}", R"({"op":"look"})", R"({"op":"fly","folder":"/","name":"x"})",
        R"({"op":"in_use","folder":"tmp","name":"x"})", R"({"op":"in_use","folder":"/","name":"../x"})",
        R"({"op":"look","folder":"/","name":"x","device":"1","inode":1})"}) {
    const auto ran = testing::run({{AUTOHEAL_PROGRAM, "database-worker", request}, {}, {}, {}});
    EXPECT_EQ(ran.exit_code, 0) << request;
    EXPECT_EQ(ran.out.find(R"({"message":"the request cannot be read: )"), 0U) << ran.out;
    EXPECT_NE(ran.out.find(R"("status":"failed"})"), std::string::npos) << ran.out;
  }
}

}  // namespace
}  // namespace autoheal::database
