// Room on the disk that belongs to the ledger alone: `<ledger>.reserve` holds it while all is well and gives it back
// when the disk is full, so that heals which run already can be recorded to their end. Nothing begins while it is
// spent.
#pragma once

#include <cstdint>
#include <filesystem>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::store {

// Not thread-safe. The file stays when the reserve is destroyed.
class Reserve {
 public:
  // Takes nothing yet. `bytes` 0: there is no reserve, and it is never missing.
  Reserve(const std::filesystem::path& ledger, std::uint64_t bytes);

  // Takes the room unless it is taken. unavailable: there is not that much, or the system does not let us; then nothing
  // is kept.
  Result<void> take();
  // Gives the room back to the disk; false: there was none to give.
  bool give();
  [[nodiscard]] bool missing() const { return bytes_ > 0 && !taken_; }

 private:
  std::filesystem::path file_;
  std::uint64_t bytes_;
  bool taken_ = false;
};

}  // namespace autoheal::store
