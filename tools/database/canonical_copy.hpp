// The content of a database as bytes that are equal wherever the content is: what a snapshot holds and what a digest is
// taken of. Counters and the journal mode of the file it came from are no content and get fixed values.
#pragma once

#include <cstddef>
#include <string>

#include "tools/database/connection.hpp"

namespace autoheal::database {

// A copy is in memory, several times.
inline constexpr std::size_t largest_database = 1U << 30U;

// `bytes` are a whole database file. Bytes behind its last page are cut off. corrupt: not a database's header, or fewer
// bytes than the header says.
[[nodiscard]] Result<std::string> canonical(std::string bytes);

// Copies the database as `source` sees it now, in its open transaction or in one of its own. Pages are not checked: see
// check_integrity. invalid: larger than largest_database.
[[nodiscard]] Result<std::string> canonical_copy(const Connection& source);

// PRAGMA integrity_check on a canonical copy. corrupt: what it found first.
[[nodiscard]] Result<void> check_integrity(const std::string& copy);

[[nodiscard]] std::size_t page_size_of(const std::string& copy);

}  // namespace autoheal::database
