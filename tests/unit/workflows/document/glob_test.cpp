#include "autoheal/workflows/text/glob.hpp"

#include <gtest/gtest.h>

namespace autoheal::workflows {
namespace {

struct Match {
  const char* pattern;
  std::vector<const char*> match;
  std::vector<const char*> do_not;
};

TEST(Glob, TwoStarsStandForWholeNames) {
  const std::vector<Match> rows = {
      {"etc/**/app.conf",
       {"etc/app.conf", "etc/a/app.conf", "etc/a/b/app.conf"},
       {"etc/myapp.conf", "etc/a/myapp.conf", "etc/a.app.conf", "etcapp.conf", "app.conf", "x/etc/app.conf"}},
      {"**/app.conf", {"app.conf", "a/app.conf", "a/b/app.conf"}, {"myapp.conf", "a/myapp.conf", "app.conf/a"}},
      {"etc/**", {"etc/a", "etc/a/b", "etc/.hidden"}, {"etc", "etcetera/a", "a/etc/b"}},
      {"**", {"a", "a/b", ".a/b/c"}, {}},
      {"a/**/**/b", {"a/b", "a/x/b", "a/x/y/z/b"}, {"a/xb", "ab"}},
      {"a/**/b/**/c", {"a/b/c", "a/x/b/c", "a/b/x/c", "a/x/b/y/z/c"}, {"a/xb/c", "a/b/xc", "a/c"}},
      {"**/*.conf", {"a.conf", "x/a.conf", "x/y/.conf"}, {"a.confx", "conf"}},
      {"**/a/**", {"a/b", "x/a/b", "x/a/y/b"}, {"a", "xa/b", "ax/b"}},
      {"a/***/b", {"a/b", "a/x/b"}, {"a/xb"}},
      {"[ab]/**/?.c", {"a/x.c", "b/y/x.c"}, {"c/x.c", "a/yx.c"}},
  };
  for (const Match& row : rows) {
    for (const char* path : row.match) EXPECT_TRUE(glob_matches(row.pattern, path)) << row.pattern << " and " << path;
    for (const char* path : row.do_not) EXPECT_FALSE(glob_matches(row.pattern, path)) << row.pattern << " and " << path;
  }
}

TEST(Glob, TwoStarsWithinANameTakeAnyCharacters) {
  for (const char* path : {"ab", "axb", "ax/yb", "a/b"}) EXPECT_TRUE(glob_matches("a**b", path)) << path;
  for (const char* path : {"a", "b", "abc", "xab"}) EXPECT_FALSE(glob_matches("a**b", path)) << path;
  EXPECT_TRUE(glob_matches("etc/**.conf", "etc/a/b.conf"));
  EXPECT_TRUE(glob_matches("a**/b", "ax/b"));
  EXPECT_TRUE(glob_matches("a**/b", "a/b"));
  EXPECT_FALSE(glob_matches("a**/b", "axb")) << "the slash is one";
  EXPECT_FALSE(glob_matches("a**/b", "ab"));
}

TEST(Glob, OneStarAndOneCharacterStopAtASlash) {
  EXPECT_TRUE(glob_matches("bin/*", "bin/app"));
  EXPECT_FALSE(glob_matches("bin/*", "bin/a/b"));
  EXPECT_FALSE(glob_matches("bin?app", "bin/app"));
  EXPECT_FALSE(glob_matches("bin[!x]app", "bin/app"));
  EXPECT_TRUE(glob_matches("a*b*c", "axxbyyc"));
  EXPECT_FALSE(glob_matches("[a", "a"));
  EXPECT_TRUE(glob_matches("[a", "[a"));
}

TEST(Glob, ManyStarsTakeNoLongerThanThePathIsLong) {
  std::string pattern, path;
  for (int count = 0; count < 200; ++count) pattern += "**/a*a*/";
  for (int count = 0; count < 2000; ++count) path += "aaaa/";
  EXPECT_FALSE(glob_matches(pattern + "b", path + "c"));
}

}  // namespace
}  // namespace autoheal::workflows
