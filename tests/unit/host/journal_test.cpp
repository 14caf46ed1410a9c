// Records for systemd's journal: what they hold, and who takes them.
#include "tools/host/service/journal.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>

#include "tests/support/files/temporary_folder.hpp"
#include "tests/support/worlds/heard_journal.hpp"

namespace autoheal::host {
namespace {

using autoheal::testing::HeardJournal;
using autoheal::testing::records_in;
using autoheal::testing::value_of;

std::string one_field(std::string_view name, std::string_view value) {
  return journal_datagram(std::array<JournalField, 1>{{{name, value}}});
}

TEST(Journal, ARecordIsADatagramWithLengthsBeforeItsValues) {
  EXPECT_EQ(one_field("MESSAGE", "hi"), std::string("MESSAGE\n\x02\0\0\0\0\0\0\0hi\n", 19));
  EXPECT_EQ(one_field("MESSAGE", std::string(300, 'x')).substr(0, 16),
            std::string("MESSAGE\n\x2c\x01\0\0\0\0\0\0", 16));
}

// Values of others: a name, a path, what a program printed.
TEST(Journal, Case136_NoValueAddsAFieldOrARecord) {
  for (const std::string& hostile :
       {std::string("done\nPRIORITY=0\n_UID=0"), std::string("done\n\nMESSAGE=another record\n"),
        std::string("\nMESSAGE\n\x05\0\0\0\0\0\0\0other\n", 23), std::string("\0\xff\x1b[2J=\r\n", 9), std::string(),
        std::string(100'000, '\n')}) {
    const std::array<JournalField, 3> fields = {
        {{"MESSAGE", hostile}, {"AUTOHEAL_ENGINE", hostile}, {"PRIORITY", "6"}}};
    const auto records = records_in(journal_datagram(fields));
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].size(), 3U);
    EXPECT_EQ(value_of(records[0], "MESSAGE"), hostile);
    EXPECT_EQ(value_of(records[0], "AUTOHEAL_ENGINE"), hostile);
    EXPECT_EQ(value_of(records[0], "PRIORITY"), "6");
  }
}

TEST(Journal, Case136_ANameThatIsNoneIsLeftOut) {
  for (const char* name : {"", "_UID", "message", "A=B", "A\nB", "1ST", "A B", "Ä"})
    EXPECT_EQ(one_field(name, "x"), "");
  EXPECT_EQ(one_field(std::string(65, 'A'), "x"), "");
  EXPECT_NE(one_field(std::string(64, 'A'), "x"), "");
}

TEST(Journal, TakesRecordsThroughItsSocket) {
  const autoheal::testing::TemporaryFolder folder;
  const std::string name = (folder / "socket").string();
  const HeardJournal heard(name);
  const Journal journal(name);
  ASSERT_TRUE(journal.send(one_field("MESSAGE", "one\ntwo")));
  EXPECT_EQ(value_of(heard.hears(), "MESSAGE"), "one\ntwo");
  EXPECT_TRUE(heard.hears().empty());
}

TEST(Journal, ThatIsGoneOrBusyIsAnErrorAndNobodyWaits) {
  const autoheal::testing::TemporaryFolder folder;
  const std::string name = (folder / "socket").string();
  const Journal journal(name);
  EXPECT_EQ(journal.send("x").error().kind, ErrorKind::not_found);
  {
    const HeardJournal heard(name);
    Result<void> sent;
    for (int count = 0; count < 10'000 && sent; ++count) sent = journal.send(one_field("MESSAGE", "x"));
    ASSERT_FALSE(sent) << "nobody reads";
    EXPECT_EQ(sent.error().kind, ErrorKind::busy);
  }
  EXPECT_FALSE(journal.send("x")) << "its process has ended, its name is still there";
  EXPECT_EQ(Journal(std::string(200, 'x')).send("x").error().kind, ErrorKind::invalid);
}

// The variable is inherited by programs whose stderr leads elsewhere.
TEST(Journal, IsWhereADescriptorLeadsOnlyIfTheNumbersAreItsOwn) {
  const autoheal::testing::TemporaryFolder folder;
  const UniqueFd file(::open((folder / "file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  struct stat status{};
  ASSERT_EQ(::fstat(file.get(), &status), 0);
  const std::string device = std::to_string(status.st_dev), inode = std::to_string(status.st_ino);
  EXPECT_TRUE(Journal::of_descriptor(file.get(), (device + ":" + inode).c_str()));
  for (const std::string& other : {device + ":" + inode + "0", "9" + device + ":" + inode, device, device + ":",
                                   ":" + inode, std::string(), device + ":" + inode + " ", "-1:" + inode})
    EXPECT_FALSE(Journal::of_descriptor(file.get(), other.c_str())) << other;
  EXPECT_FALSE(Journal::of_descriptor(file.get(), nullptr));
  EXPECT_FALSE(Journal::of_descriptor(-1, (device + ":" + inode).c_str()));
}

}  // namespace
}  // namespace autoheal::host
