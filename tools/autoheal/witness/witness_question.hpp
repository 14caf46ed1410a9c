// The next question to a witness, as the ledger on the disk has it now.
#pragma once

#include <optional>
#include <string>

#include "tools/autoheal/witness/witness_courier.hpp"

namespace autoheal::cli {

// As WitnessPorts::question says. `old_size` is empty for what the ledger remembers of it. Blocks on the disk.
[[nodiscard]] Result<std::optional<WitnessQuestion>> question_for(const std::string& ledger_path,
                                                                  const store::VerifierKey& witness,
                                                                  std::optional<std::uint64_t> old_size);

}  // namespace autoheal::cli
