// Hostile case 87 for the store's plain files: each call that the vault, a key, the reserve or the lock makes fails
// once and for good. It is told, nothing that was kept before is lost, and all is well again when the disk is.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/store/file/posix_file.hpp"
#include "autoheal/store/file/reserve.hpp"
#include "autoheal/store/ledger/ledger_lock.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "autoheal/store/vault/vault_check.hpp"
#include "tests/support/faults/failing_disk.hpp"
#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::store {
namespace {

namespace fs = std::filesystem;
using autoheal::testing::before_look;
using autoheal::testing::CallToDisk;
using autoheal::testing::DiskFault;
using autoheal::testing::FailingDisk;
using autoheal::testing::Instead;
using autoheal::testing::TemporaryFolder;
using autoheal::testing::where_each_call_fails;
using engine::BlobNaming;
using ::testing::AnyOf;
using ::testing::HasSubstr;

// The answer of `action` while a call fails: either it is done, or it says what was in the way.
template <class Action>
auto told(const DiskFault& fault, bool& reached, Action action) {
  const FailingDisk disk(fault);
  auto answer = action();
  reached = disk.reached();
  EXPECT_TRUE(answer || !answer.error().message.empty());
  EXPECT_TRUE(reached || answer) << answer.error().message;
  EXPECT_FALSE(answer && disk.sync_failed()) << "it is told as done, and may be gone after a power cut";
  return answer;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

FileDescriptor opened(const fs::path& path, int flags = O_RDONLY) {
  return FileDescriptor(::open(path.c_str(), flags | O_CLOEXEC));
}

struct FailingVault : ::testing::Test {
  TemporaryFolder base{testing::memory_folder()};
  int vaults = 0;

  fs::path fresh() { return base / ("vault" + std::to_string(++vaults)); }
  static std::unique_ptr<Vault> open(const fs::path& path, VaultAccess access = VaultAccess::create) {
    auto opened = Vault::open(path, {}, access);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  static fs::path file_of(const fs::path& vault, const std::string& name) {
    const auto colon = name.find(':');
    return vault / name.substr(colon + 1, 2) / (name.substr(0, colon) + "-" + name.substr(colon + 1));
  }
  static std::size_t files_in(const fs::path& vault) {
    std::size_t files = 0;
    for (const auto& item : fs::recursive_directory_iterator(vault)) files += item.is_regular_file() ? 1 : 0;
    return files;
  }
  static void make_old(const fs::path& file) {
    const timespec old[] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), old, 0), 0);
  }
};

TEST_F(FailingVault, Case87_OneThatCannotBeMadeIsMadeWhenItCanBe) {
  const auto story = [&](const DiskFault& fault) {
    const fs::path path = fresh();
    bool reached = false;
    (void)told(fault, reached, [&] { return Vault::open(path, {}, VaultAccess::create); });
    const std::string name = open(path)->put("a secret", BlobNaming::keyed).value_or("");
    EXPECT_EQ(open(path)->get(name).value_or("nothing"), "a secret");
    EXPECT_EQ(open(path)->name_of("a secret", BlobNaming::keyed), name) << "its key stays what it was";
    return reached;
  };
  where_each_call_fails(
      story, {.names = {"mkdir", "open", "list", "random", "create", "write", "fsync", "rename"}, .most_turns = 3});
}

TEST_F(FailingVault, Case87_AKeyThatCannotBeReadIsNeverReplaced) {
  const fs::path path = fresh();
  const std::string name = *open(path)->put("a secret", BlobNaming::keyed);
  const std::string key = content_of(path / "key");
  for (const VaultAccess access : {VaultAccess::create, VaultAccess::read_only}) {
    where_each_call_fails(
        [&](const DiskFault& fault) {
          bool reached = false;
          const auto opened = told(fault, reached, [&] { return Vault::open(path, {}, access); });
          if (opened) {
            EXPECT_EQ((*opened)->name_of("a secret", BlobNaming::keyed), name);
          }
          EXPECT_EQ(content_of(path / "key"), key);
          return reached;
        },
        {.names = {"open", "read"}, .most_turns = 5});
  }
  std::ofstream(path / "key", std::ios::app) << "longer";
  const auto refused = Vault::open(path, {}, VaultAccess::create);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
  fs::remove(path / "key");
  const auto reader = Vault::open(path, {}, VaultAccess::read_only);
  ASSERT_FALSE(reader) << "without its key it cannot be read";
  EXPECT_EQ(reader.error().kind, ErrorKind::not_found);
}

