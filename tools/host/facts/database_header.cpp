#include "tools/host/facts/database_header.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "autoheal/engine/base/whole_io.hpp"

namespace autoheal::host {

namespace {

// Places in the first page, https://sqlite.org/fileformat2.html#the_database_header
constexpr std::size_t write_version_at = 18;
constexpr std::size_t read_version_at = 19;
constexpr std::size_t encoding_at = 56;
constexpr char log_version = 2;
// The same in every database: three fractions of a page.
constexpr std::size_t fractions_at = 21;
constexpr std::string_view fractions("\x40\x20\x20", 3);
constexpr std::string_view magic("SQLite format 3\0", 16);
// https://sqlite.org/fileformat2.html#the_write_ahead_log: one for each order of bytes in its checksums
constexpr std::string_view log_magic("\x37\x7f\x06\x82", 4), other_log_magic("\x37\x7f\x06\x83", 4);

constexpr const char* attribute = "user.autoheal.journal_mode";
constexpr std::string_view log_mode = "wal";

constexpr int read_flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

std::string beginning_of(int descriptor) {
  struct stat found{};
  std::array<char, 100> bytes{};
  if (descriptor < 0 || ::fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode)) return {};
  return std::string(bytes.data(), read_up_to_at(descriptor, bytes, 0).value_or(0));
}

std::string beginning_of(const RootFolder& root, const std::string& path) {
  const auto opened = root.open_below(path, read_flags);
  return opened ? beginning_of(opened->get()) : std::string();
}

bool is_database(std::string_view beginning) {
  return beginning.starts_with(magic) && beginning.size() > read_version_at;
}

// One whose first bytes were overwritten: what stands behind them still tells.
bool is_rest_of_one(std::string_view beginning) {
  if (beginning.size() < fractions_at + fractions.size()) return false;
  const char written = beginning[write_version_at], read = beginning[read_version_at];
  return beginning.substr(fractions_at).starts_with(fractions) && written == read && (read == 1 || read == log_version);
}

bool is_in_log_mode(std::string_view beginning) { return beginning[read_version_at] == log_version; }

}  // namespace

unsigned encoding_of(const std::string& copy) {
  if (copy.size() < encoding_at + 4) return 1;
  const auto encoding = static_cast<unsigned char>(copy[encoding_at + 3]);
  return encoding == 0 ? 1 : encoding;  // not settled before something is written
}

std::string in_log_mode(std::string copy) {
  if (!is_database(copy)) return copy;
  copy[write_version_at] = log_version;
  copy[read_version_at] = log_version;
  return copy;
}

std::optional<bool> keeps_log(const RootFolder& root, const std::string& path) {
  const std::string beginning = beginning_of(root, path);
  if (is_database(beginning) || is_rest_of_one(beginning)) return is_in_log_mode(beginning);
  const std::string log = beginning_of(root, path + "-wal");
  if (log.starts_with(log_magic) || log.starts_with(other_log_magic)) return true;
  return std::nullopt;
}

bool was_in_log_mode(const std::string& snapshot) {
  const UniqueFd opened(::open(snapshot.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!opened) return false;
  std::array<char, 8> noted{};
  const ssize_t size = ::fgetxattr(opened.get(), attribute, noted.data(), noted.size());
  if (size > 0) return std::string_view(noted.data(), static_cast<std::size_t>(size)) == log_mode;
  const std::string beginning = beginning_of(opened.get());
  return is_database(beginning) && is_in_log_mode(beginning);
}

void note_log_mode(int snapshot) { (void)::fsetxattr(snapshot, attribute, log_mode.data(), log_mode.size(), 0); }

}  // namespace autoheal::host
