#include "tools/database/canonical_copy.hpp"

#include <fmt/core.h>

#include <bit>
#include <cstdint>
#include <string_view>

#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::database {

namespace {

// Places in the first page, https://sqlite.org/fileformat2.html#the_database_header
constexpr std::size_t header_size = 100;
constexpr std::size_t page_size_at = 16;
constexpr std::size_t write_version_at = 18;
constexpr std::size_t read_version_at = 19;
constexpr std::size_t change_counter_at = 24;
constexpr std::size_t page_count_at = 28;
constexpr std::size_t schema_cookie_at = 40;
constexpr std::size_t version_valid_for_at = 92;
constexpr std::size_t library_version_at = 96;
constexpr std::string_view magic("SQLite format 3\0", 16);

std::uint32_t byte_at(const std::string& bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  return byte_at(bytes, at) << 24U | byte_at(bytes, at + 1) << 16U | byte_at(bytes, at + 2) << 8U |
         byte_at(bytes, at + 3);
}

void put_number(std::string& bytes, std::size_t at, std::uint32_t number) {
  for (std::size_t index = 0; index < 4; ++index) {
    bytes[at + index] = static_cast<char>(number >> (24U - 8U * index) & 0xffU);
  }
}

constexpr std::uint32_t newest_version = 2;

std::unexpected<Error> damaged(const char* why) { return failure(ErrorKind::corrupt, why); }

// Programs before SQLite 3.7.0 leave the count of the header as it is; then the file's size counts.
std::size_t pages_of(const std::string& bytes) {
  const std::size_t counted = number_at(bytes, page_count_at);
  const bool valid = number_at(bytes, change_counter_at) == number_at(bytes, version_valid_for_at);
  if (valid && counted != 0) return counted;
  const std::size_t page_size = page_size_of(bytes);
  return (bytes.size() + page_size - 1) / page_size;
}

Result<std::string> serialized(const Connection& memory) {
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> bytes(
      sqlite3_serialize(memory.handle(), "main", &size, 0), &sqlite3_free);
  if (!bytes) return sqlite_failure(SQLITE_NOMEM, "taking it into memory");
  return std::string(reinterpret_cast<const char*>(bytes.get()), static_cast<std::size_t>(size));
}

Result<void> check_size(const Connection& source) {
  const auto pages = source.ask("PRAGMA page_count");
  const auto page_size = source.ask("PRAGMA page_size");
  AUTOHEAL_TRY(pages);
  AUTOHEAL_TRY(page_size);
  const std::uint64_t page_count = parse_number<std::uint64_t>(*pages).value_or(0);
  const std::uint64_t page_bytes = parse_number<std::uint64_t>(*page_size).value_or(0);
  if (page_count == 0 || page_bytes == 0) return damaged("is empty");
  if (page_count <= largest_database / page_bytes) return {};
  return failure(ErrorKind::invalid, fmt::format("it is larger than {} bytes", largest_database));
}

}  // namespace

std::size_t page_size_of(const std::string& copy) {
  const std::uint32_t written = byte_at(copy, page_size_at) << 8U | byte_at(copy, page_size_at + 1);
  return written == 1 ? 65536 : written;
}

Result<std::string> canonical(std::string bytes) {
  if (bytes.empty()) return damaged("is empty");
  if (bytes.size() < header_size || !bytes.starts_with(magic)) return damaged("is not a database");
  const std::size_t page_size = page_size_of(bytes);
  if (page_size < 512 || !std::has_single_bit(page_size)) return damaged("has an invalid page size in its header");
  if (byte_at(bytes, read_version_at) > newest_version) return damaged("has an unknown read version in its header");
  if (byte_at(bytes, write_version_at) > newest_version) {
    return failure(ErrorKind::invalid, "it is of a newer format, which can only be read");
  }
  const std::size_t pages = pages_of(bytes);
  if (bytes.size() / page_size < pages) return damaged("is shorter than its header says");
  bytes.resize(pages * page_size);
  bytes[write_version_at] = 1;
  bytes[read_version_at] = 1;
  put_number(bytes, change_counter_at, 1);
  put_number(bytes, page_count_at, static_cast<std::uint32_t>(pages));
  put_number(bytes, schema_cookie_at, 1);
  put_number(bytes, version_valid_for_at, 1);
  put_number(bytes, library_version_at, 0);
  return bytes;
}

Result<std::string> canonical_copy(const Connection& source) {
  AUTOHEAL_TRY(check_size(source));
  Result<std::string> bytes;
  {
    const auto memory = Connection::in_memory();
    AUTOHEAL_TRY(memory);
    auto backup = Backup::start(*memory, source);
    AUTOHEAL_TRY(backup);
    AUTOHEAL_TRY(backup->copy());
    bytes = serialized(*memory);
  }
  if (!bytes) return bytes;
  return canonical(std::move(*bytes));
}

Result<void> check_integrity(const std::string& copy) {
  const auto memory = Connection::over(copy);
  AUTOHEAL_TRY(memory);
  const auto found = memory->ask("PRAGMA integrity_check(1)");
  AUTOHEAL_TRY(found);
  if (*found == "ok") return {};
  return sqlite_failure(SQLITE_CORRUPT, "integrity check", *found);
}

}  // namespace autoheal::database
