#include "autoheal/store/ledger/owner_connection.hpp"

#include <fmt/core.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <set>

#include "autoheal/engine/base/digest.hpp"

namespace autoheal::store {

using engine::AppendResult;
using engine::AppendStatus;
using engine::Position;

namespace {

int milliseconds(Duration duration) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

// A hash over some pages of the ledger: those at its start and at its end, where the newest entries are, and some
// between. Reads through SQLite's own descriptor, past its log and its cache. Empty if they cannot be read.
std::optional<Hash> sample_of_file(sqlite3* handle, std::int64_t size) {
  constexpr std::int64_t page = 4096, at_each_end = 16, between = 32;
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file)) != SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr)
    return std::nullopt;
  const std::int64_t pages = size / page;
  std::set<std::int64_t> sampled;
  for (std::int64_t number = 0; number < at_each_end; ++number) {
    if (number < pages) sampled.insert({number, pages - 1 - number});
  }
  for (std::int64_t number = 0; number < between; ++number) sampled.insert(pages * number / between);
  std::string all = std::to_string(size);
  std::string content(page, '\0');
  for (const std::int64_t number : sampled) {
    if (number >= pages) continue;
    if (file->pMethods->xRead(file, content.data(), page, number * page) != SQLITE_OK) return std::nullopt;
    all += content;
  }
  return sha256(all);
}

}  // namespace

ContentStamp ContentStamp::of(const std::filesystem::path& file) {
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) return {};
  return {found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

OwnerConnection::OwnerConnection(LedgerLock held, const std::filesystem::path& file, Duration busy_wait,
                                 const std::string& vfs, std::uint64_t reserve_bytes)
    : lock(std::move(held)),
      path(file),
      place(file),
      reserve(file, reserve_bytes),
      database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, milliseconds(busy_wait), vfs) {
  leave_log_alone(true);
}

void OwnerConnection::leave_log_alone(bool alone) {
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, alone ? 1 : 0, nullptr);
}

Result<void> OwnerConnection::prepare(bool keep_tree) {
  hashes.emplace(database, path);
  rows.emplace(database);
  queries.emplace(database, LeafCheck{meta.id, keep_tree ? &*hashes : nullptr});
  inserts.emplace(database, meta.id);
  begin.emplace(database, "BEGIN IMMEDIATE");
  commit.emplace(database, "COMMIT");
  epoch_now.emplace(database, "SELECT value FROM meta WHERE name = 'epoch'");
  head = queries->head();
  // Replaces SQLite's own checkpoints: it counts, we choose the moment.
  sqlite3_wal_hook(database.getHandle(), &OwnerConnection::count_frames, this);
  return keep_tree ? grow_tree_from_here() : Result<void>();
}

// Nothing can be appended to a tree that does not fit its entries.
Result<void> OwnerConnection::grow_tree_from_here() {
  const TreeHead newest = rows->head();
  auto edge = GrowingTree::of(*hashes, newest.size);
  if (!edge && edge.error().kind != ErrorKind::corrupt) return std::unexpected(std::move(edge.error()));
  const bool fits = newest.size == head.value && edge && edge->root() == newest.root;
  if (!fits) {
    return failure(
        ErrorKind::corrupt,
        fmt::format("the ledger {} was changed by somebody else: its tree has {} leaves, its newest entry is {}{}",
                    path.string(), newest.size, head.value, edge ? "" : "; " + edge.error().message),
        "`autoheal ledger verify` tells what is wrong; restore a backup, or move it away with its key and vault");
  }
  tree.emplace(database, std::move(*edge));
  return {};
}

int OwnerConnection::count_frames(void* self, sqlite3*, const char*, int frames) {
  static_cast<OwnerConnection*>(self)->frames = frames;
  return SQLITE_OK;
}

void OwnerConnection::remember_place() {
  place.remember(path, "ledger");
  place.remember(path.string() + "-wal", "ledger's log");
  place.remember(path.string() + "-shm", "index of the ledger's log");
  note_content();
}

