#include "tools/database/canonical_copy.hpp"

#include "autoheal/engine/base/digest.hpp"
#include "tests/unit/database/database_fixture.hpp"

namespace autoheal::database {
namespace {

class CanonicalCopyTest : public DatabaseTest {
 protected:
  std::string copy(const std::string& name) {
    const auto connection = Connection::open((root_ / name).string(), SQLITE_OPEN_READWRITE);
    const auto bytes = connection ? canonical_copy(*connection) : std::unexpected(connection.error());
    EXPECT_TRUE(bytes) << bytes.error().message;
    return bytes.value_or("");
  }
  // A digest of the copy; a failed comparison of the bytes themselves would print them.
  std::string digest(const std::string& name) { return sha256_name(copy(name)); }
  static std::uint32_t number_at(const std::string& bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t index = at; index < at + 4; ++index) {
      number = number << 8U | static_cast<unsigned char>(bytes.at(index));
    }
    return number;
  }
  static std::string why_damaged(std::string bytes) {
    const auto made = canonical(std::move(bytes));
    EXPECT_FALSE(made);
    EXPECT_EQ(made.error().kind, ErrorKind::corrupt);
    return made.error().message;
  }
};

TEST_F(CanonicalCopyTest, EqualContentGivesEqualBytes) {
  make("delete.db");
  const std::string first = digest("delete.db");
  make("wal.db", "wal");
  EXPECT_EQ(digest("wal.db"), first);
  const ForeignProcess foreign(root_ / "wal.db");
  foreign("PRAGMA user_version = 0");
  foreign("PRAGMA schema_version = 77");
  EXPECT_TRUE(fs::exists(root_ / "wal.db-wal"));
  EXPECT_EQ(digest("wal.db"), first);
  foreign("PRAGMA journal_mode = delete");
  EXPECT_FALSE(read("wal.db") == read("delete.db"));
  EXPECT_EQ(digest("wal.db"), first);
  foreign(add_thing);
  EXPECT_NE(digest("wal.db"), first);
}

TEST_F(CanonicalCopyTest, IsASoundDatabaseWithItsPageCount) {
  for (const int page_size : {512, 4096, 65536}) {
    const std::string name = std::to_string(page_size) + ".db";
    make(name, "wal", 200, page_size);
    const std::string bytes = copy(name);
    EXPECT_EQ(page_size_of(bytes), static_cast<std::size_t>(page_size));
    EXPECT_EQ(number_at(bytes, 28) * page_size_of(bytes), bytes.size());
    EXPECT_EQ(bytes.substr(18, 2), "\1\1");
    EXPECT_TRUE(check_integrity(bytes));
    const auto opened = Connection::over(bytes);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->ask(count_things), "200");
    EXPECT_TRUE(canonical(bytes) == bytes);
  }
}

TEST_F(CanonicalCopyTest, AFileGivesTheSameAsAConnection) {
  make("one.db");
  const std::string bytes = read("one.db"), wanted = copy("one.db");
  EXPECT_TRUE(canonical(bytes) == wanted);
  EXPECT_TRUE(canonical(bytes + "left over") == wanted);
  std::string by_an_old_program = bytes;
  by_an_old_program[95] = static_cast<char>(by_an_old_program[95] + 1);
  by_an_old_program[31] = 0;
  EXPECT_TRUE(canonical(by_an_old_program) == wanted);
}

TEST_F(CanonicalCopyTest, DamageIsNamed) {
  make("one.db");
  const std::string bytes = read("one.db");
  EXPECT_EQ(why_damaged(""), "is empty");
  EXPECT_EQ(why_damaged("a text"), "is not a database");
  EXPECT_EQ(why_damaged("x" + bytes), "is not a database");
  EXPECT_EQ(why_damaged(bytes.substr(0, bytes.size() - 1)), "is shorter than its header says");
  for (const std::size_t at : {16U, 19U}) {
    std::string broken = bytes;
    broken[at] = 77;
    why_damaged(broken);
  }
  std::string broken = *canonical(bytes);
  broken[page_size_of(broken)] = 77;
  const auto sound = check_integrity(broken);
  ASSERT_FALSE(sound);
  EXPECT_EQ(sound.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(sound.error().message.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace autoheal::database
