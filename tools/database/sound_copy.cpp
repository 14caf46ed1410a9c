#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "autoheal/store/file/posix_file.hpp"
#include "tools/database/canonical_copy.hpp"
#include "tools/database/database_acts.hpp"
#include "tools/host/facts/database_header.hpp"
#include "tools/host/facts/target_facts.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::database {

namespace {

// If there is no log every page lies in the file. SQLite reads what is missing of the last one as zeros.
Result<void> check_length(const DatabaseFile& file, const Connection& connection, std::size_t wanted) {
  const auto mode = connection.ask("PRAGMA journal_mode");
  AUTOHEAL_TRY(mode);
  const auto size = size_of(file);
  AUTOHEAL_TRY(size);
  if (*mode == "wal" || *size >= wanted) return {};
  return failure(ErrorKind::corrupt, "is shorter than its header says");
}

Result<std::string> copy_as_it_is(const DatabaseFile& file) {
  const auto connection = connect(file, Access::write);
  AUTOHEAL_TRY(connection);
  AUTOHEAL_TRY(connection->begin_reading());
  auto copy = canonical_copy(*connection);
  if (!copy) return copy;
  AUTOHEAL_TRY(check_length(file, *connection, copy->size()));
  return copy;
}

Result<void> write_durably(int descriptor, const std::string& content, const std::string& path) {
  if (auto written = store::write_all(descriptor, content, path); !written) return written;
  if (auto synced = store::sync_file(descriptor, path); !synced) return synced;
  const auto folder = std::filesystem::path(path).parent_path();
  const UniqueFd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return host::system_failure(folder.string(), errno);
  return store::sync_file(opened.get(), folder.string());
}

}  // namespace

Result<std::string> sound_copy(const DatabaseFile& file) {
  auto copy = copy_as_it_is(file);
  if (!copy) return copy;
  AUTOHEAL_TRY(check_integrity(*copy));
  return copy;
}

Result<std::string> read_bytes(const std::string& path) {
  const UniqueFd opened(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat found{};
  if (!opened || ::fstat(opened.get(), &found) != 0) return host::system_failure(path, errno);
  if (!S_ISREG(found.st_mode)) return failure(ErrorKind::invalid, path + " is not a file");
  return host::read_all(opened.get(), path, largest_database);
}

Result<std::string> read_copy(const std::string& path) {
  auto bytes = read_bytes(path);
  if (!bytes) return bytes;
  auto copy = canonical(std::move(*bytes));
  if (!copy) return copy;
  AUTOHEAL_TRY(check_integrity(*copy));
  return copy;
}

Result<std::string> take_snapshot(const DatabaseFile& file, const std::string& to) {
  auto copy = sound_copy(file);
  if (!copy) return copy;
  const bool log_mode = host::was_in_log_mode(file.path());
  const UniqueFd created(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!created) return host::system_failure(to, errno);
  if (log_mode) host::note_log_mode(created.get());
  if (auto written = write_durably(created.get(), *copy, to); !written) {
    ::unlink(to.c_str());
    return std::unexpected(std::move(written.error()));
  }
  return copy;
}

}  // namespace autoheal::database
