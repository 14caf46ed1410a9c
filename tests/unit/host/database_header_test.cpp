// The first bytes of a database, also when they were partly overwritten.
#include "tools/host/facts/database_header.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::host {
namespace {

// Its place in the file, https://sqlite.org/fileformat2.html#the_database_header
std::string header_with(char versions, const std::string& beginning = std::string("SQLite format 3\0", 16)) {
  std::string header = beginning + std::string("\x10\x00", 2) + versions + versions + std::string("\0\x40\x20\x20", 4);
  header.resize(100, '\0');
  return header;
}

TEST(DatabaseHeader, TellsItsJournalModeAlsoWhereItsBeginningIsLost) {
  const autoheal::testing::TemporaryFolder folder;
  const auto keeps = [&](const std::string& bytes) {
    std::ofstream(folder / "app.db", std::ios::binary) << bytes;
    return keeps_log(*RootFolder::open((folder / "app.db").parent_path()), "app.db");
  };
  const std::string zeros(16, '\0'), noise(16, '\x5a');
  EXPECT_EQ(keeps(header_with(2)), std::optional(true));
  EXPECT_EQ(keeps(header_with(1)), std::optional(false));
  EXPECT_EQ(keeps(header_with(2, zeros)), std::optional(true));
  EXPECT_EQ(keeps(header_with(1, noise)), std::optional(false));
  EXPECT_EQ(keeps(header_with(9, zeros)), std::nullopt);
  EXPECT_EQ(keeps(std::string(100, '\0')), std::nullopt);
  EXPECT_EQ(keeps(std::string(100, '\2')), std::nullopt);
  EXPECT_EQ(keeps(header_with(2, zeros).substr(0, 23)), std::nullopt) << "cut off before it is known for one";
  EXPECT_EQ(keeps(""), std::nullopt);
}

}  // namespace
}  // namespace autoheal::host
