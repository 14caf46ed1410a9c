// One ledger entry as a value. `data` is opaque text here: the workflow that wrote it reads it back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::engine {

// The longest type, actor, subject or name of a stream. With data of at most 32 KiB, the entry's line for export then
// has less than 65,536 bytes, whatever in it has to be escaped.
inline constexpr std::size_t largest_entry_name_bytes = 1024;

// An entry that a workflow wants recorded; the store gives it its position.
struct NewEntry {
  std::string type;          // "heal.triggered"
  unsigned dataversion = 1;  // of `data`; old ones are lifted on reading
  Timestamp time;
  std::string actor;    // the principal, or empty
  std::string subject;  // what it is about (the managed engine's name), or empty
  std::string data;     // JSON text made by our own writer, at most 32 KiB

  friend bool operator==(const NewEntry&, const NewEntry&) = default;
};

// A position in the ledger, opaque but ordered: callers never compute with it.
struct Position {
  std::uint64_t value = 0;  // 0: before the first entry
  friend auto operator<=>(const Position&, const Position&) = default;
};

struct Entry : NewEntry {
  Position position;
  std::string stream;
  std::uint64_t version = 0;  // within the stream, from 1, dense

  friend bool operator==(const Entry&, const Entry&) = default;
};

}  // namespace autoheal::engine
