// Files that editors and copying programs leave beside a file, and names that only look like them.
#include "autoheal/workflows/supervision/editor_leftovers.hpp"

#include <gtest/gtest.h>

namespace autoheal::workflows {
namespace {

TEST(EditorLeftovers, AreKnownByTheirNames) {
  for (const char* name : {".app.conf.swp",
                           ".app.conf.swo",
                           ".app.conf.swx",
                           "app.conf~",
                           ".app.conf.un~",
                           "4913",
                           "5036",
                           "5159",
                           ".#app.conf",
                           "#app.conf#",
                           "app.conf.~1~",
                           ".app.conf.kate-swp",
                           "sedTk3Xq9",
                           "sed0abcde",
                           ".app.conf.X3fGh9",
                           ".~tmp~",
                           "app.conf.dpkg-new",
                           "app.conf.dpkg-tmp",
                           ".goutputstream-ABC123",
                           "app.conf___jb_tmp___",
                           "app.conf___jb_old___",
                           ".~lock.app.ods#"}) {
    EXPECT_TRUE(is_editor_leftover(name)) << name;
    EXPECT_TRUE(is_editor_leftover(std::string("etc/deep.swp.d/") + name)) << name;
  }
}

TEST(EditorLeftovers, AreNotWhatPeopleCallTheirFiles) {
  for (const char* name : {"app.conf",
                           ".env",
                           ".env.local",
                           ".bashrc",
                           ".bashrc.backup",
                           "app.swp",
                           "4914",
                           "4912",
                           "8080",
                           "04913",
                           "~",
                           "#",
                           "##",
                           "sedative",
                           "sedentary",
                           "sed",
                           "app.tmp",
                           "app.conf.bak",
                           "app.conf.orig",
                           "app.conf.dpkg-dist",
                           "app.conf.dpkg-old",
                           ".sw",
                           ".swp",
                           "notes#",
                           "#include",
                           "a.swap",
                           ".eslintrc.config",
                           "backup~/app.conf",
                           ".goutputstream-",
                           "app.X3fGh9"}) {
    EXPECT_FALSE(is_editor_leftover(name)) << name;
  }
}

}  // namespace
}  // namespace autoheal::workflows
