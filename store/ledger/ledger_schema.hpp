// The identity and version of a ledger's database, and SQLite's errors as values. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::store {

inline constexpr std::int64_t ledger_schema_version = 2;

struct LedgerMeta {
  std::string id;
  std::int64_t epoch = 0;
  std::int64_t version = ledger_schema_version;
  [[nodiscard]] bool has_tree() const { return version >= 2; }
};

// corrupt: not a ledger. unavailable: written by a later version. Throws SQLite::Exception.
[[nodiscard]] Result<LedgerMeta> read_meta(const SQLite::Database& database, const std::filesystem::path& path);

// Translates an SQLite error into a kind (busy, corrupt or unavailable) and a sentence.
[[nodiscard]] Error sqlite_error(const std::filesystem::path& path, const SQLite::Exception& exception);
// Whether the file is damaged, or its tables are others than autoheal makes, rather than out of reach now.
[[nodiscard]] bool is_damage(const SQLite::Exception& exception);
// The other way round of sqlite_error: throws what sqlite_error makes the same kind of. `what` begins the sentence.
[[noreturn]] void throw_as_sqlite(const Error& error, const std::string& what = {});

}  // namespace autoheal::store
