// The port to the ledger, the only memory of the project: append batches, read entries. One implementation uses SQLite,
// its twin lives in memory; tests/conformance holds both to this contract. A batch is data, not a callback, so that a
// store may try it again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/entry.hpp"

namespace autoheal::engine {

enum class StreamLife { goes_on, ends };  // `ends`: open_streams() no longer lists the stream

struct StreamAppend {
  std::string stream;
  std::uint64_t expected_version = 0;  // the version before this append; 0 creates the stream and opens it
  std::vector<NewEntry> entries;       // at least one, except when only `life` changes
  StreamLife life = StreamLife::goes_on;
  std::string idempotency_key;  // only with expected_version 0; empty: none
};

// How far a named subscriber has read; saved in the same commit as the entries of its batch.
struct SavedPlace {
  std::string subscriber;
  Position position;
};

struct Batch {
  std::vector<StreamAppend> streams;  // each stream at most once; none where only places are saved
  std::vector<SavedPlace> places;
  std::uint64_t epoch = 0;  // of the lock under which the batch was decided
};

enum class AppendStatus {
  ok,           // durable when returned
  duplicate,    // an idempotency key was used before: nothing appended, `existing_stream` names the first use
  conflict,     // a stream is not at its expected version: nothing appended, `conflicting_stream` names it
  fenced,       // a newer owner holds the ledger: nothing appended, stop
  unavailable,  // nothing appended; the same batch may be tried again later (disk full, locked)
  unknown,      // the commit's outcome is not known: acknowledge nothing more, end the process
};

struct AppendResult {
  AppendStatus status = AppendStatus::ok;
  Position head;  // after the append (ok) or now
  std::string existing_stream;
  std::string duplicate_key;  // the idempotency key that was used before
  std::string conflicting_stream;
  std::string message;  // a sentence for unavailable and unknown
};

struct Page {
  std::vector<Entry> entries;  // in order
  Position next;               // read on from here
  Position head;               // the newest position when the page was read
};

// Reads entries. All calls block on the disk and belong to one thread, the one that opened the view; another thread
// opens its own. A reading operation fails with
//   busy         another process holds SQLite's lock for longer than the configured wait; try again,
//   unavailable  the file cannot be read now (gone, no permission, no descriptor, input or output error),
//   corrupt      a row does not match its hash in the tree, or the database is damaged; nothing of it is returned.
// None throws for any of these. The ledger in memory never fails.
class LedgerView {
 public:
  virtual ~LedgerView() = default;

  // Entries of one stream in order, from `from_version` on (1 is the first). Empty for an unknown stream.
  [[nodiscard]] virtual Result<std::vector<Entry>> read_stream(const std::string& stream,
                                                               std::uint64_t from_version) const = 0;
  // Entries of one stream that have one of these types, in order. A store uses an index, so this is fast even if the
  // stream is long and the types are rare. Empty for an unknown stream.
  [[nodiscard]] virtual Result<std::vector<Entry>> read_types(const std::string& stream,
                                                              const std::vector<std::string>& types) const;
  // The version of a stream's newest entry; 0 for an unknown stream.
  [[nodiscard]] virtual Result<std::uint64_t> version_of(const std::string& stream) const;
  // Up to `limit` (1 to 10,000) entries of all streams after `after`, in order. An empty page whose `next` is `after`
  // means that there are no newer entries yet.
  [[nodiscard]] virtual Result<Page> read_all(Position after, std::size_t limit) const = 0;
  // Names of the streams that were created and have not ended, oldest first.
  [[nodiscard]] virtual Result<std::vector<std::string>> open_streams() const = 0;
  // The position that a named subscriber saved last; empty if it never saved one.
  [[nodiscard]] virtual Result<std::optional<Position>> place_of(const std::string& subscriber) const = 0;
  // The UUIDv7 given when the ledger was created; part of every effect key and of every leaf. Never blocks or fails.
  [[nodiscard]] virtual const std::string& id() const = 0;
};

// The owner's ledger, which can also append. There is one owner at a time; a second one gets `busy` when it opens it.
class Ledger : public LedgerView {
 public:
  // Appends the whole batch or nothing. Blocks until it is durable on disk (a few milliseconds, longer on a busy disk);
  // same thread as the reading operations. Never throws: AppendStatus says how each failure is to be handled. A new
  // stream without entries is a bug of the caller and ends the process; so is an entry whose line for export is longer
  // than 65,535 bytes, since no bundle of a tiled log could hold it (shorten() in large_data.hpp keeps it from that).
  [[nodiscard]] virtual AppendResult append(const Batch& batch) = 0;
};

}  // namespace autoheal::engine