TEST_F(FailingVault, Case87_WhatCannotBePutIsNotThereAndCanBePutLater) {
  where_each_call_fails([&](const DiskFault& fault) {
    const fs::path path = fresh();
    const auto vault = open(path);
    const std::string name = vault->name_of("content", BlobNaming::plain);
    bool reached = false;
    (void)told(fault, reached, [&] { return vault->put("content", BlobNaming::plain); });
    EXPECT_EQ(vault->has(name), vault->get(name).has_value());
    EXPECT_EQ(vault->put("content", BlobNaming::plain).value_or("nothing"), name);
    EXPECT_EQ(open(path)->get(name).value_or("nothing"), "content");
    EXPECT_EQ(files_in(path), 2U) << "its key and the content";
    return reached;
  });
}

TEST_F(FailingVault, Case87_AFileThatCannotBeCopiedLeavesNothingHalf) {
  std::ofstream(base / "file") << "content";
  const auto file = opened(base / "file");
  where_each_call_fails([&](const DiskFault& fault) {
    const fs::path path = fresh();
    const auto vault = open(path);
    bool reached = false;
    (void)told(fault, reached, [&] { return vault->put_file(file.get(), BlobNaming::keyed); });
    const std::string name = vault->put_file(file.get(), BlobNaming::keyed).value_or("");
    EXPECT_EQ(vault->get(name).value_or("nothing"), "content");
    const auto again = open(path);  // the next process clears what could not be cleared
    EXPECT_EQ(files_in(path), 2U) << "its key and the content";
    return reached;
  });
}

TEST_F(FailingVault, Case87_WhatIsThereAlreadyIsOnlySaidToBeOnceItIsYoungAndDurable) {
  std::ofstream(base / "file") << "content";
  const auto file = opened(base / "file");
  where_each_call_fails([&](const DiskFault& fault) {
    const fs::path path = fresh();
    const std::string name = *open(path)->put("content", BlobNaming::plain);
    make_old(file_of(path, name));
    const auto vault = open(path);  // another process, which has synced nothing yet
    bool reached = false;
    const auto put = told(fault, reached, [&] { return vault->put("content", BlobNaming::plain); });
    EXPECT_FALSE(put && *vault->remove(name, std::chrono::hours(1))) << "what was put just now would be cleared away";
    make_old(file_of(path, name));
    (void)told(fault, reached, [&] { return vault->put_file(file.get(), BlobNaming::plain); });
    EXPECT_EQ(vault->get(name).value_or("nothing"), "content");
    return reached;
  });
}

TEST_F(FailingVault, Case87_WhatCannotBeReadIsAnErrorAndNeverAnotherContent) {
  const fs::path path = fresh();
  const auto vault = open(path);
  const std::string name = *vault->put("content", BlobNaming::keyed);
  where_each_call_fails([&](const DiskFault& fault) {
    bool reached = false;
    EXPECT_EQ(told(fault, reached, [&] { return vault->get(name); }).value_or("content"), "content");
    return reached;
  });
  EXPECT_EQ(vault->get(name).value_or("nothing"), "content");
}

TEST_F(FailingVault, Case87_AListIsWholeOrAnError) {
  const auto vault = open(fresh());
  (void)*vault->put("content", BlobNaming::plain);
  const auto story = [&](const DiskFault& fault) {
    bool reached = false;
    const auto blobs = told(fault, reached, [&] { return vault->list(); });
    if (blobs) {
      EXPECT_EQ(blobs->size(), 1U);
    }
    return reached;
  };
  where_each_call_fails(story, {.names = {"open", "list"}, .most_turns = 3});
  // One that went away between the list and the look at it is no error.
  const FailingDisk disk({.name = "stat", .problem = ENOENT, .looks_too = true});
  EXPECT_TRUE(vault->list()->empty());
}

