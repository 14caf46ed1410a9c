// A folder as init takes it under care: what is managed, what is skipped and why, how good copies are made.
#include "tools/autoheal/init/managed_files.hpp"
#include "tools/host/system/user_account.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace autoheal::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ManagedFiles : public ::testing::Test {
 protected:
  ManagedFiles() {
    std::string name = ::testing::TempDir() + "managed." + std::string(6, 'X');
    folder_ = ::mkdtemp(name.data());
  }
  ~ManagedFiles() override { fs::remove_all(folder_); }

  void write(const std::string& path, const std::string& text, mode_t mode = 0644) const {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
    ::chmod((folder_ / path).c_str(), mode);
  }
  [[nodiscard]] std::string at(const std::string& path) const { return (folder_ / path).string(); }
  [[nodiscard]] Result<ManagedFolder> look(const std::vector<std::string>& own = {}) const {
    return look_at_folder({at("app"), at("base"), own, {}});
  }
  static std::vector<std::string> names(const ManagedFolder& folder) {
    std::vector<std::string> all;
    for (const ManagedFile& file : folder.files) all.push_back(file.path);
    return all;
  }
  static std::string why(const ManagedFolder& folder, const std::string& path) {
    for (const SkippedFile& one : folder.skipped) {
      if (one.path == path) return one.reason;
    }
    return "not skipped";
  }
  [[nodiscard]] mode_t mode_of(const std::string& path) const {
    struct stat status{};
    return ::lstat(at(path).c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
  }

  fs::path folder_;
};

TEST_F(ManagedFiles, AreRegularFilesWithModesOfToday) {
  write("app/b.conf", "b", 0600);
  write("app/sub/a.conf", "a");
  write("app/.env", "KEY=1");
  write("app/ssl/site.pem", "k");
  write("app/.git/config", "x");
  write("app/su", "x", 04755);
  write("app/new\nline", "x");
  write("app/\xff", "x");
  fs::create_symlink("/etc/passwd", at("app/link"));
  fs::create_directory_symlink("/etc", at("app/linked"));
  ASSERT_EQ(::mkfifo(at("app/pipe").c_str(), 0644), 0);
  write("app/own/ledger.db", "x");
  const auto found = look({at("app/own")});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_TRUE(found->copies);
  EXPECT_THAT(names(*found), ElementsAre("b.conf", "sub/a.conf"));
  EXPECT_EQ(found->files[0].mode, 0600U);
  EXPECT_EQ(found->skipped.size(), 9U);
  EXPECT_THAT(why(*found, ".env"), HasSubstr("secret"));
  EXPECT_THAT(why(*found, "ssl/site.pem"), HasSubstr("secret"));
  EXPECT_THAT(why(*found, ".git"), HasSubstr("version control"));
  EXPECT_THAT(why(*found, "su"), HasSubstr("set-user-id"));
  EXPECT_THAT(why(*found, "new\nline"), HasSubstr("name"));
  EXPECT_THAT(why(*found, "\xff"), HasSubstr("name"));
  EXPECT_THAT(why(*found, "link"), HasSubstr("symlink"));
  EXPECT_THAT(why(*found, "linked"), HasSubstr("symlink"));
  EXPECT_THAT(why(*found, "pipe"), HasSubstr("no regular file"));
  EXPECT_FALSE(fs::exists(at("base")));
}

TEST_F(ManagedFiles, GoodCopiesAreNoWiderThanTheirOriginals) {
  write("app/open", "1", 0666);
  write("app/secret/closed", "2", 0600);
  ::chmod(at("app/secret").c_str(), 0700);
  ::chmod(at("app").c_str(), 0775);
  fs::create_directory(at("base"));  // empty: gives way
  auto found = look();
  ASSERT_TRUE(found.has_value());
  const auto made = make_baseline(*found);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_THAT(*made, ElementsAre(at("base")));
  EXPECT_EQ(mode_of("base"), 0755U);
  EXPECT_EQ(mode_of("base/open"), 0644U);
  EXPECT_EQ(mode_of("base/secret"), 0700U);
  EXPECT_EQ(mode_of("base/secret/closed"), 0600U);
  EXPECT_EQ(found->files[0].mode, 0666U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2);
}

