// A daemon that heals all the time and is killed all the time: what was in the ledger stays as it was, every heal ends
// once, no file is ever half-written, and nobody is set aside for deaths that were not theirs.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <random>
#include <set>

#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

constexpr unsigned engines = 8;
const std::string right = "port = 8080\n" + std::string(5'000, '#') + "\n";
const std::string wrong = "wrong\n";

unsigned kills() {
#ifdef AUTOHEAL_SANITIZED
  return 3;
#else
  return long_runs() ? 2'000 : 50;
#endif
}

class KilledUnderLoad : public ::testing::Test {
 protected:
  KilledUnderLoad() {
    bridge_.write("baseline/app.conf", right);
    std::string text;
    for (unsigned number = 0; number < engines; ++number) {
      bridge_.write(file_of(number), wrong);
      text += file_engine("E" + std::to_string(number),
                          "    healing: { max_heals_per_hour: 10000, cooldown: 0s, settle: 0s, fail_after: 1 }\n");
    }
    bridge_.write("autoheal.yaml", "version: 1\nhealing: { retry_delay: 0, max_concurrent: 4 }\nengines:\n" + text);
  }
  static std::string file_of(unsigned number) { return "etc/E" + std::to_string(number); }

  // The entries of the ledger behind its first `known`. Kills come by the thousand: nobody reads all of it each time.
  std::vector<engine::Entry> entries_behind(std::size_t known) const {
    std::vector<engine::Entry> found;
    const auto reader = store::LedgerReader::open(bridge_.path("var/ledger.db").string());
    if (!reader) return found;
    for (engine::Position at{known}; true;) {
      auto page = (*reader)->read_all(at, 10'000);
      if (!page || page->entries.empty()) return found;
      at = page->next;
      std::ranges::move(page->entries, std::back_inserter(found));
    }
  }

  // At one stroke, so that nobody sees half of it.
  void break_file(unsigned number) const {
    bridge_.write("next/wrong", wrong);
    std::filesystem::rename(bridge_.path("next/wrong"), bridge_.path(file_of(number)));
  }

  void read_on() {
    for (engine::Entry& entry : entries_behind(seen_.size())) {
      if (entry.type == "heal.triggered") being_healed_.insert(entry.subject);
      if (entry.type == "heal.completed" || entry.type == "heal.exhausted") being_healed_.erase(entry.subject);
      seen_.push_back(std::move(entry));
    }
  }

  // Breaks what is whole until the ledger has grown by a random number of entries. Never what is just being healed:
  // its heal would rightly refuse to put back what somebody else has changed.
  void heal_for_a_while() {
    const std::size_t wanted = seen_.size() + 1 + random_() % 60;
    EXPECT_TRUE(eventually([&] {
      read_on();
      const unsigned number = static_cast<unsigned>(random_() % engines);
      if (!being_healed_.contains("E" + std::to_string(number)) && bridge_.read(file_of(number)) == right)
        break_file(number);
      return seen_.size() >= wanted;
    }));
    read_on();
  }

  // Judges the entries behind `known`; those before were seen already.
  void expect_still_there(std::size_t known) const {
    const auto now = entries_behind(known);
    ASSERT_GE(known + now.size(), seen_.size());
    EXPECT_TRUE(std::equal(seen_.begin() + static_cast<std::ptrdiff_t>(known), seen_.end(), now.begin()))
        << "an entry is another now";
  }

  void expect_nothing_half_written() const {
    for (unsigned number = 0; number < engines; ++number) {
      const std::string content = bridge_.read(file_of(number));
      EXPECT_TRUE(content == right || content == wrong) << file_of(number) << " is half-written";
    }
  }

  void expect_every_heal_ended_once() const {
    std::map<std::string, unsigned> begun, ended;
    for (const engine::Entry& entry : entries_behind(0)) {
      if (entry.type == "heal.triggered") ++begun[entry.stream];
      if (entry.type == "heal.completed" || entry.type == "heal.exhausted") ++ended[entry.stream];
      EXPECT_NE(entry.type, "heal.exhausted") << "of " << entry.subject << ": " << entry.data;
    }
    EXPECT_FALSE(begun.empty());
    EXPECT_EQ(begun, ended);
  }

  const Bridge bridge_;
  std::mt19937_64 random_{20261124};
  std::vector<engine::Entry> seen_;     // while it grew
  std::set<std::string> being_healed_;  // engines, by what was seen
};

TEST_F(KilledUnderLoad, Case83_NothingIsLostDoneTwiceOrHalfWritten) {
  for (unsigned kill = 0; kill < kills() && !HasFailure(); ++kill) {
    SCOPED_TRACE("kill " + std::to_string(kill + 1));
    const std::size_t before = seen_.size();
    Daemon daemon(bridge_);
    heal_for_a_while();
    daemon.kill();
    expect_still_there(before);
    expect_nothing_half_written();
  }
  expect_still_there(0);
  Daemon daemon(bridge_);
  for (unsigned number = 0; number < engines; ++number) {
    EXPECT_TRUE(eventually([&] { return bridge_.read(file_of(number)) == right; })) << daemon.said();
    daemon.expect_passes("E" + std::to_string(number));
  }
  daemon.stop();
  expect_every_heal_ended_once();
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
  EXPECT_THAT(bridge_.marked_processes(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace autoheal::testing
