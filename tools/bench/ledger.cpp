#include "tools/bench/ledger.hpp"

#include <sqlite3.h>

#include <chrono>
#include <filesystem>

#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/scratch_folder.hpp"
#include "tools/bench/support/year_of_heals.hpp"

namespace autoheal::bench {

namespace {

namespace fs = std::filesystem;

Result<std::uint64_t> write_year(const LedgerOptions& options, YearOfHeals& year) {
  auto ledger = store::SqliteLedger::open(options.file, {.ids = year.ids()});
  AUTOHEAL_TRY(ledger);
  std::uint64_t commits = 0;
  for (std::uint64_t written = 0; written < options.entries; ++commits) {
    const engine::AppendResult appended = (*ledger)->append(year.next(options.entries - written));
    if (appended.status != engine::AppendStatus::ok)
      return failure(ErrorKind::failed, "the ledger took no more: " + appended.message);
    written = appended.head.value;
  }
  return commits;
}

// Sizes of tables and indexes, from SQLite's own table of pages.
void tell_sizes(const LedgerOptions& options, std::ostream& out) {
  sqlite3* database = nullptr;
  sqlite3_stmt* select = nullptr;
  if (sqlite3_open_v2(options.file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK &&
      sqlite3_prepare_v2(database, "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC", -1, &select,
                         nullptr) == SQLITE_OK) {
    while (sqlite3_step(select) == SQLITE_ROW) {
      const std::string name = reinterpret_cast<const char*>(sqlite3_column_text(select, 0));
      const double bytes = static_cast<double>(sqlite3_column_int64(select, 1));
      write_figure(out, {"bytes_per_entry_of_" + name, bytes / static_cast<double>(options.entries), "B", 0, 0});
    }
  }
  sqlite3_finalize(select);
  sqlite3_close(database);
}

void remove_ledger(const LedgerOptions& options) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", ".lock", ".key", ".signed", ".vault"})
    fs::remove_all(options.file + suffix, ignored);
}

}  // namespace

Result<void> run_ledger(const LedgerOptions& options, std::ostream& out) {
  if (fs::exists(options.file)) {
    return failure(ErrorKind::invalid, options.file + " is already there", "name another file, or remove it");
  }
  const ScratchFolder scratch(options.file + ".recordings");
  auto recordings = record_heals(scratch.path);
  AUTOHEAL_TRY(recordings);
  YearOfHeals year(std::move(*recordings), options.entries, options.seed);
  const auto began = std::chrono::steady_clock::now();
  const auto commits = write_year(options, year);
  AUTOHEAL_TRY(commits);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fs::copy(scratch.path / "ledger.db.vault", options.file + ".vault", fs::copy_options::recursive);
  const auto entries = static_cast<double>(options.entries);
  write_conditions(out, "ledger",
                   std::to_string(options.entries) + " entries in " + std::to_string(*commits) + " commits");
  write_figure(out, {"ledger_entries_per_s", entries / took.count(), "1/s", 0, 0});
  write_figure(out,
               {"ledger_bytes_per_entry", static_cast<double>(fs::file_size(options.file)) / entries, "B", 0, 400});
  if (options.sizes) tell_sizes(options, out);
  if (!options.keep) remove_ledger(options);
  return {};
}

}  // namespace autoheal::bench
