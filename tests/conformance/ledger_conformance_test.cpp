// One suite over every store: what engine/ledger.hpp promises, each of them keeps.
#include <gtest/gtest.h>

#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "tests/support/files/temporary_folder.hpp"

namespace autoheal {
namespace {

using engine::AppendStatus;
using engine::Batch;
using engine::Entry;
using engine::Ledger;
using engine::NewEntry;
using engine::Position;
using engine::StreamAppend;
using engine::StreamLife;

struct InMemory {
  store::MemoryLedger ledger{"0190a000-0000-7000-8000-000000000001", 1};
  Ledger& get() { return ledger; }
  void fence() { ledger.fence(2); }
};

struct OnSqlite {
  testing::TemporaryFolder folder;
  engine::testing::CountingIds ids;
  std::unique_ptr<store::SqliteLedger> ledger =
      std::move(store::SqliteLedger::open(folder / "ledger.db", {.ids = ids}).value());
  Ledger& get() { return *ledger; }
  void fence() {
    testing::foreign_sqlite(folder / "ledger.db", "UPDATE meta SET value = value + 1 WHERE name = 'epoch'");
  }
};

const std::string heal = "01930000-0000-7000-8000-0000000000aa";
const std::string other_heal = "01930000-0000-7000-8000-0000000000bb";

NewEntry entry(const std::string& type, const std::string& data = "{}") {
  NewEntry made;
  made.type = type;
  made.time = Timestamp(std::chrono::microseconds(1'700'000'000'123'456));
  made.actor = "ops";
  made.subject = "EnvRecon";
  made.data = data;
  return made;
}

StreamAppend to(const std::string& stream, std::uint64_t expected, std::vector<NewEntry> entries,
                StreamLife life = StreamLife::goes_on, const std::string& key = "") {
  return {stream, expected, std::move(entries), life, key};
}

template <class Store>
struct LedgerConformance : ::testing::Test {
  Store store;
  Ledger& ledger = store.get();

  engine::AppendResult append(std::vector<StreamAppend> streams) {
    Batch batch{std::move(streams), {}, 1};
    return ledger.append(batch);
  }
  std::vector<Entry> all() { return ledger.read_all({}, 10'000).value().entries; }
  std::vector<std::string> open() { return ledger.open_streams().value(); }
};

using Stores = ::testing::Types<InMemory, OnSqlite>;
struct Names {
  template <class Store>
  static std::string GetName(int) {
    return std::is_same_v<Store, InMemory> ? "memory" : "sqlite";
  }
};
TYPED_TEST_SUITE(LedgerConformance, Stores, Names);

TYPED_TEST(LedgerConformance, BeginsEmpty) {
  EXPECT_TRUE(this->all().empty());
  EXPECT_TRUE(this->open().empty());
  EXPECT_EQ(this->ledger.read_all({}, 10)->head, Position{});
  EXPECT_TRUE(this->ledger.read_stream(heal, 1)->empty());
  EXPECT_TRUE(parse_uuid(this->ledger.id()));
}

TYPED_TEST(LedgerConformance, WhatIsAppendedIsReadBackUnchanged) {
  NewEntry odd = entry("heal.triggered", R"({"text":"\u0001 \"quoted\" ☂"})");
  odd.dataversion = 7;
  odd.actor.clear();
  NewEntry ancient = entry("ledger.archived");
  ancient.time = Timestamp(std::chrono::microseconds(-1));
  ancient.subject.clear();
  const auto result = this->append({to(heal, 0, {odd, ancient})});
  ASSERT_EQ(result.status, AppendStatus::ok) << result.message;
  EXPECT_EQ(result.head, Position{2});
  const auto read = this->all();
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(static_cast<const NewEntry&>(read[0]), odd);
  EXPECT_EQ(static_cast<const NewEntry&>(read[1]), ancient);
  EXPECT_EQ(read[1].stream, heal);
  EXPECT_EQ(read[1].version, 2U);
  EXPECT_EQ(read[1].position, Position{2});
  EXPECT_EQ(*this->ledger.read_stream(heal, 1), read);
}

TYPED_TEST(LedgerConformance, EveryKindOfStreamNameIsKept) {
  const std::vector<std::string> names = {
      heal, "selftest/7", "ledger", "0193ABCD-0000-7000-8000-0000000000AA", "sixteen bytes ok", "with 'quotes' and ☂"};
  for (const auto& name : names) ASSERT_EQ(this->append({to(name, 0, {entry("a.b")})}).status, AppendStatus::ok);
  EXPECT_EQ(this->open(), names);
  for (const auto& name : names) {
    ASSERT_EQ(this->ledger.read_stream(name, 1)->size(), 1U) << name;
    EXPECT_EQ(this->ledger.read_stream(name, 1)->front().stream, name);
  }
}

TYPED_TEST(LedgerConformance, EntriesOfSomeTypesAreFoundInTheirOrder) {
  ASSERT_EQ(this->append({to("ledger", 0,
                             {entry("engine.unheld"), entry("node.heartbeat"), entry("engine.held"),
                              entry("heal.triggered"), entry("engine.unheld")}),
                          to(heal, 0, {entry("engine.held"), entry("heal.triggered")})})
                .status,
            AppendStatus::ok);
  const auto found = [&](const std::string& stream, const std::vector<std::string>& types) {
    std::vector<std::uint64_t> versions;
    const auto entries = this->ledger.read_types(stream, types);
    for (const Entry& one : *entries) {
      EXPECT_EQ(one.stream, stream);
      versions.push_back(one.version);
    }
    return versions;
  };
  using Versions = std::vector<std::uint64_t>;
  EXPECT_EQ(found("ledger", {"engine.held", "engine.unheld"}), (Versions{1, 3, 5}));
  EXPECT_EQ(found("ledger", {"engine.held", "heal.triggered"}), (Versions{3, 4}));
  EXPECT_EQ(found(heal, {"engine.held"}), Versions{1});
  EXPECT_EQ(found("ledger", {"config.loaded"}), Versions{});
  EXPECT_EQ(found("nobody", {"engine.held"}), Versions{});
  EXPECT_EQ(this->ledger.version_of("ledger").value(), 5U);
  EXPECT_EQ(this->ledger.version_of(heal).value(), 2U);
  EXPECT_EQ(this->ledger.version_of("nobody").value(), 0U);
}

TYPED_TEST(LedgerConformance, SeveralStreamsAreOneCommitInTheirOrder) {
  ASSERT_EQ(this->append({to(heal, 0, {entry("a"), entry("b")}), to(other_heal, 0, {entry("c")}),
                          to("ledger", 0, {entry("d")}, StreamLife::ends)})
                .status,
            AppendStatus::ok);
  ASSERT_EQ(this->append({to(other_heal, 1, {entry("e")}), to(heal, 2, {entry("f")})}).status, AppendStatus::ok);
  std::string types;
  for (const Entry& one : this->all()) types += one.type;
  EXPECT_EQ(types, "abcdef");
  EXPECT_EQ(this->ledger.read_stream(heal, 3)->front().type, "f");
  EXPECT_EQ(this->open(), (std::vector<std::string>{heal, other_heal}));
}

TYPED_TEST(LedgerConformance, AConflictAppendsNothingAtAll) {
  ASSERT_EQ(this->append({to(heal, 0, {entry("a")})}).status, AppendStatus::ok);
  const auto result =
      this->append({to(other_heal, 0, {entry("b")}, StreamLife::goes_on, "key"), to(heal, 0, {entry("c")})});
  EXPECT_EQ(result.status, AppendStatus::conflict);
  EXPECT_EQ(result.conflicting_stream, heal);
  EXPECT_EQ(result.head, Position{1});
  EXPECT_EQ(this->all().size(), 1U);
  EXPECT_EQ(this->open(), std::vector<std::string>{heal});
  EXPECT_EQ(this->append({to(heal, 7, {entry("c")})}).status, AppendStatus::conflict);
  EXPECT_EQ(this->append({to("unknown", 1, {entry("c")})}).status, AppendStatus::conflict);
  EXPECT_EQ(this->append({to(other_heal, 0, {entry("b")}, StreamLife::goes_on, "key")}).status, AppendStatus::ok);
}

TYPED_TEST(LedgerConformance, AnIdempotencyKeyIsUsedOnce) {
  ASSERT_EQ(this->append({to(heal, 0, {entry("a")}, StreamLife::goes_on, "monday")}).status, AppendStatus::ok);
  ASSERT_EQ(this->append({to(heal, 1, {entry("b")}, StreamLife::ends)}).status, AppendStatus::ok);
  const auto result =
      this->append({to("x", 0, {entry("a")}), to(other_heal, 0, {entry("a")}, StreamLife::goes_on, "monday")});
  EXPECT_EQ(result.status, AppendStatus::duplicate);
  EXPECT_EQ(result.existing_stream, heal);
  EXPECT_EQ(result.duplicate_key, "monday");
  EXPECT_EQ(this->all().size(), 2U);
}

TYPED_TEST(LedgerConformance, AnIdempotencyKeyIsUsedOnceWithinABatchToo) {
  const auto result = this->append({to(heal, 0, {entry("a")}, StreamLife::goes_on, "monday"),
                                    to(other_heal, 0, {entry("a")}, StreamLife::goes_on, "monday")});
  EXPECT_EQ(result.status, AppendStatus::duplicate);
  EXPECT_EQ(result.existing_stream, heal);
  EXPECT_TRUE(this->all().empty());
}

TYPED_TEST(LedgerConformance, AnEndedStreamMayGoOnAndStaysUnlisted) {
  ASSERT_EQ(this->append({to("ledger", 0, {entry("a")}, StreamLife::ends)}).status, AppendStatus::ok);
  EXPECT_TRUE(this->open().empty());
  ASSERT_EQ(this->append({to("ledger", 1, {entry("b")}, StreamLife::ends)}).status, AppendStatus::ok);
  ASSERT_EQ(this->append({to("ledger", 2, {entry("c")}, StreamLife::goes_on)}).status, AppendStatus::ok);
  ASSERT_EQ(this->append({to("ledger", 3, {entry("d")}, StreamLife::goes_on)}).status, AppendStatus::ok);
  EXPECT_TRUE(this->open().empty());
  EXPECT_EQ(this->ledger.read_stream("ledger", 1)->size(), 4U);
}

TYPED_TEST(LedgerConformance, LifeMayEndWithoutAnEntry) {
  ASSERT_EQ(this->append({to(heal, 0, {entry("a")}), to(other_heal, 0, {entry("a")})}).status, AppendStatus::ok);
  ASSERT_EQ(this->append({to(heal, 1, {}, StreamLife::ends)}).status, AppendStatus::ok);
  EXPECT_EQ(this->open(), std::vector<std::string>{other_heal});
  EXPECT_EQ(this->all().size(), 2U);
  EXPECT_EQ(this->append({to(heal, 1, {entry("b")})}).status, AppendStatus::ok);
}

TYPED_TEST(LedgerConformance, PagesJoinWithoutGapOrRepeat) {
  for (std::uint64_t n = 0; n < 25; ++n) {
    ASSERT_EQ(this->append({to(heal, n * 4, {entry("a"), entry("b"), entry("c"), entry("d")})}).status,
              AppendStatus::ok);
  }
  std::vector<Entry> joined;
  Position from;
  while (true) {
    const auto page = this->ledger.read_all(from, 7);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->head, Position{100});
    if (page->entries.empty()) {
      EXPECT_EQ(page->next, from);
      break;
    }
    EXPECT_LE(page->entries.size(), 7U);
    joined.insert(joined.end(), page->entries.begin(), page->entries.end());
    from = page->next;
  }
  ASSERT_EQ(joined.size(), 100U);
  for (std::size_t n = 0; n < joined.size(); ++n) {
    EXPECT_EQ(joined[n].position, Position{n + 1});
    EXPECT_EQ(joined[n].version, n + 1);
  }
  EXPECT_TRUE(this->ledger.read_all({~std::uint64_t{0}}, 7)->entries.empty());
  EXPECT_TRUE(this->ledger.read_stream(heal, ~std::uint64_t{0})->empty());
}

TYPED_TEST(LedgerConformance, PlacesRideOnTheCommit) {
  EXPECT_EQ(*this->ledger.place_of("bus"), std::nullopt);
  ASSERT_EQ(this->ledger.append({{to(heal, 0, {entry("a")})}, {{"bus", {1}}, {"mail", {0}}}, 1}).status,
            AppendStatus::ok);
  ASSERT_EQ(this->ledger.append({{}, {{"bus", {5}}}, 1}).status, AppendStatus::ok);
  EXPECT_EQ(*this->ledger.place_of("bus"), Position{5});
  EXPECT_EQ(*this->ledger.place_of("mail"), Position{0});
  EXPECT_EQ(this->ledger.append({{to(heal, 0, {entry("a")})}, {{"bus", {9}}}, 1}).status, AppendStatus::conflict);
  EXPECT_EQ(*this->ledger.place_of("bus"), Position{5});
}

TYPED_TEST(LedgerConformance, AnEmptyBatchIsFine) {
  const auto result = this->append({});
  EXPECT_EQ(result.status, AppendStatus::ok);
  EXPECT_EQ(result.head, Position{});
}

TYPED_TEST(LedgerConformance, ANewerOwnerFencesTheOlder) {
  ASSERT_EQ(this->append({to(heal, 0, {entry("a")})}).status, AppendStatus::ok);
  this->store.fence();
  EXPECT_EQ(this->append({to(heal, 1, {entry("b")})}).status, AppendStatus::fenced);
  EXPECT_EQ(this->append({to(heal, 1, {entry("b")})}).status, AppendStatus::fenced);
  EXPECT_EQ(this->all().size(), 1U);
}

TYPED_TEST(LedgerConformance, ALargeBatchAndLargeDataAreOneCommit) {
  std::vector<StreamAppend> streams;
  for (int n = 0; n < 300; ++n) {
    const std::string data = "{\"n\":" + std::to_string(n) + ",\"text\":\"" + std::string(30'000, 'x') + "\"}";
    streams.push_back(to("stream/" + std::to_string(n), 0,
                         std::vector<NewEntry>(static_cast<std::size_t>(n % 5 + 1), entry("big", data))));
  }
  const auto result = this->append(streams);
  ASSERT_EQ(result.status, AppendStatus::ok) << result.message;
  const auto read = this->all();
  ASSERT_EQ(read.size(), 900U);
  EXPECT_EQ(result.head, Position{900});
  std::size_t at = 0;
  for (const StreamAppend& stream : streams) {
    for (const NewEntry& one : stream.entries) {
      EXPECT_EQ(static_cast<const NewEntry&>(read[at]), one);
      EXPECT_EQ(read[at].stream, stream.stream);
      EXPECT_EQ(read[at].position, Position{at + 1});
      ++at;
    }
  }
}

}  // namespace
}  // namespace autoheal
