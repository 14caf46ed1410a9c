// The heads that the witnesses of a ledger cosigned, for the metrics: one that is silent proves nothing any more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::store {
class LedgerReader;
}

namespace autoheal::cli {

struct WitnessStanding {
  std::string name;
  std::uint64_t entries = 0;  // of the largest checkpoint that it cosigned; 0: none
  std::uint64_t unix_s = 0;   // when it did, by its own clock
};

// One for each name: of two keys, the one that saw more. Blocks on the disk. Errors as LedgerReader.
[[nodiscard]] Result<std::vector<WitnessStanding>> standing_of_witnesses(const store::LedgerReader& ledger);

}  // namespace autoheal::cli
