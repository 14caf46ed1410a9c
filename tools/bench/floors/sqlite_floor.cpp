#include "tools/bench/floors/sqlite_floor.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>

namespace autoheal::bench {

Result<std::unique_ptr<BareLedger>> BareLedger::open(const std::filesystem::path& file,
                                                     std::vector<std::string> heal_texts) {
  std::unique_ptr<BareLedger> ledger(new BareLedger);
  ledger->texts_ = std::move(heal_texts);
  const int status = sqlite3_open(file.c_str(), &ledger->database_);
  if (status != SQLITE_OK ||
      !ledger->run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;") ||
      !ledger->run("CREATE TABLE entries(seq INTEGER PRIMARY KEY, stream BLOB, version INTEGER, type TEXT,"
                   "dataversion INTEGER, time INTEGER, actor TEXT, engine TEXT, data TEXT);"
                   "CREATE UNIQUE INDEX by_stream ON entries(stream, version);")) {
    return failure(ErrorKind::unavailable, "the floor's database cannot be made");
  }
  sqlite3_prepare_v3(ledger->database_, "INSERT INTO entries VALUES(?,?,?,'heal.triggered',1,?,'bench','engine',?)", -1,
                     SQLITE_PREPARE_PERSISTENT, &ledger->insert_, nullptr);
  return ledger;
}

BareLedger::~BareLedger() {
  sqlite3_finalize(insert_);
  sqlite3_close(database_);
}

bool BareLedger::run(const char* sql) { return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK; }

Result<void> BareLedger::commit(std::size_t round, std::size_t commit, std::size_t callers) {
  const std::size_t per_commit = texts_.size() / commits_per_heal;
  if (!run("BEGIN IMMEDIATE")) return failure(ErrorKind::unavailable, "the floor's database is locked");
  for (std::size_t caller = 0; caller < callers; ++caller) {
    const std::uint64_t stream[2] = {__builtin_bswap64(round), __builtin_bswap64(caller)};
    for (std::size_t entry = 0; entry < per_commit; ++entry) {
      const std::string& text = texts_[commit * per_commit + entry];
      sqlite3_bind_int64(insert_, 1, ++seq_);
      sqlite3_bind_blob(insert_, 2, stream, sizeof stream, SQLITE_STATIC);
      sqlite3_bind_int64(insert_, 3, static_cast<std::int64_t>(commit * per_commit + entry + 1));
      sqlite3_bind_int64(insert_, 4, seq_);
      sqlite3_bind_text(insert_, 5, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
      if (sqlite3_step(insert_) != SQLITE_DONE) return failure(ErrorKind::unavailable, "the floor's insert failed");
      sqlite3_reset(insert_);
    }
  }
  if (!run("COMMIT")) return failure(ErrorKind::unavailable, "the floor's commit failed");
  return {};
}

Result<double> sqlite_floor(const std::filesystem::path& file, std::size_t callers, std::size_t count,
                            const std::vector<std::string>& data) {
  const auto ledger = BareLedger::open(file, data);
  AUTOHEAL_TRY(ledger);
  const std::size_t rounds = std::max<std::size_t>(1, count / callers);
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t commit = 0; commit < BareLedger::commits_per_heal; ++commit) {
      AUTOHEAL_TRY((*ledger)->commit(round, commit, callers));
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  return static_cast<double>(rounds * callers) / took.count();
}

}  // namespace autoheal::bench
