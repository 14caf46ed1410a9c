#include "autoheal/store/ledger/sqlite_ledger.hpp"

#include <fmt/core.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <unordered_map>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/store/ledger/ledger_file.hpp"
#include "autoheal/store/ledger/ledger_upgrade.hpp"
#include "autoheal/store/ledger/owner_connection.hpp"

namespace autoheal::store {

using engine::AppendResult;
using engine::AppendStatus;
using engine::Batch;
using engine::Entry;
using engine::Page;
using engine::Position;
using engine::StreamAppend;
using engine::StreamLife;

namespace {

// Below this the log is reused as it is. With any limit SQLite empties it on a clean close, so that no old frames wait
// beside a database that is restored from a backup.
constexpr char limit_log[] = "PRAGMA journal_size_limit = 16777216";

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code problem;
  if (folder.empty() || std::filesystem::exists(folder, problem)) return {};
  std::filesystem::create_directories(folder, problem);
  // The group of the folder is that of everything made in it: auditors in it read without write permission.
  if (problem || ::chmod(folder.c_str(), 02750) != 0) {
    return failure(ErrorKind::unavailable,
                   fmt::format("the ledger's folder {} cannot be created: {}", folder.string(),
                               problem ? problem.message() : std::string("its mode cannot be set")));
  }
  return {};
}

void configure(SQLite::Database& database, const std::filesystem::path& path, bool synced) {
  sqlite3* handle = database.getHandle();
  int keep = 1;
  sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
  const std::string mode = database.execAndGet("PRAGMA journal_mode = WAL").getString();
  if (mode != "wal") throw SQLite::Exception(path.string() + " cannot be kept in WAL mode", SQLITE_CANTOPEN);
  database.exec(synced ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  database.exec(limit_log);
  database.exec("PRAGMA mmap_size = 0");
  database.exec("PRAGMA temp_store = MEMORY");
  database.exec("PRAGMA trusted_schema = OFF");
}

// A failed sync may have dropped what it could not write; nothing after it can be believed.
bool sync_failed(const SQLite::Exception& exception) {
  const int code = exception.getExtendedErrorCode();
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

AppendStatus status_before_commit(const SQLite::Exception& exception) {
  if (sync_failed(exception)) return AppendStatus::unknown;
  switch (exception.getErrorCode() & 0xff) {
    case SQLITE_CONSTRAINT:
      return AppendStatus::fenced;  // somebody else's rows are where ours belong
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
    case SQLITE_NOMEM:
      return AppendStatus::unavailable;
    default:
      return AppendStatus::unknown;
  }
}

void insert_meta(SQLite::Database& database, const std::string& name, const std::string& value) {
  SQLite::Statement insert(database, "INSERT OR REPLACE INTO meta(name, value) VALUES (?, ?)");
  bind_text(insert, 1, name);
  bind_text(insert, 2, value);
  insert.exec();
}

AppendStatus status_of_commit(const SQLite::Exception& exception) {
  // These two leave the log without its commit frame. Whatever else went wrong may have come after it.
  const int code = exception.getErrorCode() & 0xff;
  return code == SQLITE_BUSY || code == SQLITE_FULL ? AppendStatus::unavailable : AppendStatus::unknown;
}

}  // namespace

SqliteLedger::SqliteLedger(std::unique_ptr<OwnerConnection> parts) : parts_(std::move(parts)) {}
SqliteLedger::~SqliteLedger() = default;

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::open(const std::filesystem::path& path,
                                                         const OpenOptions& options) {
  AUTOHEAL_TRY(make_folder(path.parent_path()));
  auto lock = LedgerLock::acquire(path, options.lock_wait);
  AUTOHEAL_TRY(lock);
  const auto file = look_at_ledger(path);
  AUTOHEAL_TRY(file);
  if (*file == LedgerFile::absent) {
    AUTOHEAL_TRY(create_ledger(path, options.ids.next()));
  }
  AUTOHEAL_TRY(lock->hold_file(path, options.lock_wait));
  try {
    auto parts = std::make_unique<OwnerConnection>(std::move(*lock), path, options.busy_wait, options.vfs,
                                                   options.reserve_bytes);
    auto meta = read_meta(parts->database, path);
    AUTOHEAL_TRY(meta);
    parts->meta = std::move(*meta);
    // Not before: a ledger of a later version is not written to, not even from what its own log holds.
    parts->leave_log_alone(false);
    configure(parts->database, path, options.sync_every_append);
    upgrade_ledger(parts->database, parts->meta);
    AUTOHEAL_TRY(parts->prepare(options.keep_tree));
    parts->begin_epoch_even_on_a_full_disk();
    parts->remember_place();
    return std::unique_ptr<SqliteLedger>(new SqliteLedger(std::move(parts)));
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(sqlite_error(path, exception));
  }
}

namespace {

std::uint64_t count_of_entries(const Batch& batch) {
  std::uint64_t count = 0;
  for (const StreamAppend& append : batch.streams) count += append.entries.size();
  return count;
}

bool begins_a_stream(const Batch& batch) {
  return std::ranges::any_of(batch.streams, [](const StreamAppend& one) { return one.expected_version == 0; });
}

}  // namespace

std::string SqliteLedger::problem_of_place() { return parts_->problem_of_place(); }

LedgerPlace& SqliteLedger::place() { return parts_->place; }

AppendResult SqliteLedger::append(const Batch& batch) {
  if (std::string problem = parts_->poisoned.empty() ? parts_->problem_of_place() : std::string(); !problem.empty()) {
    AppendResult result;
    result.status = AppendStatus::unavailable;
    result.head = parts_->head;
    result.message = std::move(problem);
    return result;
  }
  const bool begins = begins_a_stream(batch);
  if (begins && parts_->poisoned.empty()) {
    if (const auto taken = parts_->reserve.take(); !taken) {
      AppendResult result;
      result.status = AppendStatus::unavailable;
      result.head = parts_->head;
      result.message = taken.error().message;
      return result;
    }
  }
  AppendResult result = append_once(batch);
  const bool full = result.status == AppendStatus::unavailable && parts_->disk_is_full;
  return full && !begins && parts_->reserve.give() ? append_once(batch) : result;
}

AppendResult SqliteLedger::append_once(const Batch& batch) {
  AppendResult result;
  result.head = parts_->head;
  if (!parts_->poisoned.empty()) {
    result.status = AppendStatus::unknown;
    result.message = parts_->poisoned;
    return result;
  }
  AUTOHEAL_CHECK(parts_->tree_covers_entries());
  AUTOHEAL_CHECK(!begins_a_stream(batch) || !parts_->reserve.missing());
  try {
    parts_->begin->exec();
    parts_->begin->reset();
    if (result = refused(batch); result.status != AppendStatus::ok) {
      parts_->roll_back();
      return result;
    }
    result.head = parts_->inserts->write(batch, parts_->head, parts_->tree ? &*parts_->tree : nullptr);
    if (parts_->tree) parts_->tree->write();
  } catch (const SQLite::Exception& exception) {
    return parts_->answer(status_before_commit(exception), exception);
  }
  AUTOHEAL_CHECK(result.head.value == parts_->head.value + count_of_entries(batch));
  result = commit(result.head);
  if (result.status == AppendStatus::ok) {
    remember(batch);
    if (parts_->frames >= parts_->next_checkpoint) checkpoint();
  }
  return result;
}

AppendResult SqliteLedger::commit(Position head) {
  try {
    parts_->commit->exec();
    parts_->commit->reset();
  } catch (const SQLite::Exception& exception) {
    return parts_->answer(status_of_commit(exception), exception);
  }
  parts_->head = head;
  if (parts_->tree) parts_->tree->keep();
  AUTOHEAL_CHECK(parts_->tree_covers_entries());
  AppendResult result;
  result.head = head;
  return result;
}

// Inside the transaction, so that what is read here still holds when the rows go in.
AppendResult SqliteLedger::refused(const Batch& batch) {
  AppendResult result;
  result.head = parts_->head;
  parts_->epoch_now->executeStep();
  const auto now = parts_->epoch_now->getColumn(0).getInt64();
  parts_->epoch_now->reset();
  if (now != parts_->meta.epoch || (batch.epoch != 0 && batch.epoch < epoch())) {
    result.status = AppendStatus::fenced;
    return result;
  }
  std::unordered_map<std::string, const std::string*> keys;  // within the batch
  for (const StreamAppend& append : batch.streams) {
    if (const std::string& key = append.idempotency_key; !key.empty()) {
      const auto [earlier, fresh] = keys.emplace(key, &append.stream);
      const std::string used = fresh ? parts_->queries->stream_of_key(key) : *earlier->second;
      if (!used.empty()) {
        result.status = AppendStatus::duplicate;
        result.existing_stream = used;
        result.duplicate_key = key;
        return result;
      }
    }
    if (known_version_of(append.stream) != append.expected_version) {
      result.status = AppendStatus::conflict;
      result.conflicting_stream = append.stream;
      return result;
    }
    AUTOHEAL_CHECK(append.expected_version > 0 || !append.entries.empty());
  }
  return result;
}

std::uint64_t SqliteLedger::known_version_of(const std::string& stream) {
  const auto known = parts_->versions.find(stream);
  return known != parts_->versions.end() ? known->second : parts_->queries->version_of(stream);
}

void SqliteLedger::remember(const Batch& batch) {
  for (const StreamAppend& append : batch.streams) {
    if (append.life == StreamLife::ends) {
      parts_->versions.erase(append.stream);
    } else {
      parts_->versions[append.stream] = append.expected_version + append.entries.size();
    }
  }
}

// After a commit and by the connection that made it: two that write or checkpoint at the same moment can damage a WAL
// database before SQLite 3.51.3. Frames that a reader still needs stay in the log until a later try.
void SqliteLedger::checkpoint() {
  int in_log = 0;
  int moved = 0;
  sqlite3* handle = parts_->database.getHandle();
  const int outcome = sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
  const int extended = sqlite3_extended_errcode(handle);
  if (outcome != SQLITE_OK && (extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC)) {
    parts_->poison("a sync failed during a checkpoint");
  }
  parts_->note_content();
  const bool all_moved = outcome == SQLITE_OK && in_log == moved;
  parts_->next_checkpoint = (all_moved ? 0 : parts_->frames) + frames_between_checkpoints;
}

Result<std::vector<Entry>> SqliteLedger::read_stream(const std::string& stream, std::uint64_t from_version) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.read_stream(stream, from_version); });
}