// A program that writes over the ledger through its own name, as cp(1) does, leaves all names as they are. Only this
// connection moves entries into the file, so any other change of it is foreign.
std::string OwnerConnection::problem_of_content() {
  const ContentStamp now = ContentStamp::of(path);
  if (now == written) return {};
  const auto sample = sample_of_file(database.getHandle(), now.size);
  const bool tells = sample && written_sample;
  if (now.size == written.size && (!tells || *sample == *written_sample)) {  // it was touched only
    written = now;
    return {};
  }
  if (has_newer_owner()) return {};  // the append tells
  return fmt::format("the ledger {} was written over by somebody else", path.string());
}

bool OwnerConnection::has_newer_owner() {
  try {
    epoch_now->executeStep();
    const auto now = epoch_now->getColumn(0).getInt64();
    epoch_now->reset();
    return now > meta.epoch;
  } catch (const SQLite::Exception&) {
    epoch_now->tryReset();
    return false;
  }
}

void OwnerConnection::note_content() {
  written = ContentStamp::of(path);
  written_sample = sample_of_file(database.getHandle(), written.size);
}

// A log that lost its name is saved into the ledger while the ledger still has its own.
void OwnerConnection::save_lost_log() {
  const bool log_is_lost = place.is_lost(path.string() + "-wal") || place.is_lost(path.string() + "-shm");
  if (!log_is_lost || place.is_lost(path) || std::exchange(log_saved, true)) return;
  sqlite3_wal_checkpoint_v2(database.getHandle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  note_content();
}

std::string OwnerConnection::problem_of_place() {
  if (std::string problem = place.problem(); !problem.empty()) {
    save_lost_log();
    return problem;
  }
  return problem_of_content();
}

void OwnerConnection::begin_epoch() {
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  database.exec("UPDATE meta SET value = value + 1 WHERE name = 'epoch'");
  meta.epoch = database.execAndGet("SELECT value FROM meta WHERE name = 'epoch'").getInt64();
  transaction.commit();
}

void OwnerConnection::begin_epoch_even_on_a_full_disk() {
  try {
    begin_epoch();
  } catch (const SQLite::Exception& exception) {
    if ((exception.getErrorCode() & 0xff) != SQLITE_FULL || !reserve.give()) throw;
    begin_epoch();
  }
  (void)reserve.take();  // without it nothing begins, but what is open goes on
}

// Deletes the ranges between the entries that stay; the table's own order makes each of them one walk.
void OwnerConnection::drop(Position last, std::span<const Position> keep) {
  SQLite::Statement remove(database, "DELETE FROM entries WHERE seq > ? AND seq < ?");
  Position after = queries->archived();
  const auto between = [&](Position until) {
    remove.bind(1, static_cast<std::int64_t>(after.value));
    remove.bind(2, static_cast<std::int64_t>(until.value));
    remove.exec();
    remove.reset();
    after = until;
  };
  for (const Position kept : keep) between(kept);
  between({last.value + 1});
  SQLite::Statement note(database, "INSERT OR REPLACE INTO meta(name, value) VALUES (?, ?)");
  note.bind(1, archived_name);
  note.bind(2, static_cast<std::int64_t>(last.value));
  note.exec();
}

void OwnerConnection::roll_back() {
  for (auto* statement : {&*begin, &*commit, &*epoch_now}) statement->tryReset();
  if (tree) tree->forget();
  if (sqlite3_get_autocommit(database.getHandle()) != 0) return;
  if (database.tryExec("ROLLBACK") != SQLITE_OK) poison("a failed transaction could not be rolled back");
}

void OwnerConnection::poison(const std::string& why) {
  poisoned = fmt::format("the ledger {}: {}; nothing more is acknowledged", path.string(), why);
  // This process must not move the log, which it cannot trust, into the database.
  leave_log_alone(true);
}

AppendResult OwnerConnection::answer(AppendStatus status, const SQLite::Exception& exception) {
  const std::string message = sqlite_error(path, exception).message;
  roll_back();
  disk_is_full = (exception.getErrorCode() & 0xff) == SQLITE_FULL;
  if (status == AppendStatus::unknown) poison(exception.what());
  AppendResult result;
  result.status = poisoned.empty() ? status : AppendStatus::unknown;
  result.head = head;
  result.message = poisoned.empty() ? message : poisoned;
  return result;
}

}  // namespace autoheal::store
