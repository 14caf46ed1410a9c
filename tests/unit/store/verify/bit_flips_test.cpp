// One bit of a closed ledger flips: verification says so wherever it touches an entry, the tree, a checkpoint or an
// index, and no reader gives out what it changed. An independent dump judges what was touched.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include <map>
#include <random>

#include "autoheal/store/verify/verify.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

constexpr int parts = 8;  // of all flips; each is a test, so that they run side by side

std::size_t flips_per_part() {
#ifdef AUTOHEAL_SANITIZED
  return 10;  // there it is the memory that is watched
#else
  const char* set = std::getenv("AUTOHEAL_LONG");
  return (set != nullptr && *set == '1' ? 10'000 : 2'000) / parts;
#endif
}

// The ledger as plain SQL sees it: entries by number, and everything else that counts by name. Empty if it cannot be
// read.
struct Dump {
  std::map<std::int64_t, std::string> entries;
  std::map<std::string, std::string> others;
  friend bool operator==(const Dump&, const Dump&) = default;
};

std::string exact(const std::string& columns) {
  std::string sql;
  std::size_t begin = 0;
  while (begin < columns.size()) {
    const std::size_t end = std::min(columns.find(',', begin), columns.size());
    const std::string column = columns.substr(begin, end - begin);
    sql += (sql.empty() ? "" : " || '|' || ") + ("typeof(" + column + ") || hex(" + column + ")");
    begin = end + 1;
  }
  return sql;
}

std::string rows_of(const SQLite::Database& database, const std::string& columns, const std::string& from) {
  std::string text;
  SQLite::Statement select(database, "SELECT " + exact(columns) + " FROM " + from);
  while (select.executeStep()) text += select.getColumn(0).getString() + "\n";
  return text;
}

std::optional<Dump> dump_of(const std::filesystem::path& path) {
  try {
    Dump dump;
    const SQLite::Database database(path.string(), SQLite::OPEN_READONLY);
    SQLite::Statement entries(database, "SELECT seq, " +
                                            exact("stream,version,type,dataversion,time,actor,engine,data") +
                                            " FROM entries NOT INDEXED ORDER BY seq");
    while (entries.executeStep()) dump.entries[entries.getColumn(0).getInt64()] = entries.getColumn(1).getString();
    dump.others["tiles"] = rows_of(database, "tile,hashes", "tiles");
    dump.others["roots"] = rows_of(database, "size,root", "roots");
    dump.others["checkpoints"] = rows_of(database, "size,note", "checkpoints");
    SQLite::Statement indexes(database, "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL");
    while (indexes.executeStep()) {
      const std::string name = indexes.getColumn(0).getString(), sql = indexes.getColumn(1).getString();
      const std::size_t where = sql.find("WHERE ");
      const std::string columns = name == "entries_by_stream" ? "stream,version,seq" : "seq";
      dump.others[name] = rows_of(
          database, columns,
          "entries INDEXED BY " + name + (where == std::string::npos ? std::string() : " " + sql.substr(where)));
    }
    return dump;
  } catch (const SQLite::Exception&) {
    return std::nullopt;
  }
}

struct BitFlips : testing::LedgerFixture, ::testing::WithParamInterface<int> {
  Dump untouched;
  std::vector<engine::Entry> entries;
  std::string long_stream = "ledger";