TEST_F(FailingVault, Case87_WhatCannotBeRemovedStays) {
  const auto vault = open(fresh());
  const std::string name = *vault->put("content", BlobNaming::plain);
  {
    const FailingDisk disk({.name = "unlink"});
    const auto removed = vault->remove(name, Duration(0));
    ASSERT_FALSE(removed);
    EXPECT_THAT(removed.error().message, HasSubstr("removing " + name));
  }
  EXPECT_TRUE(vault->has(name));
  EXPECT_TRUE(*vault->remove(name, Duration(0)));
  EXPECT_FALSE(*vault->remove(name, Duration(0))) << "it is gone already";
  EXPECT_FALSE(vault->has(name));
  EXPECT_EQ(vault->remove("../key", Duration(0)).error().kind, ErrorKind::invalid);
  EXPECT_FALSE(vault->has("../key"));
}

TEST_F(FailingVault, OneThatIsClosedToItsReaderSaysSoAndAnAbsentOneIsEmpty) {
  const fs::path path = fresh();
  const std::string name = *open(path)->put("content", BlobNaming::plain);
  {
    // The answer to a reader of another group.
    const FailingDisk disk({.name = "open", .problem = EACCES, .looks_too = true});
    const auto closed = open(path, VaultAccess::read_only);
    EXPECT_EQ(closed->get(name).error().kind, ErrorKind::unavailable);
  }
  const auto absent = open(base / "absent", VaultAccess::read_only);
  EXPECT_EQ(absent->name_of("a secret", BlobNaming::keyed), "") << "nobody made a key yet";
  EXPECT_TRUE(absent->list()->empty());
  EXPECT_FALSE(absent->has(name));
  EXPECT_EQ(absent->remove(name, Duration(0)).error().kind, ErrorKind::unavailable);
}

TEST_F(FailingVault, OnlyRegularFilesAreCopiedAndOnlyWhileTheyAreSmallEnough) {
  auto small = *Vault::open(fresh(), {.max_blob_bytes = 7}, VaultAccess::create);
  EXPECT_EQ(small->put_file(opened(base / ".", O_RDONLY | O_DIRECTORY).get(), BlobNaming::plain).error().kind,
            ErrorKind::invalid);
  std::ofstream(base / "log") << "content";
  const auto log = opened(base / "log");
  // Somebody writes on while it is copied.
  before_look = [&, grown = false](const CallToDisk& call) mutable {
    if (std::string_view(call.name) == "read" && !std::exchange(grown, true))
      std::ofstream(base / "log", std::ios::app) << "more";
    return Instead::nothing;
  };
  const auto copied = small->put_file(log.get(), BlobNaming::plain);
  before_look = nullptr;
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().kind, ErrorKind::invalid);
  EXPECT_TRUE(small->list()->empty());
}

TEST_F(FailingVault, StraysAreNoBlobs) {
  const fs::path path = fresh();
  const auto vault = open(path);
  const std::string name = *vault->put("content", BlobNaming::plain);
  for (const char* stray : {"README", "md5-00", "sha256-short"}) std::ofstream(path / "00" / stray) << "x";
  fs::remove(path / "ff");  // by hand
  const auto blobs = vault->list();
  ASSERT_EQ(blobs->size(), 1U);
  EXPECT_EQ(blobs->front().name, name);
  const auto checked = check_blobs(*vault, path, {});
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->problems.size(), 2U) << "files that look like blobs and are none";
  EXPECT_EQ(checked->count, 3U);
  const auto none = check_blobs(*vault, base / std::string(300, 'x'), {});
  ASSERT_FALSE(none) << "a folder that cannot be looked at is not an empty one";
  EXPECT_THAT(none.error().message, HasSubstr("cannot be read"));
}

TEST_F(FailingVault, MayLieInTheWorkingFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(base / ".");
  const auto vault = Vault::open("ledger.vault", {}, VaultAccess::create);
  fs::current_path(before);
  ASSERT_TRUE(vault) << vault.error().message;
  EXPECT_TRUE(fs::exists(base / "ledger.vault" / "key"));
}