Result<std::vector<Entry>> SqliteLedger::read_types(const std::string& stream,
                                                    const std::vector<std::string>& types) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.read_types(stream, types); });
}

Result<std::uint64_t> SqliteLedger::version_of(const std::string& stream) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.version_of(stream); });
}

Result<Page> SqliteLedger::read_all(Position after, std::size_t limit) const {
  return parts_->ask([&](EntryQueries& queries) {
    Page page{queries.read_all(after, parts_->head, limit), after, parts_->head};
    if (!page.entries.empty()) page.next = page.entries.back().position;
    return page;
  });
}

Result<std::vector<std::string>> SqliteLedger::open_streams() const {
  return parts_->ask([](EntryQueries& queries) {
    std::vector<std::string> names;
    for (OpenStream& open : queries.open_streams()) names.push_back(std::move(open.stream));
    return names;
  });
}

Result<std::optional<Position>> SqliteLedger::place_of(const std::string& subscriber) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.place_of(subscriber); });
}

const std::string& SqliteLedger::id() const { return parts_->meta.id; }
std::uint64_t SqliteLedger::epoch() const { return static_cast<std::uint64_t>(parts_->meta.epoch); }

Result<void> SqliteLedger::set_meta(const std::string& name, const std::string& value) {
  if (name == "id" || name == "schema_version" || name == "epoch" || name == archived_name) {
    return failure(ErrorKind::invalid, fmt::format("\"{}\" is kept by the ledger itself", name));
  }
  if (std::string problem = parts_->problem_of_place(); !problem.empty())
    return failure(ErrorKind::unavailable, std::move(problem));
  try {
    insert_meta(parts_->database, name, value);
    return {};
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(sqlite_error(parts_->path, exception));
  }
}

