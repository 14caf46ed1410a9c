#include "tools/host/release/release_manifest.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "autoheal/engine/base/digest.hpp"
#include "tests/unit/host/host_fixture.hpp"

namespace autoheal::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Digests that sha256sum wrote for the contents "one\n" and "two\n".
const std::string one = "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806";
const std::string two = "27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a";

std::string refusal(const std::string& text) {
  const auto lines = parse_manifest(text);
  EXPECT_FALSE(lines) << text;
  if (lines) return {};
  EXPECT_EQ(lines.error().kind, ErrorKind::invalid);
  return lines.error().message;
}

TEST(ManifestTextTest, ReadsWhatSha256sumWrites) {
  const auto lines = parse_manifest(one + "  bin/app\n" +               // text
                                    two + " *lib/b c.so\n" +            // binary
                                    "\\" + one + "  odd\\\\name\n" +    // escaped
                                    two + "  plain\\nname\n" +          // a backslash where nothing is escaped
                                    one + "  ./etc/app.conf\n" + two +  // as `find .` names it
                                    "   lead and *star\n" + one + "  *star\n" + two + "  größe\n");
  ASSERT_TRUE(lines) << lines.error().message;
  EXPECT_THAT(*lines, ElementsAre(ManifestLine{"bin/app", one}, ManifestLine{"lib/b c.so", two},
                                  ManifestLine{"odd\\name", one}, ManifestLine{"plain\\nname", two},
                                  ManifestLine{"etc/app.conf", one}, ManifestLine{" lead and *star", two},
                                  ManifestLine{"*star", one}, ManifestLine{"größe", two}));
}

TEST(ManifestTextTest, UpperCaseDigestsAreLowered) {
  std::string upper = one;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  const auto lines = parse_manifest(upper + "  a\n");
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->front().digest, one);
}

TEST(ManifestTextTest, WhatIsWrittenIsReadAgain) {
  const std::vector<ManifestLine> lines = {{"-", one}, {"a\\b\\n", two}, {"b", one}};
  const std::string text = manifest_text(lines);
  EXPECT_EQ(text, one + "  ./-\n\\" + two + "  a\\\\b\\\\n\n" + one + "  b\n");
  const auto read = parse_manifest(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, lines);
}

TEST(ManifestTextTest, MalformedLinesAreRefusedWithTheirNumber) {
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  const std::string good = one + "  good\n";
  for (const std::string& line :
       {std::string(), std::string("# comment"), one, one + " ", one + "  ", one + " x", one + "\tx", one + "x  y",
        one.substr(1) + "  x", "g" + one.substr(1) + "  x", " " + one + "  x", "SHA256 (x) = " + one,
        "\\\\" + one + "  x", "\\" + one + "  a\\", "\\" + one + "  a\\tb"}) {
    EXPECT_THAT(refusal(good + line + "\n"), StartsWith("line 2: ")) << line;
  }
}

TEST(ManifestTextTest, ACutTextIsRefusedWhereverItIsCut) {
  const std::string whole = one + "  bin/app\n" + two + "  bin/tool\n";
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto lines = parse_manifest(whole.substr(0, size));
    // After a line feed nothing shows the cut but the digest of the manifest.
    EXPECT_EQ(lines.has_value(), size == first) << size;
  }
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 1)), HasSubstr("line 2: cut off"));
}

TEST(ManifestTextTest, PathsThatAreNoPlainPathsInsideAreRefused) {
  const std::string component(255, 'n');
  std::string deep = "d";
  while (deep.size() + 2 <= 4096) deep += "/d";
  EXPECT_TRUE(parse_manifest(one + "  " + component + "/" + component + "\n" + two + "  " + deep + "\n"));
  for (const std::string& path :
       {std::string("/etc/passwd"),  std::string(".."),        std::string("../a"),      std::string("a/../b"),
        std::string("a/.."),         std::string("."),         std::string("./"),        std::string("././a"),
        std::string("a/./b"),        std::string("a//b"),      std::string(".//a"),      std::string("a/"),
        std::string("a\0b", 3),      std::string("a\tb"),      std::string("a\rb"),      std::string("a\r"),
        std::string("a\x7f"),        std::string("a\xc2\x9b"), std::string("a\xff"),     std::string("a\xc0\xaf"),
        std::string("\xed\xa0\x80"), component + "n",          "a/" + component + "n/b", deep + "/d"})
    EXPECT_THAT(refusal(one + "  " + path + "\n"), StartsWith("line 1: \"")) << path.substr(0, 40);
  for (const std::string escaped : {"a\\nb", "a\\rb", "\\n"})
    EXPECT_THAT(refusal("\\" + one + "  " + escaped + "\n"), HasSubstr("control character")) << escaped;
}