struct FailingFiles : ::testing::Test {
  TemporaryFolder base{testing::memory_folder()};
};

TEST_F(FailingFiles, Case87_AReplacedFileIsTheOldOneOrTheNewOne) {
  const fs::path path = base / "file";
  where_each_call_fails([&](const DiskFault& fault) {
    EXPECT_TRUE(replace_file(path, "old", 0640));
    bool reached = false;
    const auto replaced = told(fault, reached, [&] { return replace_file(path, "the new one", 0600); });
    EXPECT_THAT(content_of(path), AnyOf("old", "the new one"));
    if (replaced) {
      EXPECT_EQ(content_of(path), "the new one");
    }
    return reached;
  });
  ASSERT_TRUE(replace_file(path, "again", 0600));
  EXPECT_EQ(content_of(path), "again");
  EXPECT_FALSE(fs::exists(path.string() + ".new"));
}

TEST_F(FailingFiles, Case89_InterruptedCallsAreMadeAgain) {
  std::ofstream(base / "file") << "";
  const auto file = opened(base / "file", O_RDWR);
  {
    const FailingDisk disk({.name = "write", .problem = EINTR});
    ASSERT_TRUE(write_all(file.get(), "content", "it"));
    EXPECT_TRUE(disk.reached());
  }
  std::string content(100, '\0');
  const FailingDisk disk({.name = "read", .problem = EINTR, .looks_too = true});
  EXPECT_EQ(read_at(file.get(), content.data(), content.size(), 0, "it").value_or(0), 7U);
  EXPECT_TRUE(disk.reached());
  EXPECT_EQ(content.substr(0, 7), "content");
}

TEST_F(FailingFiles, Case87_ASmallFileIsReadWholeOrNotAtAll) {
  const fs::path path = base / "file";
  std::ofstream(path) << "content";
  where_each_call_fails([&](const DiskFault& fault) {
    bool reached = false;
    const auto read = told(fault, reached, [&] { return read_small_file(path, 7); });
    if (read) {
      EXPECT_EQ((*read)->content, "content");
    }
    return reached;
  });
  EXPECT_EQ(read_small_file(path, 6).error().kind, ErrorKind::invalid) << "one byte too many";
  EXPECT_EQ(read_small_file(base / ".", 7).error().kind, ErrorKind::invalid) << "a folder";
  EXPECT_FALSE(*read_small_file(base / "nothing", 7));
}

TEST_F(FailingFiles, ANameWithoutAFolderIsOfTheWorkingFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(base / ".");
  const auto replaced = replace_file("file", "content", 0600);
  fs::current_path(before);
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(content_of(base / "file"), "content");
}

TEST_F(FailingFiles, Case87_AReserveIsTakenWholeOrNotAtAll) {
  constexpr std::uint64_t bytes = 8192;
  int reserves = 0;
  where_each_call_fails([&](const DiskFault& fault) {
    const fs::path ledger = base / std::to_string(++reserves);
    const fs::path file = ledger.string() + ".reserve";
    Reserve reserve(ledger, bytes);
    bool reached = false;
    const auto taken = told(fault, reached, [&] { return reserve.take(); });
    EXPECT_EQ(reserve.missing(), !taken);
    if (!taken) {
      EXPECT_THAT(taken.error().message, HasSubstr(file.string()));
      EXPECT_EQ(taken.error().hint, "make room on the disk");
    }
    EXPECT_TRUE(reserve.take()) << "there is room again";
    EXPECT_EQ(fs::file_size(file), bytes);
    EXPECT_TRUE(Reserve(ledger, bytes).take()) << "of the next process, which finds it";
    return reached;
  });
}

