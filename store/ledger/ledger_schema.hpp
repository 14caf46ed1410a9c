// The ledger's file on disk: its tables and views, how it comes to be, and when it must not be taken for a new one.
// Only the store itself includes this page.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/base/result.hpp"

namespace autoheal::store {

inline constexpr std::int64_t ledger_schema_version = 2;

enum class LedgerFile { present, absent };

// absent: nothing is there and nothing says that there ever was. unavailable: the file is missing or empty although its
// key, vault, checkpoints or write-ahead log stand beside it, or it is not a regular file. Opens nothing.
[[nodiscard]] Result<LedgerFile> look_at_ledger(const std::filesystem::path& path);

// Writes `<path>.new`, closes and syncs it, renames it to `path` and syncs the folder; what a crash left of an earlier
// try is replaced. Only under the ledger's lock.
[[nodiscard]] Result<void> create_ledger(const std::filesystem::path& path, const Uuid& id);

struct LedgerMeta {
  std::string id;
  std::int64_t epoch = 0;
  std::int64_t version = ledger_schema_version;
  [[nodiscard]] bool has_tree() const { return version >= 2; }
};

// corrupt: not a ledger. unavailable: written by a later version. Throws SQLite::Exception.
[[nodiscard]] Result<LedgerMeta> read_meta(const SQLite::Database& database, const std::filesystem::path& path);

// What an SQLite error means to the caller, as a sentence: busy, corrupt or unavailable.
[[nodiscard]] Error sqlite_error(const std::filesystem::path& path, const SQLite::Exception& exception);
// Whether the file is damaged, or its tables are others than autoheal makes, rather than out of reach now.
[[nodiscard]] bool is_damage(const SQLite::Exception& exception);
// The other way round of sqlite_error: throws what sqlite_error makes the same kind of. `what` begins the sentence.
[[noreturn]] void throw_as_sqlite(const Error& error, const std::string& what = {});

}  // namespace autoheal::store