  void SetUp() override {
    const auto ledger = open();
    const auto key = testing::signing_key(ledger->id());
    std::mt19937_64 random(7);
    for (std::uint64_t commit = 1; commit <= 500; ++commit) {
      const std::string data =
          "{\"n\":" + std::to_string(commit) + ",\"text\":\"" + std::string(random() % 300, 'x') + "\"}";
      append(*ledger, long_stream, commit - 1, {entry("node.heartbeat", data)});
      append(*ledger, to_string(ids.next()), 0,
             {entry("heal.triggered", data), entry("heal.repair_started", data), entry("heal.certified", data),
              entry("heal.completed")},
             commit % 20 == 0 ? engine::StreamLife::goes_on : engine::StreamLife::ends);
      if (commit % 50 == 0) (void)testing::sign_head(*ledger, path, key);
    }
    while (entries.size() < ledger->tree_head().size) {
      auto page = ledger->read_all({entries.size()}, 10'000);
      for (auto& one : page->entries) entries.push_back(std::move(one));
    }
  }

  void flip(std::size_t byte, unsigned bit) const {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    char value = 0;
    ASSERT_EQ(::pread(file, &value, 1, static_cast<off_t>(byte)), 1);
    value = static_cast<char>(value ^ (1 << bit));
    ASSERT_EQ(::pwrite(file, &value, 1, static_cast<off_t>(byte)), 1);
    ::close(file);
  }

  // Describes what is left after verification, for debugging.
  void judge(const std::string& where) const {
    const auto report = verify_ledger(path, {.threads = 1});
    const bool reported = !report || !report->sound();
    const auto now = dump_of(path);
    if (!reported) {
      EXPECT_TRUE(now) << where << ": unreadable, but verified";
      EXPECT_TRUE(now && *now == untouched) << where << ": changed, but verified" << what_changed(now);
    }
    if (now && report) expect_number(*now, *report, where);
    expect_honest_reading(where);
  }

  std::string what_changed(const std::optional<Dump>& now) const {
    std::string names;
    if (!now) return names;
    if (now->entries != untouched.entries) names += " entries";
    for (const auto& [name, rows] : untouched.others) {
      const auto found = now->others.find(name);
      if (found == now->others.end() || found->second != rows) names += " " + name;
    }
    return names;
  }

  // Where entries can be read and are others, the first of them is named.
  void expect_number(const Dump& now, const VerifyReport& report, const std::string& where) const {
    for (const auto& [seq, row] : untouched.entries) {
      const auto found = now.entries.find(seq);
      if (found != now.entries.end() && found->second == row) continue;
      EXPECT_TRUE(report.first_bad && *report.first_bad <= static_cast<std::uint64_t>(seq))
          << where << ": entry " << seq << " is another, first bad is " << report.first_bad.value_or(0)
          << (report.problems.empty() ? std::string() : ": " + report.problems.front());
      return;
    }
  }

  void expect_honest_reading(const std::string& where) const {
    const auto opened = LedgerReader::open(path);
    if (!opened) return;
    std::uint64_t done = 0;
    while (done < entries.size()) {
      const auto page = (*opened)->read_all({done}, 1000);
      if (!page || page->entries.empty()) break;
      for (const engine::Entry& one : page->entries) {
        ++done;
        ASSERT_LE(done, entries.size()) << where;
        ASSERT_EQ(one, entries[done - 1]) << where << ": read_all gives out another entry " << done;
      }
    }
    for (const std::string& stream : {long_stream, entries[1].stream, entries[1201].stream}) {
      const auto read = (*opened)->read_stream(stream, 1);
      if (!read) continue;
      std::uint64_t version = 0;
      for (const engine::Entry& one : *read) {
        ASSERT_EQ(one.version, ++version) << where;
        ASSERT_LE(one.position.value, entries.size()) << where;
        ASSERT_EQ(one, entries[one.position.value - 1]) << where << ": read_stream gives out another entry";
      }
    }
  }
};

TEST_P(BitFlips, Case94_EveryOneIsReportedAndNoneIsReadAsGood) {
  untouched = *dump_of(path);
  ASSERT_EQ(untouched.entries.size(), entries.size());
  ASSERT_TRUE(verify_ledger(path, {.threads = 1})->sound());
  const std::size_t bytes = std::filesystem::file_size(path);
  std::mt19937_64 random(static_cast<std::uint64_t>(GetParam()));
  for (std::size_t at = 0; at < flips_per_part() && !HasFailure(); ++at) {
    const std::size_t byte = random() % bytes;
    const auto bit = static_cast<unsigned>(random() % 8);
    flip(byte, bit);
    judge("bit " + std::to_string(bit) + " of byte " + std::to_string(byte));
    flip(byte, bit);
  }
  EXPECT_TRUE(verify_ledger(path, {.threads = 1})->sound());
}

INSTANTIATE_TEST_SUITE_P(Parts, BitFlips, ::testing::Range(0, parts));

}  // namespace
}  // namespace autoheal::store