TEST_F(FailingFiles, Case88_AReserveThatCannotBeGivenIsNotSaidToBe) {
  Reserve reserve(base / "ledger", 8192);
  EXPECT_FALSE(reserve.give()) << "there is no file yet";
  where_each_call_fails([&](const DiskFault& fault) {
    EXPECT_TRUE(reserve.take());
    const FailingDisk disk(fault);
    const bool given = reserve.give();
    EXPECT_EQ(given, !disk.reached());
    EXPECT_TRUE(reserve.missing());
    return disk.reached();
  });
  EXPECT_FALSE(reserve.give()) << "it was given away already";
}

TEST_F(FailingFiles, ACopyOfAReserveThatWasMadeSparseIsFilledAgain) {
  constexpr std::uint64_t bytes = 64 * 1024;
  std::ofstream(base / "ledger.reserve") << "";
  fs::resize_file(base / "ledger.reserve", bytes);
  struct stat seen{};
  ASSERT_EQ(::stat((base / "ledger.reserve").c_str(), &seen), 0);
  ASSERT_EQ(seen.st_blocks, 0);
  ASSERT_TRUE(Reserve(base / "ledger", bytes).take());
  ASSERT_EQ(::stat((base / "ledger.reserve").c_str(), &seen), 0);
  EXPECT_GE(static_cast<std::uint64_t>(seen.st_blocks) * 512, bytes);
}

TEST_F(FailingFiles, Case87_ALockIsHeldOrNot) {
  const fs::path ledger = base / "ledger";
  where_each_call_fails([&](const DiskFault& fault) {
    bool reached = false;
    const auto lock = told(fault, reached, [&] { return LedgerLock::acquire(ledger, Duration(0)); });
    const auto other = opened(ledger.string() + ".lock", O_RDWR);
    const bool is_free = !other || ::flock(other.get(), LOCK_EX | LOCK_NB) == 0;
    EXPECT_EQ(is_free, !lock);
    return reached;
  });
}

TEST_F(FailingFiles, ALockThatASignalInterruptsIsTakenAllTheSame) {
  const FailingDisk disk({.name = "lock", .problem = EINTR, .looks_too = true});
  EXPECT_TRUE(LedgerLock::acquire(base / "ledger", std::chrono::seconds(10)));
  EXPECT_TRUE(disk.reached());
}

TEST_F(FailingFiles, AnOwnerThatLeftNoNumberIsAnotherProcess) {
  for (const char* left : {"", "no number\n"}) {
    std::ofstream(base / "ledger.lock") << left;
    const auto owner = opened(base / "ledger.lock", O_RDWR);
    ASSERT_EQ(::flock(owner.get(), LOCK_EX | LOCK_NB), 0);
    const auto refused = LedgerLock::acquire(base / "ledger", Duration(0));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("another process owns the ledger"));
    const FailingDisk disk({.name = "read", .looks_too = true});
    EXPECT_THAT(LedgerLock::acquire(base / "ledger", Duration(0)).error().message, HasSubstr("another process owns"));
  }
}

TEST_F(FailingFiles, TheLockOfADeadOwnerIsWaitedForUntilHisChildLetsGo) {
  const pid_t owner = ::fork();
  if (owner == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(owner, nullptr, 0), owner);
  std::ofstream(base / "ledger.lock") << owner << "\n";
  auto child = opened(base / "ledger.lock", O_RDWR);
  ASSERT_EQ(::flock(child.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_FALSE(LedgerLock::acquire(base / "ledger", Duration(0))) << "who does not wait does not wait";
  int tries = 0;
  before_look = [&](const CallToDisk& call) {
    if (std::string_view(call.name) == "lock" && ++tries == 3) child = FileDescriptor();
    return Instead::nothing;
  };
  EXPECT_TRUE(LedgerLock::acquire(base / "ledger", std::chrono::microseconds(1)));
  before_look = nullptr;
  EXPECT_EQ(tries, 3);
}

TEST_F(FailingFiles, TheLockOfALivingOwnerIsNotWaitedForLonger) {
  const auto owner = LedgerLock::acquire(base / "ledger", Duration(0));
  ASSERT_TRUE(owner);
  const auto refused = LedgerLock::acquire(base / "ledger", std::chrono::microseconds(1));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("process " + std::to_string(::getpid()) + " owns the ledger"));
}

}  // namespace
}  // namespace autoheal::store
