#include "tools/autoheal/steward/witness_standing.hpp"

#include <algorithm>

#include "autoheal/store/signing/witnesses.hpp"

namespace autoheal::cli {

Result<std::vector<WitnessStanding>> standing_of_witnesses(const store::LedgerReader& ledger) {
  const auto witnesses = store::witnesses_of(ledger);
  AUTOHEAL_TRY(witnesses);
  std::vector<WitnessStanding> all;
  for (const store::Witness& witness : *witnesses) {
    const auto seen = store::newest_head_of(ledger, witness.key);
    AUTOHEAL_TRY(seen);
    WitnessStanding one{witness.key.name(), 0, 0};
    if (*seen) {
      one.entries = (*seen)->checkpoint.size;
      one.unix_s = (*seen)->unix_s;
    }
    const auto known = std::ranges::find(all, one.name, &WitnessStanding::name);
    if (known == all.end()) {
      all.push_back(std::move(one));
    } else if (known->entries < one.entries) {
      *known = std::move(one);
    }
  }
  return all;
}

}  // namespace autoheal::cli
