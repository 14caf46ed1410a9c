// The log of the daemon, as the journal and as a file get it, and what is told when neither takes a record.
#include "tools/autoheal/daemon/daemon_log.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>

#include "autoheal/engine/testing/fake_clock.hpp"
#include "tests/support/files/temporary_folder.hpp"
#include "tests/support/worlds/heard_journal.hpp"

namespace autoheal::cli {
namespace {

using autoheal::testing::HeardJournal;
using autoheal::testing::JournalRecord;
using autoheal::testing::value_of;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class LogOfADaemon : public ::testing::Test {
 protected:
  [[nodiscard]] std::string name() const { return (folder_ / "socket").string(); }
  [[nodiscard]] std::function<bool(std::string_view)> stderr_of_test() {
    return [this](std::string_view line) {
      if (!stderr_takes_it_) return false;
      lines_.emplace_back(line);
      return true;
    };
  }

  autoheal::testing::TemporaryFolder folder_;
  engine::testing::FakeClock clock_;
  std::vector<std::string> lines_;
  bool stderr_takes_it_ = true;
};

TEST_F(LogOfADaemon, GivesTheJournalTheFactsAsFields) {
  const HeardJournal journal(name());
  DaemonLog log(clock_, stderr_of_test(), host::Journal(name()));
  log.tell("certified  Web", {NoteKind::heal_certified, "Web", "0190-a", "complete", 2});
  JournalRecord record = journal.hears();
  EXPECT_EQ(value_of(record, "MESSAGE"), "certified  Web") << "the journal has times of its own";
  EXPECT_EQ(value_of(record, "SYSLOG_IDENTIFIER"), "autoheal");
  EXPECT_EQ(value_of(record, "PRIORITY"), "5");
  EXPECT_EQ(value_of(record, "MESSAGE_ID"), "6f623d75da8337276de08d4f281bd403");
  EXPECT_EQ(value_of(record, "AUTOHEAL_ENGINE"), "Web");
  EXPECT_EQ(value_of(record, "AUTOHEAL_HEAL_ID"), "0190-a");
  EXPECT_EQ(value_of(record, "AUTOHEAL_STATE"), "complete");
  EXPECT_EQ(value_of(record, "AUTOHEAL_ATTEMPT"), "2");
  log.tell("warning: late");
  record = journal.hears();
  EXPECT_EQ(value_of(record, "PRIORITY"), "4");
  EXPECT_EQ(value_of(record, "MESSAGE_ID"), message_id_of(NoteKind::warning));
  EXPECT_EQ(record.size(), 4U) << "no field without a fact";
  log.tell("Web failed", {.kind = NoteKind::tested, .engine = "Web", .state = "failed"});
  EXPECT_EQ(value_of(journal.hears(), "PRIORITY"), "4");
  log.tell("Web passed", {.kind = NoteKind::tested, .engine = "Web", .state = "passed"});
  EXPECT_EQ(value_of(journal.hears(), "PRIORITY"), "6");
  EXPECT_THAT(lines_, ElementsAre()) << "nothing twice";
}

TEST_F(LogOfADaemon, EachKindHasAnIdOfItsOwn) {
  std::set<std::string_view> ids;
  for (int kind = 0; kind <= static_cast<int>(NoteKind::heal_failed); ++kind) {
    const std::string_view id = message_id_of(static_cast<NoteKind>(kind));
    EXPECT_THAT(std::string(id), MatchesRegex("[0-9a-f]{32}"));
    EXPECT_TRUE(ids.insert(id).second) << id;
  }
}

TEST_F(LogOfADaemon, Case136_TextsOfOthersStayOneRecordInTheJournal) {
  const HeardJournal journal(name());
  DaemonLog log(clock_, stderr_of_test(), host::Journal(name()));
  const std::string hostile = "Web\nPRIORITY=0\n\nMESSAGE=all is well\x1b[2J\xff";
  log.tell(hostile + " failed", {NoteKind::tested, hostile, hostile, hostile, 0});
  const JournalRecord record = journal.hears();
  EXPECT_EQ(record.size(), 7U);
  EXPECT_EQ(value_of(record, "MESSAGE"), "Web\nPRIORITY=0\n\nMESSAGE=all is well\\u001b[2J\xEF\xBF\xBD failed");
  EXPECT_EQ(value_of(record, "AUTOHEAL_ENGINE"), hostile);
  EXPECT_TRUE(journal.hears().empty());
}

TEST_F(LogOfADaemon, Case136_NoTextOfOthersBeginsALineOfTheFile) {
  DaemonLog log(clock_, stderr_of_test(), std::nullopt);
  log.tell("Web failed: x\n2026-11-30T00:00:00.000Z  Web passed\r\n\nautoheal: all is well");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0],
              HasSubstr("\n    2026-11-30T00:00:00.000Z  Web passed\\u000d\n    \n    autoheal: all is well"));
}

