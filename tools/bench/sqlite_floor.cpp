#include "tools/bench/sqlite_floor.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace autoheal::bench {

namespace {

constexpr std::size_t commits_per_heal = 4;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

}  // namespace

Result<double> sqlite_floor(const std::filesystem::path& file, std::size_t callers, std::size_t count,
                            const std::vector<std::string>& data) {
  sqlite3* opened = nullptr;
  const int status = sqlite3_open(file.c_str(), &opened);
  const std::unique_ptr<sqlite3, CloseDatabase> database(opened);
  const auto run = [&](const char* sql) {
    return sqlite3_exec(database.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  };
  if (status != SQLITE_OK ||
      !run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;") ||
      !run("CREATE TABLE entries(seq INTEGER PRIMARY KEY, stream BLOB, version INTEGER, type TEXT, dataversion INTEGER,"
           "time INTEGER, actor TEXT, engine TEXT, data TEXT); CREATE UNIQUE INDEX by_stream ON entries(stream, "
           "version);")) {
    return failure(ErrorKind::unavailable, "the floor's database cannot be made");
  }
  sqlite3_stmt* prepared = nullptr;
  sqlite3_prepare_v3(database.get(), "INSERT INTO entries VALUES(?,?,?,'heal.triggered',1,?,'bench','engine',?)", -1,
                     SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, Finalize> insert(prepared);
  const std::size_t per_commit = data.size() / commits_per_heal;
  const std::size_t rounds = std::max<std::size_t>(1, count / callers);
  std::int64_t seq = 0;
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t commit = 0; commit < commits_per_heal; ++commit) {
      if (!run("BEGIN IMMEDIATE")) return failure(ErrorKind::unavailable, "the floor's database is locked");
      for (std::size_t caller = 0; caller < callers; ++caller) {
        const std::uint64_t stream[2] = {__builtin_bswap64(round), __builtin_bswap64(caller)};
        for (std::size_t entry = 0; entry < per_commit; ++entry) {
          const std::string& text = data[commit * per_commit + entry];
          sqlite3_bind_int64(insert.get(), 1, ++seq);
          sqlite3_bind_blob(insert.get(), 2, stream, sizeof stream, SQLITE_STATIC);
          sqlite3_bind_int64(insert.get(), 3, static_cast<std::int64_t>(commit * per_commit + entry + 1));
          sqlite3_bind_int64(insert.get(), 4, seq);
          sqlite3_bind_text(insert.get(), 5, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
          if (sqlite3_step(insert.get()) != SQLITE_DONE)
            return failure(ErrorKind::unavailable, "the floor's insert failed");
          sqlite3_reset(insert.get());
        }
      }
      if (!run("COMMIT")) return failure(ErrorKind::unavailable, "the floor's commit failed");
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  return static_cast<double>(rounds * callers) / took.count();
}

}  // namespace autoheal::bench
