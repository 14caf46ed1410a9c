// The power goes at every single operation of the ledger's disk, and again while it recovers: what was acknowledged is
// there, whole batches or nothing of what was not, the ledger verifies and goes on. With syncs left out the same
// harness must find losses.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/support/files/recorded_disk.hpp"
#include "tests/support/files/temporary_folder.hpp"
#include "tests/support/worlds/program.hpp"

namespace autoheal::testing {
namespace {

using engine::Entry;
using store::SqliteLedger;

constexpr unsigned parts = 10;

// Cuts of one part; in all 10,000 in each run and a million in long ones.
std::size_t cuts_of_a_part() {
#ifdef AUTOHEAL_SANITIZED
  return 30;
#else
  return (long_runs() ? 1'000'000 : 10'000) / parts;
#endif
}

// The ledger had so many entries when that many operations were done, and its caller knew it.
struct Acknowledged {
  std::size_t operations = 0;
  std::uint64_t entries = 0;
};

// Where a batch ends; only there may a ledger end.
using BatchEnds = std::vector<std::uint64_t>;

struct Recording {
  std::vector<Acknowledged> acknowledged;
  BatchEnds ends;
  std::vector<Entry> entries;  // all that were ever appended
};

class Disk {
 public:
  explicit Disk(const std::string& name) : path(folder_ / name / "ledger.db") {
    std::filesystem::create_directories(path.parent_path());
  }
  void clear() const {
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path.string() + suffix);
  }
  [[nodiscard]] std::filesystem::path folder() const { return path.parent_path(); }

 private:
  TemporaryFolder folder_;

 public:
  const std::filesystem::path path;
};

struct Mistakes {
  bool syncs_left_out = false;  // the log's syncs never reach the disk
  bool synchronous_normal = false;
  bool told_too_early = false;  // acknowledged before the commit
};

class Writer {
 public:
  Writer(const Disk& disk, RecordedDisk& recorded, std::uint64_t seed, Mistakes mistakes = {})
      : disk_(disk), recorded_(recorded), random_(seed), mistakes_(mistakes) {}

  // Entries of several streams, some large, checkpoints and a new owner in between.
  Recording write(unsigned owners, unsigned batches) {
    for (unsigned owner = 0; owner < owners; ++owner) {
      const auto ledger = open();
      if (owner == 0) recorded_.begin(disk_.folder());
      recorded_.forgets_log_syncs = mistakes_.syncs_left_out;
      for (unsigned batch = 0; batch < batches; ++batch) append(*ledger);
      if (owner + 1 == owners) recording_.entries = ledger->read_all({}, 10'000)->entries;
    }
    recorded_.forgets_log_syncs = false;
    return std::move(recording_);
  }

 private:
  std::unique_ptr<SqliteLedger> open() {
    auto opened = SqliteLedger::open(
        disk_.path, {.ids = ids_, .vfs = RecordedDisk::vfs, .sync_every_append = !mistakes_.synchronous_normal});
    if (!opened) std::abort();
    return std::move(*opened);
  }

  void append(SqliteLedger& ledger) {
    engine::Batch batch;
    const std::size_t streams = 1 + random_() % 3;
    for (std::size_t index = 0; index < streams; ++index) {
      engine::StreamAppend one;
      one.stream = "stream/" + std::to_string(index);
      one.expected_version = versions_[one.stream];
      for (std::size_t count = 1 + random_() % 2; count > 0; --count) one.entries.push_back(entry());
      versions_[one.stream] += one.entries.size();
      entries_ += one.entries.size();
      batch.streams.push_back(std::move(one));
    }
    const std::size_t before = recorded_.operations().size();
    if (ledger.append(batch).status != engine::AppendStatus::ok) std::abort();
    recording_.ends.push_back(entries_);
    recording_.acknowledged.push_back({mistakes_.told_too_early ? before : recorded_.operations().size(), entries_});
  }

  engine::NewEntry entry() {
    engine::NewEntry made;
    made.type = "heal.something";
    made.time = *parse_timestamp("2026-11-24T12:00:00Z");
    made.data = R"({"text":")" + std::string(random_() % 8 == 0 ? 9'000 : random_() % 300, 'x') + "\"}";
    return made;
  }

