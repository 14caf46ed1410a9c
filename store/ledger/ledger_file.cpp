#include "autoheal/store/ledger/ledger_file.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "autoheal/store/file/posix_file.hpp"
#include "autoheal/store/ledger/ledger_schema.hpp"
#include "autoheal/store/ledger/ledger_upgrade.hpp"

namespace autoheal::store {

namespace {

constexpr std::array companions = {".key", ".vault", ".signed"};

// An empty write-ahead log tells nothing; one with frames belongs to a database that was there.
bool has_content(const std::string& path) {
  struct stat seen{};
  return ::lstat(path.c_str(), &seen) == 0 && (S_ISDIR(seen.st_mode) || seen.st_size > 0);
}

Result<LedgerFile> absent_unless_lost(const std::filesystem::path& path, const char* how) {
  const auto lost = [&](const std::string& beside) {
    return failure(ErrorKind::unavailable,
                   fmt::format("the ledger {} is {}, but {} says that there was one", path.string(), how, beside),
                   fmt::format("restore the ledger from a backup, or move {} away", beside));
  };
  for (const char* suffix : companions) {
    struct stat seen{};
    if (::lstat((path.string() + suffix).c_str(), &seen) == 0) return lost(path.string() + suffix);
  }
  if (has_content(path.string() + "-wal")) return lost(path.string() + "-wal");
  return LedgerFile::absent;
}

Result<void> remove_leftovers(const std::string& path) {
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
    if (::unlink((path + suffix).c_str()) != 0 && errno != ENOENT) {
      return std::unexpected(system_error(fmt::format("removing the leftover {}{}", path, suffix)));
    }
  }
  return {};
}

// An empty file that already has its mode; SQLite gives -wal and -shm the same.
Result<void> make_empty(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (!file || ::fchmod(file.get(), 0640) != 0) return std::unexpected(system_error("creating " + path));
  return {};
}

Result<void> write_schema(const std::string& path, const Uuid& id) {
  try {
    SQLite::Database database(path, SQLite::OPEN_READWRITE);
    SQLite::Transaction transaction(database);
    create_tables(database);
    SQLite::Statement insert(database, "INSERT INTO meta VALUES ('id', ?), ('schema_version', ?), ('epoch', 0)");
    insert.bind(1, to_string(id));
    insert.bind(2, ledger_schema_version);
    insert.exec();
    transaction.commit();
    database.exec("PRAGMA journal_mode = WAL");
    return {};
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(sqlite_error(path, exception));
  }
}

// The database is closed here, so a descriptor of it does no harm.
Result<void> sync_closed(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return std::unexpected(system_error("opening " + path));
  return sync_file(file.get(), path);
}

Result<void> put_in_place(const std::string& fresh, const std::filesystem::path& path) {
  if (::rename(fresh.c_str(), path.c_str()) != 0) return std::unexpected(system_error("renaming " + fresh));
  return sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace

Result<LedgerFile> look_at_ledger(const std::filesystem::path& path) {
  struct stat seen{};
  if (::stat(path.c_str(), &seen) != 0) {
    if (errno == ENOENT) return absent_unless_lost(path, "missing");
    return std::unexpected(system_error("looking at the ledger " + path.string()));
  }
  if (!S_ISREG(seen.st_mode)) {
    return failure(ErrorKind::unavailable, fmt::format("the ledger {} is not a regular file", path.string()));
  }
  if (seen.st_size == 0) return absent_unless_lost(path, "empty");
  return LedgerFile::present;
}

Result<void> create_ledger(const std::filesystem::path& path, const Uuid& id) {
  const std::string fresh = path.string() + ".new";
  if (auto done = remove_leftovers(fresh); !done) return done;
  if (auto done = make_empty(fresh); !done) return done;
  if (auto done = write_schema(fresh, id); !done) return done;
  if (auto done = sync_closed(fresh); !done) return done;
  return put_in_place(fresh, path);
}

}  // namespace autoheal::store
