// Autoheal's own files are recognised while some of them are replaced.
#include "tools/host/system/own_files.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::host {
namespace {

struct stat status_of_file(const std::filesystem::path& path) {
  struct stat found{};
  EXPECT_EQ(::stat(path.c_str(), &found), 0);
  return found;
}

TEST(OwnFiles, AreKnownWhateverNameLeadsToThem) {
  const autoheal::testing::TemporaryFolder folder;
  std::ofstream(folder / "ledger.db") << "ledger";
  std::ofstream(folder / "other") << "other";
  std::filesystem::create_hard_link(folder / "ledger.db", folder / "linked");
  const OwnFiles own({folder / "ledger.db", folder / "missing"});
  EXPECT_TRUE(own.contain(status_of_file(folder / "linked")));
  EXPECT_FALSE(own.contain(status_of_file(folder / "other")));
}

// The signed head is replaced after every heal; a file made right then was taken for ours, and its repair failed.
TEST(OwnFiles, AnInodeThatOneOfThemHadBelongsToWhoeverHasItNow) {
  const autoheal::testing::TemporaryFolder folder;
  std::ofstream(folder / "ledger.db.signed") << "before";
  const OwnFiles own({folder / "ledger.db.signed"});
  std::filesystem::rename(folder / "ledger.db.signed", folder / "target");
  std::ofstream(folder / "ledger.db.signed") << "after";
  EXPECT_FALSE(own.contain(status_of_file(folder / "target")));
}

}  // namespace
}  // namespace autoheal::host