  const Disk& disk_;
  RecordedDisk& recorded_;
  std::mt19937_64 random_;
  const Mistakes mistakes_;
  engine::testing::CountingIds ids_;
  std::map<std::string, std::uint64_t> versions_;
  std::uint64_t entries_ = 0;
  Recording recording_;
};

// The fault of the ledger after a cut; empty if none.
std::string judge(const std::filesystem::path& path, const Recording& recording, std::uint64_t acknowledged) {
  engine::testing::CountingIds ids(1'000);
  const auto ledger = SqliteLedger::open(path, {.ids = ids, .vfs = RecordedDisk::vfs});
  if (!ledger) return "does not open: " + ledger.error().message;
  const auto page = (*ledger)->read_all({}, 10'000);
  if (!page) return "cannot be read: " + page.error().message;
  const std::uint64_t found = page->entries.size();
  if (found < acknowledged) return std::to_string(acknowledged - found) + " acknowledged entries are lost";
  if (found != 0 && std::ranges::find(recording.ends, found) == recording.ends.end()) return "a batch is there in part";
  if (found > recording.entries.size()) return "there are entries that nobody wrote";
  for (std::size_t index = 0; index < found; ++index) {
    if (page->entries[index] != recording.entries[index]) return "entry " + std::to_string(index + 1) + " is another";
  }
  const auto verified = store::verify_ledger(path, {.threads = 1, .unsigned_is_sound = true});
  if (!verified) return "cannot be verified: " + verified.error().message;
  if (!verified->sound()) return "does not verify: " + verified->problems.front();
  engine::NewEntry more;
  more.type = "heal.more";
  more.data = "{}";
  const auto appended = (*ledger)->append({{{"more", 0, {more}, engine::StreamLife::goes_on, {}}}, {}, 0});
  return appended.status == engine::AppendStatus::ok ? "" : "does not go on: " + appended.message;
}

std::uint64_t acknowledged_at(const std::vector<Acknowledged>& all, std::size_t operations) {
  std::uint64_t entries = 0;
  for (const Acknowledged& one : all) {
    if (one.operations <= operations) entries = std::max(entries, one.entries);
  }
  return entries;
}

struct Judged {
  std::size_t cuts = 0;
  std::vector<std::string> problems;
};

// `cuts` in turn over all operations of the recording, each with a fate of its own.
Judged cut(const Mistakes& mistakes, std::size_t cuts, std::uint64_t seed) {
  RecordedDisk recorded;
  const Disk disk("live"), left("left");
  const Recording recording = Writer(disk, recorded, seed, mistakes).write(3, 12);
  const std::size_t operations = recorded.operations().size();
  std::vector<std::pair<std::size_t, std::uint64_t>> places;
  for (std::size_t number = 0; number < cuts; ++number) {
    places.emplace_back(number * 7'919 % (operations + 1), seed * 1'000'003 + number);
  }
  std::ranges::sort(places);
  Judged judged;
  const RecordedDisk::Paused paused(recorded);
  PowerCuts walk(recorded);
  for (const auto& [place, one_seed] : places) {
    walk.go_to(place);
    left.clear();
    const auto fate = static_cast<CutFate>(one_seed % 5);
    walk.leave(left.folder(), fate, one_seed);
    const std::string problem = judge(left.path, recording, acknowledged_at(recording.acknowledged, place));
    ++judged.cuts;
    if (problem.empty()) continue;
    judged.problems.push_back("cut after operation " + std::to_string(place) + " of seed " + std::to_string(seed) +
                              ", fate " + std::to_string(one_seed % 5) + "/" + std::to_string(one_seed) + ": " +
                              problem);
  }
  return judged;
}

class PowerCut : public ::testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Parts, PowerCut, ::testing::Range(0U, parts));

TEST_P(PowerCut, Case84_AtAnyOperationLosesNothingThatWasAcknowledged) {
  std::size_t left = cuts_of_a_part();
  for (std::uint64_t seed = 1 + GetParam(); left > 0; seed += parts) {
    const Judged judged = cut({}, std::min<std::size_t>(left, 2'000), seed);
    ASSERT_TRUE(judged.problems.empty()) << judged.problems.size() << " problems, first: " << judged.problems.front();
    left -= judged.cuts;
  }
}

// The disk that a cut left is recorded while the ledger recovers and takes one more batch, and cut again everywhere.
Judged cut_again(RecordedDisk& recorded, const Disk& disk, std::uint64_t seed) {
  recorded.begin(disk.folder());
  Recording recovery;
  {
    engine::testing::CountingIds ids(2'000);
    const auto ledger = SqliteLedger::open(disk.path, {.ids = ids, .vfs = RecordedDisk::vfs});
    if (!ledger) return {1, {"does not open: " + ledger.error().message}};
    const std::uint64_t before = (*ledger)->read_all({}, 10'000)->entries.size();
    engine::NewEntry more;
    more.type = "heal.more";
    more.data = "{}";
    if ((*ledger)->append({{{"again", 0, {more}, engine::StreamLife::goes_on, {}}}, {}, 0}).status !=
        engine::AppendStatus::ok)
      return {1, {"does not go on"}};
    recovery.acknowledged = {{0, before}, {recorded.operations().size(), before + 1}};
    recovery.ends = {before, before + 1};
    recovery.entries = (*ledger)->read_all({}, 10'000)->entries;
  }
  const Disk left("again");
  const RecordedDisk::Paused paused(recorded);
  PowerCuts walk(recorded);
  Judged judged;
  for (std::size_t place = 0; place <= recorded.operations().size(); ++place) {
    walk.go_to(place);
    left.clear();
    walk.leave(left.folder(), CutFate::mixed, seed + place);
    const std::string problem = judge(left.path, recovery, acknowledged_at(recovery.acknowledged, place));
    ++judged.cuts;
    if (!problem.empty()) judged.problems.push_back("cut again at " + std::to_string(place) + ": " + problem);
  }
  return judged;
}

TEST_P(PowerCut, Case85_AgainWhileItRecoversLosesNothingEither) {
  const std::uint64_t seed = 100 + GetParam();
  RecordedDisk recorded;
  const Disk disk("live");
  (void)Writer(disk, recorded, seed).write(2, 6);
  std::vector<std::unique_ptr<Disk>> images;
  {
    PowerCuts walk(recorded);
    const std::size_t operations = recorded.operations().size();
    const std::size_t count = cuts_of_a_part() / 300 + 1;
    for (std::size_t image = 1; image <= count; ++image) {
      walk.go_to(operations * image / (count + 1));
      images.push_back(std::make_unique<Disk>("left" + std::to_string(image)));
      walk.leave(images.back()->folder(), CutFate::mixed, seed + image);
    }
  }
  for (const auto& image : images) {
    const Judged judged = cut_again(recorded, *image, seed);
    ASSERT_TRUE(judged.problems.empty()) << judged.problems.size() << " problems, first: " << judged.problems.front();
  }
}

TEST(PowerCutHarness, FindsWhatSynchronousNormalLoses) {
  const Judged judged = cut({.synchronous_normal = true}, 200, 1);
  ASSERT_FALSE(judged.problems.empty());
  EXPECT_NE(judged.problems.front().find("acknowledged entries are lost"), std::string::npos)
      << judged.problems.front();
}

TEST(PowerCutHarness, FindsASyncThatIsLeftOut) { EXPECT_FALSE(cut({.syncs_left_out = true}, 200, 1).problems.empty()); }

TEST(PowerCutHarness, FindsAnAcknowledgementBeforeTheCommit) {
  EXPECT_FALSE(cut({.told_too_early = true}, 400, 1).problems.empty());
}

}  // namespace
}  // namespace autoheal::testing
