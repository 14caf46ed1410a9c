// Checks that entries are one heal from its beginning to its end, for readers who have the heal without its ledger.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/engine/entry.hpp"
#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::replay {

struct HealFault {
  engine::Position position;  // of the first entry that is wrong
  std::string why;            // a sentence without its subject, the entry
};

struct WholeHealCheck {
  std::optional<HealFault> fault;
  bool open = false;                                // the fault is that the end is not there
  workflows::Phase ended = workflows::Phase::none;  // without a fault: complete or exhausted
};

// Stream, versions from 1 without a gap, numbers that rise, a legal path to an end, and a certificate that is of this
// heal. Data in `blobs` is looked at where it is there. Pure but for `blobs`.
[[nodiscard]] WholeHealCheck check_whole_heal(const std::vector<engine::Entry>& entries,
                                              const engine::BlobStore& blobs);

}  // namespace autoheal::replay
