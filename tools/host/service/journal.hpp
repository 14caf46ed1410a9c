// Writes records with fields to systemd's journal, without that library: a datagram is a record, as
// https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ has it. The stream of stderr makes a record of each line instead, so that
// a line feed in a text of others would begin one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::host {

struct JournalField {
  std::string_view name;   // upper-case letters, digits and "_", beginning with a letter, at most 64
  std::string_view value;  // any bytes
};

// The record as one datagram. Each value stands behind its length, so none can add a field or a record. A field with
// another name than above is left out.
[[nodiscard]] std::string journal_datagram(std::span<const JournalField> fields);

// Thread-safe.
class Journal {
 public:
  // Empty unless `descriptor` is the stream that `named`, the value of $JOURNAL_STREAM, gives as "device:inode": a
  // variable that was inherited says nothing about a stderr that leads elsewhere. `named` may be null.
  [[nodiscard]] static std::optional<Journal> of_descriptor(int descriptor, const char* named);
  explicit Journal(std::string socket = "/run/systemd/journal/socket") : socket_(std::move(socket)) {}

  // Never blocks. busy: the journal's queue is full; else why nobody takes it: not_found, refused, failed.
  [[nodiscard]] Result<void> send(const std::string& datagram) const;

 private:
  std::string socket_;
};

}  // namespace autoheal::host