TEST_F(ManagedFiles, WhatWentMeanwhileIsSkippedAndWhatIsNowALinkIsNotFollowed) {
  write("app/stays", "1");
  write("app/goes", "2");
  write("app/turns", "3");
  auto found = look();
  ASSERT_TRUE(found.has_value());
  fs::remove(at("app/goes"));
  fs::remove(at("app/turns"));
  fs::create_symlink("/etc/hostname", at("app/turns"));
  ASSERT_TRUE(make_baseline(*found).has_value());
  EXPECT_THAT(names(*found), ElementsAre("stays"));
  EXPECT_FALSE(fs::exists(fs::symlink_status(at("base/turns"))));
  EXPECT_THAT(why(*found, "turns"), HasSubstr("cannot be read"));
}

TEST_F(ManagedFiles, ABaselineWithFilesDecidesWhatIsManaged) {
  write("app/there", "1", 0640);
  write("app/other", "1");
  fs::create_symlink("there", at("app/linked"));
  fs::create_directory(at("app/folder"));
  for (const char* name : {"base/there", "base/absent", "base/linked", "base/folder"}) write(name, "2");
  const auto found = look();
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_FALSE(found->copies);
  EXPECT_THAT(names(*found), ElementsAre("absent", "there"));
  EXPECT_EQ(found->files[0].mode, std::nullopt);
  EXPECT_EQ(found->files[0].owner, "");
  EXPECT_EQ(host::owner_of(found->files[1].owner), host::owner_of("")) << "whoever runs this made it";
  EXPECT_EQ(found->files[1].mode, 0640U);
  EXPECT_THAT(why(*found, "linked"), HasSubstr("symlink"));
  EXPECT_THAT(why(*found, "folder"), HasSubstr("no regular file"));
}

TEST_F(ManagedFiles, TheBaselineMayLieInTheFolderButNotBeIt) {
  write("app/a", "1");
  auto inside = look_at_folder({at("app"), at("app/good/copies"), {}, {}});
  ASSERT_TRUE(inside.has_value());
  const auto made = make_baseline(*inside);
  ASSERT_TRUE(made.has_value());
  EXPECT_THAT(*made, ElementsAre(at("app/good"), at("app/good/copies")));
  EXPECT_THAT(names(*look_at_folder({at("app"), at("app/good/copies"), {}, {}})), ElementsAre("a"));
  for (const std::string& wrong : {at("app"), folder_.string()}) {
    const auto refused = look_at_folder({at("app"), wrong, {}, {}});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  }
}

TEST_F(ManagedFiles, LimitsAreToldAndNothingIsMade) {
  EXPECT_EQ(look().error().kind, ErrorKind::not_found);
  fs::create_directory(at("app"));
  EXPECT_THAT(look().error().message, HasSubstr("no file to manage"));
  write("app/large", "");
  ASSERT_EQ(::truncate(at("app/large").c_str(), (64 << 20) + 1), 0);
  EXPECT_THAT(look().error().message, HasSubstr("larger than 64 MiB"));
  for (int number = 0; number < 5; ++number) {
    write("app/" + std::to_string(number), "");
    ASSERT_EQ(::truncate(at("app/" + std::to_string(number)).c_str(), 64 << 20), 0);  // holes: no bytes on the disk
  }
  EXPECT_THAT(look().error().message, HasSubstr("more than 256 MiB"));
  write("base/x", "");
  ::chmod(at("base").c_str(), 0777);
  EXPECT_THAT(look().error().message, HasSubstr("everybody can write"));
}

TEST_F(ManagedFiles, MoreThanTenThousandAreTooMany) {
  fs::create_directory(at("app"));
  write("app/0", "");
  for (int number = 1; number <= 10'000; ++number)  // names, not contents: links are as good, and faster
    ASSERT_EQ(::link(at("app/0").c_str(), at("app/f" + std::to_string(number)).c_str()), 0);
  EXPECT_THAT(look().error().message, HasSubstr("more than 10,000 files"));
}

TEST_F(ManagedFiles, SecretsAreKnownByTheirNames) {
  for (const char* secret :
       {".env", "x/.env", ".env.local", "prod.env", "a.key", "A.PEM", "id_rsa", "id_ed25519", ".htpasswd", "x.p12"})
    EXPECT_TRUE(looks_secret(secret)) << secret;
  for (const char* plain : {"env", "app.conf", "key", "pem.conf", "id", "environment", "key/app.conf"})
    EXPECT_FALSE(looks_secret(plain)) << plain;
}

}  // namespace
}  // namespace autoheal::cli
