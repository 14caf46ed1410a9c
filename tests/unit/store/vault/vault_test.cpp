// Contents that the vault takes, gives back, and refuses to believe.
#include "autoheal/store/vault/vault.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/store/vault/vault_check.hpp"
#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::store {
namespace {

using engine::BlobNaming;
namespace fs = std::filesystem;

unsigned permissions_of(const fs::path& path) {
  struct stat seen{};
  EXPECT_EQ(::lstat(path.c_str(), &seen), 0) << path;
  return seen.st_mode & 07777;
}

std::size_t files_in(const fs::path& folder) {
  std::size_t files = 0;
  for (const auto& item : fs::recursive_directory_iterator(folder)) files += item.is_regular_file() ? 1 : 0;
  return files;
}

struct VaultTest : ::testing::Test {
  testing::TemporaryFolder folder;
  fs::path path = folder / "ledger.db.vault";

  std::unique_ptr<Vault> open(VaultOptions options = {}, VaultAccess access = VaultAccess::create) {
    auto opened = Vault::open(path, options, access);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  fs::path file_of(const std::string& name) const {
    const auto colon = name.find(':');
    const auto hex = name.substr(colon + 1);
    return path / hex.substr(0, 2) / (name.substr(0, colon) + "-" + hex);
  }
};

TEST_F(VaultTest, GivesBackWhatItTook) {
  const auto vault = open();
  const std::string content("bytes\0with\xff everything", 22);
  const auto name = vault->put(content, BlobNaming::plain);
  ASSERT_TRUE(name) << name.error().message;
  EXPECT_EQ(*name, sha256_name(content));
  EXPECT_EQ(*vault->get(*name), content);
  EXPECT_TRUE(vault->has(*name));
  EXPECT_EQ(*vault->get(*vault->put("", BlobNaming::plain)), "");
}

TEST_F(VaultTest, OnlyItsOwnerMayLook) {
  const auto vault = open();
  const auto name = vault->put("content", BlobNaming::plain);
  EXPECT_EQ(permissions_of(path), 0700U);
  EXPECT_EQ(permissions_of(path / "key"), 0600U);
  EXPECT_EQ(permissions_of(file_of(*name)), 0600U);
  EXPECT_EQ(permissions_of(file_of(*name).parent_path()), 0700U);
}

TEST_F(VaultTest, TheSameContentIsKeptOnce) {
  const auto vault = open();
  const auto name = vault->put("content", BlobNaming::plain);
  const auto written = fs::last_write_time(file_of(*name));
  EXPECT_EQ(vault->put("content", BlobNaming::plain), name);
  EXPECT_EQ(open()->put("content", BlobNaming::plain), name);
  EXPECT_EQ(fs::last_write_time(file_of(*name)), written);
  EXPECT_EQ(files_in(path), 2U);  // and the key
}

TEST_F(VaultTest, KeyedNamesNeedTheKeyAndSurviveReopening) {
  const auto name = open()->put("PASSWORD=1234", BlobNaming::keyed);
  ASSERT_TRUE(name);
  EXPECT_TRUE(name->starts_with("hmac-sha256:"));
  const auto again = open();
  EXPECT_EQ(again->name_of("PASSWORD=1234", BlobNaming::keyed), *name);
  EXPECT_EQ(*again->get(*name), "PASSWORD=1234");
  EXPECT_EQ(name->find(sha256_name("PASSWORD=1234").substr(7)), std::string::npos);
  fs::remove_all(path);
  EXPECT_NE(open()->name_of("PASSWORD=1234", BlobNaming::keyed), *name);
}

TEST_F(VaultTest, AChangedBlobIsCorrupt) {
  const auto vault = open();
  const auto name = vault->put("content", BlobNaming::plain);
  std::ofstream(file_of(*name), std::ios::binary) << "c0ntent";
  EXPECT_EQ(vault->get(*name).error().kind, ErrorKind::corrupt);
  fs::resize_file(file_of(*name), 3);
  EXPECT_EQ(vault->get(*name).error().kind, ErrorKind::corrupt);
  ASSERT_TRUE(vault->put("content", BlobNaming::plain));  // one cut short is written again
  EXPECT_EQ(*vault->get(*name), "content");
}

TEST_F(VaultTest, EveryBlobIsHeldAgainstItsName) {
  const auto nothing = [](std::uint64_t) {};
  const auto none = Vault::open(path, {}, VaultAccess::read_only);
  EXPECT_EQ(check_blobs(**none, path, nothing)->count, 0U) << "a vault that is not there is empty";
  const auto vault = open();
  const auto changed = *vault->put("content", BlobNaming::plain);
  const auto linked = *vault->put("a secret", BlobNaming::keyed);
  (void)vault->put("sound", BlobNaming::plain);
  std::vector<std::uint64_t> told;
  const auto sound = check_blobs(*vault, path, [&](std::uint64_t done) { told.push_back(done); });
  ASSERT_TRUE(sound);
  EXPECT_EQ(sound->count, 3U);
  EXPECT_TRUE(sound->problems.empty()) << sound->problems.front();
  EXPECT_EQ(told, (std::vector<std::uint64_t>{1, 2, 3}));
  std::ofstream(file_of(changed), std::ios::binary) << "c0ntent";
  fs::rename(file_of(linked), folder / "elsewhere");
  fs::create_symlink(folder / "elsewhere", file_of(linked));
  const auto spoiled = check_blobs(*vault, path, nothing);
  ASSERT_TRUE(spoiled);
  EXPECT_EQ(spoiled->count, 3U);
  std::string problems;
  for (const std::string& problem : spoiled->problems) problems += problem + "\n";
  EXPECT_EQ(spoiled->problems.size(), 2U) << problems;
  for (const std::string& name : {changed, linked}) EXPECT_NE(problems.find(name), std::string::npos) << problems;
}

TEST_F(VaultTest, LinksAndPipesAreRefused) {
  const auto vault = open();
  const auto name = vault->put("content", BlobNaming::plain);
  fs::rename(file_of(*name), folder / "elsewhere");
  fs::create_symlink(folder / "elsewhere", file_of(*name));
  EXPECT_EQ(vault->get(*name).error().kind, ErrorKind::corrupt);
  EXPECT_FALSE(vault->has(*name));
  fs::remove(file_of(*name));
  ASSERT_EQ(::mkfifo(file_of(*name).c_str(), 0600), 0);
  EXPECT_EQ(vault->get(*name).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(vault->put("content", BlobNaming::plain), name);
  EXPECT_EQ(*vault->get(*name), "content") << "what is no blob is replaced by one";
  fs::rename(path, folder / "moved");
  fs::create_directory_symlink(folder / "moved", path);
  EXPECT_EQ(Vault::open(path, {}, VaultAccess::create).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(Vault::open(path, {}, VaultAccess::read_only).error().kind, ErrorKind::unavailable);
}

TEST_F(VaultTest, TooLargeIsRefusedAndLeavesNothing) {
  const auto vault = open({.max_blob_bytes = 10});
  EXPECT_EQ(vault->put("12345678901", BlobNaming::plain).error().kind, ErrorKind::invalid);
  EXPECT_TRUE(vault->put("1234567890", BlobNaming::plain));
  std::ofstream(folder / "large") << "12345678901";
  const FileDescriptor file(::open((folder / "large").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(vault->put_file(file.get(), BlobNaming::plain).error().kind, ErrorKind::invalid);
  EXPECT_EQ(files_in(path), 2U);
}

TEST_F(VaultTest, CopiesAFileUnderEitherName) {
  const auto vault = open();
  std::string content(700'000, 'a');
  content += "the end";
  std::ofstream(folder / "file", std::ios::binary) << content;
  const FileDescriptor file(::open((folder / "file").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::lseek(file.get(), 5, SEEK_SET), 5);
  EXPECT_EQ(*vault->put_file(file.get(), BlobNaming::plain), sha256_name(content));
  EXPECT_EQ(*vault->put_file(file.get(), BlobNaming::keyed), vault->name_of(content, BlobNaming::keyed));
  EXPECT_EQ(*vault->put_file(file.get(), BlobNaming::keyed), vault->name_of(content, BlobNaming::keyed));
  EXPECT_EQ(*vault->get(vault->name_of(content, BlobNaming::keyed)), content);
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 5);
  EXPECT_EQ(files_in(path), 3U);
}

TEST_F(VaultTest, NamesThatAreNoneAreInvalid) {
  const auto vault = open();
  for (const std::string name : {"", "sha256:", "sha256:../../../../etc/passwd", "md5:00", "key"}) {
    EXPECT_EQ(vault->get(name).error().kind, ErrorKind::invalid) << name;
  }
  EXPECT_EQ(vault->get("sha256:" + std::string(64, 'A')).error().kind, ErrorKind::invalid);
  EXPECT_EQ(vault->get(sha256_name("unknown")).error().kind, ErrorKind::not_found);
}

TEST_F(VaultTest, ReadersCreateNothing) {
  const auto absent = open({}, VaultAccess::read_only);
  EXPECT_EQ(absent->get(sha256_name("x")).error().kind, ErrorKind::not_found);
  EXPECT_FALSE(fs::exists(path));
  const auto name = open()->put("content", BlobNaming::plain);
  const auto reader = open({}, VaultAccess::read_only);
  EXPECT_EQ(*reader->get(*name), "content");
  EXPECT_EQ(reader->put("more", BlobNaming::plain).error().kind, ErrorKind::unavailable);
}

TEST_F(VaultTest, ALostKeyIsNotReplaced) {
  ASSERT_TRUE(open()->put("content", BlobNaming::keyed));
  fs::remove(path / "key");
  EXPECT_EQ(Vault::open(path, {}, VaultAccess::create).error().kind, ErrorKind::unavailable);
  EXPECT_FALSE(fs::exists(path / "key"));
}

TEST_F(VaultTest, ACrashWhileItWasMadeOrWrittenLeavesNoTrace) {
  fs::create_directory(path);
  std::ofstream(path / "new-1-1") << "half";
  const auto vault = open();
  EXPECT_FALSE(fs::exists(path / "new-1-1"));
  EXPECT_TRUE(vault->put("content", BlobNaming::plain));
  EXPECT_EQ(files_in(path), 2U);
}

TEST_F(VaultTest, ThreadsMayPutTheSameAndDifferent) {
  const auto vault = open();
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&vault, thread] {
      for (int n = 0; n < 20; ++n) {
        EXPECT_TRUE(vault->put("shared " + std::to_string(n), BlobNaming::plain));
        EXPECT_TRUE(vault->put("own " + std::to_string(thread * 100 + n), BlobNaming::keyed));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(files_in(path), 101U);
}

}  // namespace
}  // namespace autoheal::store