TEST(ManifestTextTest, PathsThatClashAreRefused) {
  const auto both = [](const std::string& first, const std::string& second) {
    return one + "  " + first + "\n" + two + "  middle\n" + one + "  " + second + "\n";
  };
  EXPECT_EQ(refusal(both("a/b", "a/b")), "line 3: a/b already stands in line 1");
  EXPECT_EQ(refusal(both("a/b", "./a/b")), "line 3: a/b already stands in line 1");
  EXPECT_EQ(refusal(both("a/B", "A/b")), "line 3: A/b differs from a/B in line 1 only by upper and lower case");
  EXPECT_EQ(refusal(both("a", "a/b")), "line 3: a/b lies below a, which is listed as a file");
  EXPECT_EQ(refusal(both("a/b/c/d", "a/b")), "line 3: a/b/c/d lies below a/b, which is listed as a file");
  // Bytes that sort before the slash stand between them in a plain order.
  EXPECT_THAT(refusal(one + "  a\n" + one + "  a-b\n" + one + "  a.b\n" + one + "  a/b\n"), HasSubstr("lies below a,"));
  EXPECT_TRUE(parse_manifest(both("a", "a.b/c")));
  EXPECT_TRUE(parse_manifest(both("Build", "build/x")));
  EXPECT_TRUE(parse_manifest(both("Ä", "ä")));
}

TEST(ManifestTextTest, TooMuchIsRefused) {
  EXPECT_EQ(refusal(std::string(most_manifest_lines + 1, '\n')), "line 1000001: more than 1000000 lines");
  EXPECT_THAT(refusal(std::string(most_manifest_text + 1, 'a')), HasSubstr("larger than 67108864 bytes"));
}

class ReleaseTest : public HostTest {
 protected:
  void SetUp() override {
    HostTest::SetUp();
    write(in("bin/app"), "one\n", 0755);
    write(in("etc/app.conf"), "two\n");
    list(one + "  bin/app\n" + two + "  etc/app.conf\n");
  }
  static fs::path in(const std::string& path) { return fs::path("releases/1.2") / path; }
  void list(const std::string& text) { write(in("MANIFEST.sha256"), text); }
  void link(const std::string& target, const std::string& path) const { fs::create_symlink(target, root_ / in(path)); }
  void fifo(const std::string& path) const { ASSERT_EQ(::mkfifo((root_ / in(path)).c_str(), 0644), 0); }

  ReleaseCheck check(const std::string& release = "releases/1.2", const std::string& manifest = "MANIFEST.sha256") {
    return check_release(*RootFolder::open(root_), release, manifest, ignore_, OwnFiles(own_));
  }
  // Why it is not whole; empty if it is.
  std::string fault() {
    const ReleaseCheck checked = check();
    EXPECT_EQ(checked.whole, checked.message.empty());
    return checked.message;
  }
  Result<std::string> made() {
    return manifest_of(*RootFolder::open(root_ / in("")), "MANIFEST.sha256", ignore_, OwnFiles(own_));
  }
  std::string unlistable() {
    const auto text = made();
    EXPECT_FALSE(text) << *text;
    if (text) return {};
    EXPECT_EQ(text.error().kind, ErrorKind::failed);
    return text.error().message;
  }

  std::vector<std::string> ignore_;
  std::vector<fs::path> own_;
};

TEST_F(ReleaseTest, IsWholeAsListed) {
  fs::create_directories(root_ / in("an/empty/folder"));
  const ReleaseCheck checked = check();
  EXPECT_TRUE(checked.whole) << checked.message;
  EXPECT_EQ(checked.message, "");
  EXPECT_EQ(checked.manifest_digest, sha256_name(read(in("MANIFEST.sha256"))));
}

