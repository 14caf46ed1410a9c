// Findings of init, on machines made of a folder each.
#include "tools/autoheal/init/found_on_host.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace autoheal::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FoundOnHost : public ::testing::Test {
 protected:
  FoundOnHost() {
    std::string name = ::testing::TempDir() + "found." + std::string(6, 'X');
    machine_ = ::mkdtemp(name.data());
  }
  ~FoundOnHost() override { fs::remove_all(machine_); }

  void write(const std::string& path, const std::string& text, mode_t mode = 0644) const {
    fs::create_directories((machine_ / path).parent_path());
    std::ofstream(machine_ / path) << text;
    ::chmod((machine_ / path).c_str(), mode);
  }
  void systemd_that_says(const std::string& state) const {
    fs::create_directories(machine_ / "run/systemd/system");
    write("usr/bin/systemctl",
          "#!/bin/sh\n[ \"$*\" = \"show --property=LoadState --value web.service\" ] && echo " + state + "\n", 0755);
  }
  [[nodiscard]] HostLook look() const { return HostLook(machine_.string()); }

  fs::path machine_;
};

TEST_F(FoundOnHost, NginxWithItsSites) {
  write("usr/sbin/nginx", "x", 0755);
  write("etc/nginx/nginx.conf", "pid /run/web/nginx.pid;\nhttp { include /etc/nginx/sites-enabled/*; }\n");
  write("etc/nginx/sites-available/site", "server { listen 8088; }\n");
  write("etc/nginx/conf.d/notes.txt", "server { listen 1; }\n");
  fs::create_directories(machine_ / "etc/nginx/sites-enabled");
  fs::create_symlink("../sites-available/site", machine_ / "etc/nginx/sites-enabled/site");
  ASSERT_EQ(::mkfifo((machine_ / "etc/nginx/sites-enabled/a-pipe").c_str(), 0644), 0);
  const auto found = look().nginx();
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->program, "/usr/sbin/nginx");
  EXPECT_EQ(found->folder, "/etc/nginx");
  EXPECT_EQ(found->pidfile, "/run/web/nginx.pid");
  EXPECT_EQ(found->listen, (NginxListen{"127.0.0.1", 8088, false}));
  EXPECT_FALSE(found->has_systemd);
  fs::create_directories(machine_ / "run/systemd/system");
  EXPECT_TRUE(look().nginx()->has_systemd);
}

TEST_F(FoundOnHost, WithoutPidAndListenNginxHasItsOwn) {
  write("usr/sbin/nginx", "x", 0755);
  write("etc/nginx/nginx.conf", "");
  const auto found = look().nginx();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->pidfile, "/run/nginx.pid");
  EXPECT_EQ(found->listen, (NginxListen{"127.0.0.1", 80, false}));
}

TEST_F(FoundOnHost, NoNginxIsSaidSo) {
  const auto absent = look().nginx();
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().kind, ErrorKind::not_found);
  EXPECT_THAT(absent.error().message, HasSubstr("not installed"));
  write("usr/sbin/nginx", "no program", 0644);
  EXPECT_FALSE(look().nginx().has_value());
  write("usr/sbin/nginx", "x", 0755);
  EXPECT_THAT(look().nginx().error().message, HasSubstr("no /etc/nginx/nginx.conf"));
}

TEST_F(FoundOnHost, UnitsAreAskedOfSystemd) {
  const auto without = look().unit("web.service");
  ASSERT_FALSE(without.has_value());
  EXPECT_EQ(without.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(without.error().message, HasSubstr("systemd does not run here"));
  systemd_that_says("loaded");
  EXPECT_TRUE(look().unit("web.service").has_value());
  EXPECT_THAT(look().unit("other").error().message, HasSubstr("does not answer"));
  for (const std::string state : {"not-found", "masked"}) {
    systemd_that_says(state);
    const auto unknown = look().unit("web.service");
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().kind, ErrorKind::not_found);
    EXPECT_THAT(unknown.error().message, HasSubstr(state));
  }
}

TEST_F(FoundOnHost, NoOptionAndNoPathIsAUnit) {
  systemd_that_says("loaded");
  for (const std::string wrong : {"", "-web", "--help", "a b", "a/b", "a;b", ".x", "a\nb", "ü"})
    EXPECT_EQ(look().unit(wrong).error().kind, ErrorKind::invalid) << wrong;
  EXPECT_TRUE(is_unit_name("dev-disk\\x2d1.mount"));
  EXPECT_TRUE(is_unit_name("getty@tty1.service"));
  EXPECT_FALSE(is_unit_name(std::string(256, 'x')));
}

}  // namespace
}  // namespace autoheal::cli
