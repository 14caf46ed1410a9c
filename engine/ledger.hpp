// The port to the only memory there is. One implementation stands on SQLite, its twin in memory; one suite holds both
// to this page. A batch is data, not a callback, so that a store may try it again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/entry.hpp"

namespace autoheal::engine {

enum class StreamLife { goes_on, ends };  // `ends`: the stream is no longer listed as open

struct StreamAppend {
  std::string stream;
  std::uint64_t expected_version = 0;  // the version before this append; 0 creates the stream and opens it
  std::vector<NewEntry> entries;       // at least one, except when only `life` changes
  StreamLife life = StreamLife::goes_on;
  std::string idempotency_key;  // only with expected_version 0; empty: none
};

// How far a named subscriber has read, saved with the commit it rides on.
struct SavedPlace {
  std::string subscriber;
  Position position;
};

struct Batch {
  std::vector<StreamAppend> streams;  // a stream stands in a batch at most once
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

// What there is to read. One thread each; another thread opens its own reader.
class LedgerView {
 public:
  virtual ~LedgerView() = default;

  // Entries of one stream from `from_version` on (1 is the first). Empty for an unknown stream.
  [[nodiscard]] virtual Result<std::vector<Entry>> read_stream(const std::string& stream,
                                                               std::uint64_t from_version) const = 0;
  // Those of its entries that are of one of these types, in order. A store has them at hand where the stream is long
  // and the types are rare in it.
  [[nodiscard]] virtual Result<std::vector<Entry>> read_types(const std::string& stream,
                                                              const std::vector<std::string>& types) const;
  // Of its newest entry; 0 for an unknown stream.
  [[nodiscard]] virtual Result<std::uint64_t> version_of(const std::string& stream) const;
  // At most `limit` (1 to 10,000) entries after `after`, of all streams, in order.
  [[nodiscard]] virtual Result<Page> read_all(Position after, std::size_t limit) const = 0;
  // Streams created and not ended, oldest first.
  [[nodiscard]] virtual Result<std::vector<std::string>> open_streams() const = 0;
  // Where a named subscriber stopped; empty if it never saved a place.
  [[nodiscard]] virtual Result<std::optional<Position>> place_of(const std::string& subscriber) const = 0;
  // UUIDv7 given when the ledger was created; part of every effect key and of every leaf.
  [[nodiscard]] virtual const std::string& id() const = 0;
};

// The owner's ledger: what can be read, and the one way to add to it.
class Ledger : public LedgerView {
 public:
  // All of the batch or nothing, durable on disk when it returns ok.
  [[nodiscard]] virtual AppendResult append(const Batch& batch) = 0;
};

}  // namespace autoheal::engine