TEST_F(ReleaseTest, TheRootItselfMayBeARelease) {
  write("MANIFEST.sha256", one + "  a\n");
  write("a", "one\n");
  write(".autoheal/lock", "");
  fs::remove_all(root_ / "releases");
  EXPECT_EQ(check(".").message, "");
}

TEST_F(ReleaseTest, OneBitIsNoticed) {
  const std::string whole(200'000, 'x');
  write(in("bin/app"), whole);
  list(to_hex(sha256(whole)) + "  bin/app\n" + two + "  etc/app.conf\n");
  EXPECT_EQ(fault(), "");
  for (const std::size_t at : {std::size_t{0}, std::size_t{65'536}, whole.size() - 1}) {
    std::string changed = whole;
    changed[at] ^= 1;
    write(in("bin/app"), changed);
    EXPECT_EQ(fault(), "bin/app has another content than the manifest says");
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{65'536}, whole.size() - 1}) {
    write(in("bin/app"), whole.substr(0, size));
    EXPECT_EQ(fault(), "bin/app has another content than the manifest says");
  }
  write(in("bin/app"), whole + "x");
  EXPECT_EQ(fault(), "bin/app has another content than the manifest says");
}

TEST_F(ReleaseTest, WhatIsMissingIsNamed) {
  fs::remove(root_ / in("etc/app.conf"));
  EXPECT_EQ(fault(), "etc/app.conf is missing");
  fs::remove(root_ / in("etc"));
  EXPECT_EQ(fault(), "etc/app.conf is missing");
  fs::create_directories(root_ / in("etc/app.conf"));
  EXPECT_EQ(fault(), "etc/app.conf is a folder");
}

TEST_F(ReleaseTest, WhatIsNotListedIsNamed) {
  write(in("bin/extra"), "");
  EXPECT_EQ(fault(), "bin/extra is not in the manifest");
  fs::remove(root_ / in("bin/extra"));
  write(in(".autoheal/hidden"), "");
  EXPECT_EQ(fault(), ".autoheal/hidden is not in the manifest");
  fs::remove_all(root_ / in(".autoheal"));
  write(in("bin/MANIFEST.sha256"), "");
  EXPECT_EQ(fault(), "bin/MANIFEST.sha256 is not in the manifest");
  fs::remove(root_ / in("bin/MANIFEST.sha256"));
  write(in("a\nb"), "");
  EXPECT_EQ(fault(), "a?b is not in the manifest");
}

TEST_F(ReleaseTest, WhatIsIgnoredMayBeAnything) {
  ignore_ = {"logs/**", "*.pid"};
  fs::create_directories(root_ / in("logs/old"));
  write(in("logs/old/app.log"), "x");
  write(in("app.pid"), "1");
  fifo("logs/pipe");
  link("/nowhere", "logs/link");
  EXPECT_EQ(fault(), "");
  write(in("bin/app.pid"), "1");
  EXPECT_EQ(fault(), "bin/app.pid is not in the manifest");
}

TEST_F(ReleaseTest, WhatIsListedIsCheckedThoughItIsIgnored) {
  ignore_ = {"**"};
  EXPECT_EQ(fault(), "");
  write(in("bin/app"), "changed\n");
  EXPECT_EQ(fault(), "bin/app has another content than the manifest says");
}

TEST_F(ReleaseTest, ALinkToAFileInsideStandsForItsContent) {
  link("../etc/app.conf", "bin/conf");
  link("bin/conf", "conf");
  EXPECT_EQ(fault(), "bin/conf is a symlink that is not in the manifest");
  const std::string rest = one + "  bin/app\n" + two + "  etc/app.conf\n";
  list(rest + two + "  bin/conf\n" + two + "  conf\n");
  EXPECT_EQ(fault(), "");
  list(rest + two + "  bin/conf\n" + one + "  conf\n");
  EXPECT_EQ(fault(), "conf has another content than the manifest says");
}

TEST_F(ReleaseTest, ALinkToAnythingElseIsNotWhole) {
  write(base_ / "outside", "one\n");
  write("releases/1.1/bin/app", "one\n");
  fs::create_directories(root_ / in("folder"));
  fifo("pipe");
  ignore_ = {"pipe"};
  for (const auto& [target, why] : std::map<std::string, std::string>{
           {(base_ / "outside").string(), "is a symlink that is absolute or leads outside"},
           {(root_ / in("etc/app.conf")).string(), "is a symlink that is absolute or leads outside"},
           {"../../1.1/bin/app", "is a symlink that is absolute or leads outside"},
           {"nothing", "is a symlink that leads nowhere"},
           {"app", "is a symlink that leads in a circle"},
           {"../folder", "is a symlink to a folder"},
           {"../pipe", "is a symlink to a FIFO"}}) {
    fs::remove(root_ / in("bin/app"));
    link(target, "bin/app");
    EXPECT_EQ(fault(), "bin/app " + why) << target;
  }
}

TEST_F(ReleaseTest, NoListedPathLeadsThroughALink) {
  fs::rename(root_ / in("bin"), root_ / in("real"));
  link("real", "bin");
  list(one + "  bin/app\n" + one + "  real/app\n" + two + "  etc/app.conf\n");
  EXPECT_EQ(fault(), "bin is a symlink that is not in the manifest");
  ignore_ = {"bin"};
  EXPECT_EQ(fault(), "bin/app: a symbolic link stands in the path");
}

TEST_F(ReleaseTest, FifosSocketsAndDevicesAreNeverOpened) {
  fifo("bin/pipe");
  EXPECT_EQ(fault(), "bin/pipe is a FIFO");
  fs::remove(root_ / in("bin/pipe"));
  fs::remove(root_ / in("bin/app"));
  fifo("bin/app");
  EXPECT_EQ(fault(), "bin/app is a FIFO");
  ignore_ = {"**"};
  EXPECT_EQ(fault(), "bin/app is a FIFO");
  fs::remove(root_ / in("bin/app"));
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // The whole path is too long for an address.
  const UniqueFd folder(::open((root_ / in("bin")).c_str(), O_PATH | O_CLOEXEC));
  const std::string name = "/proc/self/fd/" + std::to_string(folder.get()) + "/app";
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(fault(), "bin/app is a socket");
  ::close(listener);
  fs::remove(root_ / in("bin/app"));
  if (::mknod((root_ / in("bin/app")).c_str(), S_IFCHR | 0644, 0) != 0) return;  // only root may
  EXPECT_EQ(fault(), "bin/app is a device");
}

TEST_F(ReleaseTest, TheManifestIsARegularFileThatParses) {
  const fs::path manifest = root_ / in("MANIFEST.sha256");
  list(one + "  bin/app\nnonsense\n");
  ReleaseCheck checked = check();
  EXPECT_THAT(checked.message, StartsWith("MANIFEST.sha256: line 2: "));
  EXPECT_EQ(checked.manifest_digest, sha256_name(one + "  bin/app\nnonsense\n"));
  list("");
  EXPECT_EQ(fault(), "MANIFEST.sha256: it is empty");
  list(one + "  bin/app\n" + two + "  etc/app.conf\n" + two + "  MANIFEST.sha256\n");
  EXPECT_THAT(fault(), StartsWith("MANIFEST.sha256 lists itself"));
  fs::remove(manifest);
  checked = check();
  EXPECT_EQ(checked.message, "MANIFEST.sha256 is missing");
  EXPECT_EQ(checked.manifest_digest, "");
  fifo("MANIFEST.sha256");
  EXPECT_EQ(fault(), "MANIFEST.sha256 is a FIFO");
  fs::remove(manifest);
  fs::create_directory(manifest);
  EXPECT_EQ(fault(), "MANIFEST.sha256 is a folder");
  fs::remove(manifest);
  write(in("list"), one + "  bin/app\n" + two + "  etc/app.conf\n");
  link("list", "MANIFEST.sha256");
  EXPECT_EQ(fault(), "MANIFEST.sha256 is a symlink, not a regular file");
  EXPECT_EQ(check("releases/1.2", "bin/list").message, "\"bin/list\" is not a file name, but a path");
  EXPECT_FALSE(check("releases/1.2", "..").whole);
  EXPECT_FALSE(check("releases/1.2", "").whole);
}

TEST_F(ReleaseTest, AManifestThatIsTooLargeIsNotRead) {
  fs::resize_file(root_ / in("MANIFEST.sha256"), most_manifest_text + 1);
  const ReleaseCheck checked = check();
  EXPECT_THAT(checked.message, HasSubstr("larger than 67108864 bytes"));
  EXPECT_EQ(checked.manifest_digest, "");
}

TEST_F(ReleaseTest, AReleaseIsAFolderAndNoLink) {
  fs::create_directory_symlink("1.2", root_ / "releases/current");
  EXPECT_EQ(check("releases/current").message, "releases/current: a symbolic link stands in the path");
  EXPECT_EQ(check("releases/1.3").message, "releases/1.3 is missing");
  EXPECT_EQ(check("releases/1.2/bin/app").message, "releases/1.2/bin/app: something in the path is not a folder");
  for (const std::string outside : {"..", "/etc", "releases/../..", "releases/1.2/", ""})
    EXPECT_FALSE(check(outside).whole) << outside;
}

TEST_F(ReleaseTest, AutohealsOwnFilesAreNotOpened) {
  own_ = {write(in("ledger.db"), "one\n")};
  EXPECT_EQ(fault(), "");
  list(one + "  bin/app\n" + two + "  etc/app.conf\n" + one + "  ledger.db\n");
  EXPECT_EQ(fault(), "ledger.db is one of Autoheal's own files");
}

TEST_F(ReleaseTest, ItsManifestListsAllOfItInOrder) {
  write(in("bin.txt"), "two\n");
  write(in("a\\b"), "one\n");
  write(in("-"), "one\n");
  write(in("logs/app.log"), "x");
  link("../bin.txt", "bin/link");
  ignore_ = {"logs/**"};
  const auto text = made();
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, one + "  ./-\n\\" + one + "  a\\\\b\n" + two + "  bin.txt\n" + one + "  bin/app\n" + two +
                       "  bin/link\n" + two + "  etc/app.conf\n");
  list(*text);
  EXPECT_EQ(fault(), "");
  EXPECT_EQ(*made(), *text);
}

TEST_F(ReleaseTest, WhatCannotBeListedIsNamedWithAWayOut) {
  fs::create_directories(root_ / in("folder"));
  write(base_ / "outside", "one\n");
  for (const auto& [target, why] :
       std::map<std::string, std::string>{{"folder", "is a symlink to a folder"},
                                          {"../../../outside", "is a symlink that is absolute or leads outside"},
                                          {"nothing", "is a symlink that leads nowhere"},
                                          {"MANIFEST.sha256", "is a symlink to the manifest itself"}}) {
    link(target, "link");
    EXPECT_EQ(unlistable(), "link " + why);
    EXPECT_THAT(made().error().hint, HasSubstr("--ignore"));
    fs::remove(root_ / in("link"));
  }
  fifo("pipe");
  EXPECT_EQ(unlistable(), "pipe is a FIFO");
  EXPECT_THAT(made().error().hint, HasSubstr("--ignore"));
  fs::remove(root_ / in("pipe"));
  for (const std::string name : {"a\nb", "a\xff", "a\t"}) {
    write(in(name), "x");
    EXPECT_THAT(unlistable(), StartsWith("\"a"));
    fs::remove(root_ / in(name));
  }
  write(in("bin/App"), "x");
  EXPECT_THAT(unlistable(), HasSubstr("bin/app differs from bin/App in line 1 only by upper and lower case"));
  EXPECT_THAT(made().error().hint, HasSubstr("--ignore"));
  ignore_ = {"bin/App"};
  EXPECT_TRUE(made());
}

TEST_F(ReleaseTest, AnEmptyFolderHasNoManifest) {
  ignore_ = {"bin/*", "etc/*"};
  EXPECT_THAT(unlistable(), StartsWith("there is no file to list in "));
}

TEST_F(ReleaseTest, AManifestNeedsAFileName) {
  for (const std::string name : {"", ".", "..", "a/b", "/a", "a\n"}) {
    const auto text = manifest_of(*RootFolder::open(root_ / in("")), name, {}, {});
    ASSERT_FALSE(text) << name;
    EXPECT_EQ(text.error().kind, ErrorKind::invalid);
  }
}

}  // namespace
}  // namespace autoheal::host
