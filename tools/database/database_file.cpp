#include "tools/database/database_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "tools/host/system/system_error.hpp"

namespace autoheal::database {

namespace {

std::unexpected<Error> another_file() { return failure(ErrorKind::changed, "another file has its name now"); }

bool is_the_one(const DatabaseFile& file, const struct stat& found) {
  return S_ISREG(found.st_mode) && found.st_dev == file.device && found.st_ino == file.inode;
}

// How many of this process's descriptors are the file.
Result<std::size_t> count_descriptors(const DatabaseFile& file) {
  std::size_t count = 0;
  std::error_code problem;
  for (std::filesystem::directory_iterator one("/proc/self/fd", problem), end; !problem && one != end;
       one.increment(problem)) {
    struct stat found{};
    if (::stat(one->path().c_str(), &found) == 0 && is_the_one(file, found)) ++count;
  }
  if (problem) return host::system_failure("/proc/self/fd", problem.value());
  return count;
}

Result<Connection> open_either_way(const DatabaseFile& file, Access access) {
  if (access == Access::write) {
    auto connection = Connection::open(file.path(), SQLITE_OPEN_READWRITE);
    if (connection) return connection;
  }
  return Connection::open(file.path(), SQLITE_OPEN_READONLY);
}

}  // namespace

Result<std::uint64_t> size_of(const DatabaseFile& file) {
  struct stat found{};
  if (::lstat(file.path().c_str(), &found) != 0) {
    if (errno == ENOENT) return failure(ErrorKind::changed, "it is not there any more");
    return host::system_failure(file.name, errno);
  }
  if (!is_the_one(file, found)) return another_file();
  if (found.st_size == 0) return failure(ErrorKind::corrupt, "is empty");
  return static_cast<std::uint64_t>(found.st_size);
}

Result<UniqueFd> open_raw(const DatabaseFile& file) {
  AUTOHEAL_TRY(size_of(file));
  UniqueFd raw(::open(file.path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat found{};
  if (!raw || ::fstat(raw.get(), &found) != 0) return host::system_failure(file.name, errno);
  if (!is_the_one(file, found)) return another_file();
  return raw;
}

Result<Connection> connect(const DatabaseFile& file, Access access) {
  AUTOHEAL_TRY(size_of(file));
  const auto before = count_descriptors(file);
  AUTOHEAL_TRY(before);
  auto connection = open_either_way(file, access);
  if (!connection) return connection;
  const auto after = count_descriptors(file);
  AUTOHEAL_TRY(after);
  if (*after != *before + 1) return another_file();
  connection->wait(file.busy);
  struct stat log{};
  if (::stat((file.path() + "-wal").c_str(), &log) == 0 && log.st_size > 0) connection->leave_log();
  return connection;
}

}  // namespace autoheal::database
