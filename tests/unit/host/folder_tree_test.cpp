// A folder as a text: written, read again, owned by somebody else, and asked for what it holds.
#include "tools/host/facts/folder_tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "autoheal/engine/base/digest.hpp"
#include "tests/unit/host/staging_fixture.hpp"

namespace autoheal::host {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class FolderTree : public StagingTest {
 protected:
  std::string tree() {
    const UniqueFd folder(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto text = read_tree(folder.get(), "root", &blobs_, own_);
    EXPECT_TRUE(text) << text.error().message;
    return text.value_or("");
  }
};

TEST_F(FolderTree, OwnedBySomebodyElseIsTheSameButForOwners) {
  write("jobs/1", "job");
  ASSERT_EQ(::symlink("1", (root_ / "jobs/next").c_str()), 0);
  const std::string mine = tree();
  const auto theirs = tree_owned_by(mine, 4711, 4712);
  ASSERT_TRUE(theirs) << theirs.error().message;
  EXPECT_THAT(*theirs, HasSubstr("\"uid\":4711,\"gid\":4712"));
  EXPECT_NE(name_of_tree(*theirs), name_of_tree(mine));
  EXPECT_EQ(*tree_owned_by(*theirs, ::geteuid(), ::getegid()), mine) << "every byte in its place";
}

TEST_F(FolderTree, HoldsWhatItsFilesHoldWhateverTheirNamesSay) {
  const std::string named = sha256_name("somebody else's");
  write("jobs/1", "job");
  write(named, "x");
  ASSERT_EQ(::symlink(named.c_str(), (root_ / "link").c_str()), 0);
  const auto contents = contents_of_tree(tree());
  ASSERT_TRUE(contents);
  EXPECT_THAT(*contents, UnorderedElementsAre(sha256_name("job"), sha256_name("x")));
}

TEST_F(FolderTree, AnythingElseIsNone) {
  for (const std::string text : {"", "[", "{}x", "[1]", "[{}]", R"([{"path":1,"kind":"file","mode":1}])",
                                 R"([{"path":"a","kind":"file","mode":"x","digest":7}])"}) {
    EXPECT_FALSE(tree_owned_by(text, 1, 1)) << text;
    EXPECT_TRUE(contents_of_tree(text).value_or(std::set<engine::BlobName>()).empty()) << text;
  }
}

}  // namespace
}  // namespace autoheal::host