Result<std::string> SqliteLedger::meta(const std::string& name) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.meta(name); });
}

Result<std::optional<StoredCheckpoint>> SqliteLedger::checkpoint_of(std::uint64_t size) const {
  return parts_->ask([&](EntryQueries&) { return parts_->rows->checkpoint_of(size); });
}

Result<std::optional<Entry>> SqliteLedger::read_newest(const std::string& stream, const std::string& type) const {
  return parts_->ask([&](EntryQueries& queries) { return queries.read_newest(stream, type); });
}

TreeHead SqliteLedger::tree_head() const {
  AUTOHEAL_CHECK(parts_->tree_covers_entries());
  return parts_->tree ? parts_->tree->tree().head() : TreeHead();
}

const SubtreeHashes& SqliteLedger::hashes() const { return *parts_->hashes; }

Result<std::optional<StoredCheckpoint>> SqliteLedger::newest_checkpoint() const {
  return parts_->ask([&](EntryQueries&) { return parts_->rows->newest_checkpoint(); });
}

Result<Position> SqliteLedger::archived() const {
  return parts_->ask([](EntryQueries& queries) { return queries.archived(); });
}

Result<void> SqliteLedger::drop_entries(Position last, std::span<const Position> keep) {
  if (!parts_->poisoned.empty()) return failure(ErrorKind::fatal, parts_->poisoned);
  if (std::string problem = parts_->problem_of_place(); !problem.empty())
    return failure(ErrorKind::unavailable, std::move(problem));
  try {
    SQLite::Transaction transaction(parts_->database, SQLite::TransactionBehavior::IMMEDIATE);
    parts_->drop(last, keep);
    transaction.commit();
  } catch (const SQLite::Exception& exception) {
    if (sync_failed(exception)) {
      parts_->poison("a sync failed while archived entries were removed");
      return failure(ErrorKind::fatal, parts_->poisoned);
    }
    return std::unexpected(sqlite_error(parts_->path, exception));
  }
  if (parts_->frames >= parts_->next_checkpoint) checkpoint();
  return {};
}

Result<void> SqliteLedger::keep_checkpoint(const StoredCheckpoint& checkpoint,
                                           const std::map<std::string, std::string>& facts) {
  AUTOHEAL_CHECK(checkpoint.size <= parts_->head.value);
  if (std::string problem = parts_->problem_of_place(); !problem.empty())
    return failure(ErrorKind::unavailable, std::move(problem));
  try {
    SQLite::Transaction transaction(parts_->database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement insert(parts_->database, "INSERT OR REPLACE INTO checkpoints(size, note) VALUES (?, ?)");
    insert.bind(1, static_cast<std::int64_t>(checkpoint.size));
    bind_text(insert, 2, checkpoint.note);
    insert.exec();
    for (const auto& [name, value] : facts) insert_meta(parts_->database, name, value);
    transaction.commit();
    return {};
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(sqlite_error(parts_->path, exception));
  }
}

}  // namespace autoheal::store
