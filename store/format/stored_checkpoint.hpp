// A signed tree head as the ledger keeps it.
#pragma once

#include <cstdint>
#include <string>

namespace autoheal::store {

struct StoredCheckpoint {
  std::uint64_t size = 0;  // of the tree that it signs, as its row says
  std::string note;        // C2SP signed note, byte for byte
  friend bool operator==(const StoredCheckpoint&, const StoredCheckpoint&) = default;
};

}  // namespace autoheal::store
