// A ledger in a folder of its own, and the few moves every test of it makes.
#pragma once

#include <gtest/gtest.h>

#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::testing {

struct LedgerFixture : ::testing::Test {
  TemporaryFolder folder;
  engine::testing::CountingIds ids;
  std::filesystem::path path = folder / "ledger.db";

  Result<std::unique_ptr<store::SqliteLedger>> try_open(std::string vfs = {}) {
    return store::SqliteLedger::open(path, {.ids = ids,
                                            .lock_wait = std::chrono::milliseconds(30),
                                            .busy_wait = std::chrono::milliseconds(30),
                                            .vfs = std::move(vfs)});
  }
  std::unique_ptr<store::SqliteLedger> open(std::string vfs = {}) {
    auto opened = try_open(std::move(vfs));
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  std::unique_ptr<store::LedgerReader> reader() const {
    auto opened = store::LedgerReader::open(path);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  std::string foreign(const std::string& sql, const std::string& option = "") const {
    return foreign_sqlite(path, sql, option);
  }

  static engine::NewEntry entry(const std::string& type, const std::string& data = "{}") {
    engine::NewEntry made;
    made.type = type;
    made.time = *parse_timestamp("2026-11-23T12:34:56.000007Z") + Duration(7 * made.type.size());
    made.actor = "ops";
    made.subject = "EnvRecon";
    made.data = data;
    return made;
  }
  static engine::AppendResult append(engine::Ledger& ledger, const std::string& stream, std::uint64_t expected,
                                     std::vector<engine::NewEntry> entries,
                                     engine::StreamLife life = engine::StreamLife::goes_on) {
    return ledger.append({{{stream, expected, std::move(entries), life, {}}}, {}, 0});
  }
  static std::size_t size_of(const engine::LedgerView& ledger) { return ledger.read_all({}, 10'000)->entries.size(); }
};

inline const std::string heal = "01930000-0000-7000-8000-0000000000aa";

}  // namespace autoheal::testing
