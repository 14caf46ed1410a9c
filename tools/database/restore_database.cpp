#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/database/canonical_copy.hpp"
#include "tools/database/database_acts.hpp"
#include "tools/host/facts/target_facts.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::database {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t read_version_offset = 19;
constexpr milliseconds shortest_wait_to_verify(5000);

milliseconds left_until(Clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(deadline - Clock::now()));
}

// Whatever is wrong with what is to be restored is no damage of the database.
std::unexpected<Error> bad_source(const Error& why) {
  return failure(why.kind == ErrorKind::corrupt ? ErrorKind::invalid : why.kind,
                 "what is to be restored: " + why.message);
}

Result<std::string> load_source(const std::string& path) {
  auto bytes = read_bytes(path);
  if (!bytes) return bytes;
  const auto as_canonical = canonical(*bytes);
  if (!as_canonical) return bad_source(as_canonical.error());
  if (*as_canonical != *bytes) return bad_source({ErrorKind::invalid, "it is not a canonical copy", {}});
  if (const auto sound = check_integrity(*bytes); !sound) return bad_source(sound.error());
  return bytes;
}

// Other connections could not go on with another page size (with a log it cannot even be written) or encoding.
Result<void> check_fit(const Connection& target, const Connection& source) {
  // In this order: before its first read a connection tells the page size that it would give a new database.
  for (const char* pragma : {"PRAGMA encoding", "PRAGMA page_size"}) {
    const auto has = target.ask(pragma);
    AUTOHEAL_TRY(has);
    const auto wants = source.ask(pragma);
    if (!wants) return bad_source(wants.error());
    if (*has == *wants) continue;
    return failure(ErrorKind::invalid, fmt::format("the {} of the database is {}, that of the copy to restore is {}",
                                                   pragma + 7, *has, *wants));
  }
  return {};
}

// Closed in reverse order: a descriptor closed before a connection would take that one's locks along.
struct Target {
  const DatabaseFile& file;
  UniqueFd raw;
  Connection writer;
  Connection reader;  // locks nothing before it is asked something
};

Result<Target> open_target(const DatabaseFile& file) {
  auto raw = open_raw(file);
  AUTOHEAL_TRY(raw);
  auto writer = connect(file, Access::write);
  AUTOHEAL_TRY(writer);
  if (sqlite3_db_readonly(writer->handle(), "main") != 0) {
    return failure(ErrorKind::refused, file.name + " may not be written");
  }
  // A commit that is reported must not be rolled back by a journal that a loss of power brings back.
  AUTOHEAL_TRY(writer->ask("PRAGMA synchronous = EXTRA"));
  auto reader = connect(file, Access::read);
  AUTOHEAL_TRY(reader);
  return Target{file, std::move(*raw), std::move(*writer), std::move(*reader)};
}

// Under the writer's lock. In WAL mode readers are let in; else nobody is, and nobody changes the file itself.
Result<std::string> present_content(const Target& target) {
  char read_version = 0;
  if (read_up_to_at(target.raw.get(), {&read_version, 1}, read_version_offset) != 1U) {
    return failure(ErrorKind::failed, target.file.name + " cannot be read");
  }
  if (read_version == 2) return canonical_copy(target.reader);
  auto bytes = host::read_all(target.raw.get(), target.file.name, largest_database);
  if (!bytes) return bytes;
  return canonical(std::move(*bytes));
}

Result<void> check_expected(const Target& target, const std::string& expect) {
  const auto present = present_content(target);
  AUTOHEAL_TRY(present);
  if (sha256_name(*present) == expect) return {};
  return failure(ErrorKind::changed, "it holds something else than what was seen");
}

Result<void> replace_content(const Target& target, const Connection& source, const std::string& expect,
                             Clock::time_point deadline) {
  auto backup = Backup::start(target.writer, source);
  AUTOHEAL_TRY(backup);
  // Said again for the backup, which goes on counting where the statement before it stopped waiting.
  target.writer.wait(left_until(deadline));
  if (auto locked = backup->lock_target(); !locked) return locked;
  if (auto expected = check_expected(target, expect); !expected) return expected;
  return backup->copy();
}

// The lock ends with the commit. Whatever is found after it and differs was either written by somebody else in the
// meantime, which SQLite tells, or is a failure.
Result<void> verify(const Target& target, const std::string& digest, const std::string& version_before,
                    Clock::time_point deadline) {
  const auto unverified = [](const Error& why) {
    return failure(ErrorKind::failed, "restored, but it could not be read again: " + why.message);
  };
  target.reader.wait(std::max(shortest_wait_to_verify, left_until(deadline)));
  const auto present = canonical_copy(target.reader);
  if (!present) return unverified(present.error());
  if (sha256_name(*present) == digest) return {};
  const auto version = target.writer.ask("PRAGMA data_version");
  if (!version) return unverified(version.error());
  if (*version != version_before) return {};
  return failure(ErrorKind::failed, "restored, but it does not hold what was restored");
}

}  // namespace

Result<Restored> restore_database(const RestoreOrder& order) {
  const auto content = load_source(order.from);
  AUTOHEAL_TRY(content);
  const auto source = Connection::over(*content);
  if (!source) return bad_source(source.error());
  const auto deadline = Clock::now() + order.file.busy;
  const auto target = open_target(order.file);
  AUTOHEAL_TRY(target);
  AUTOHEAL_TRY(check_fit(target->writer, *source));
  const auto version = target->writer.ask("PRAGMA data_version");
  AUTOHEAL_TRY(version);
  AUTOHEAL_TRY(replace_content(*target, *source, order.expect, deadline));
  const std::string digest = sha256_name(*content);
  AUTOHEAL_TRY(verify(*target, digest, *version, deadline));
  return Restored{digest, order.expect};
}

}  // namespace autoheal::database