TEST_F(LogOfADaemon, Case136_ATextWithoutEndIsCutBetweenCharactersAndSaysSo) {
  const HeardJournal journal(name());
  DaemonLog log(clock_, stderr_of_test(), host::Journal(name()));
  std::string text = "x";
  for (int count = 0; count < 500'000; ++count) text += "ä";
  log.tell(text);
  const std::string message = value_of(journal.hears(), "MESSAGE");
  EXPECT_LT(message.size(), 33'000U);
  EXPECT_THAT(message, HasSubstr("ä\n… (967234 bytes more are not logged)"));
}

TEST_F(LogOfADaemon, Case137_AJournalThatIsGoneIsToldOnceAndStderrGetsTheRecords) {
  DaemonLog log(clock_, stderr_of_test(), host::Journal(name()));
  log.tell("one");
  log.tell("two");
  ASSERT_EQ(lines_.size(), 3U);
  EXPECT_THAT(lines_[0], HasSubstr("warning: the journal takes no records, and stderr gets them: " + name()));
  EXPECT_THAT(lines_[1], EndsWith("  one"));
  EXPECT_THAT(lines_[2], EndsWith("  two"));
  const HeardJournal journal(name());
  log.tell("three");
  EXPECT_EQ(value_of(journal.hears(), "MESSAGE"), "three") << "it came back";
  EXPECT_EQ(lines_.size(), 3U);
}

TEST_F(LogOfADaemon, Case137_WhatABusyJournalDidNotTakeIsCountedAndToldOnce) {
  const HeardJournal journal(name());
  DaemonLog log(clock_, stderr_of_test(), host::Journal(name()));
  for (int count = 0; count < 3'000; ++count) log.tell("full");
  EXPECT_THAT(lines_, ElementsAre()) << "the stream of stderr leads to the same, and would be waited for";
  std::size_t taken = 0;
  while (!journal.hears().empty()) ++taken;
  log.tell("there is room again");
  EXPECT_THAT(value_of(journal.hears(), "MESSAGE"),
              StartsWith("warning: " + std::to_string(3'000 - taken) + " records before this one got lost"));
  EXPECT_EQ(value_of(journal.hears(), "MESSAGE"), "there is room again");
  log.tell("next");
  EXPECT_EQ(value_of(journal.hears(), "MESSAGE"), "next");
}

// A full disk, a pipe that nobody reads any more.
TEST_F(LogOfADaemon, Case137_LinesThatStderrDidNotTakeAreCountedAndToldOnce) {
  DaemonLog log(clock_, stderr_of_test(), std::nullopt);
  stderr_takes_it_ = false;
  log.tell("one");
  log.tell("two");
  stderr_takes_it_ = true;
  log.tell("three");
  log.tell("four");
  ASSERT_EQ(lines_.size(), 3U);
  EXPECT_THAT(lines_[0], HasSubstr("warning: 2 records before this one got lost"));
  EXPECT_THAT(lines_[0], StartsWith("\n")) << "half a line may stand there";
  EXPECT_THAT(lines_[1], EndsWith("  three"));
  EXPECT_THAT(lines_[2], Not(HasSubstr("lost")));
}

}  // namespace
}  // namespace autoheal::cli
