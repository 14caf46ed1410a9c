// All heals of a ledger as one line each, folded in one pass.
#pragma once

#include <string>
#include <vector>

#include "engine/blob_store.hpp"
#include "engine/ledger.hpp"
#include "workflows/heal_state.hpp"

namespace autoheal::cli {

struct HealSummary {
  std::string heal;
  std::string engine;
  std::string strategy;
  workflows::Phase phase = workflows::Phase::none;
  unsigned attempts = 0;
  std::string reason;  // of an exhausted one
  std::string actor;
  Timestamp began, newest;
};

// In the order in which they began.
[[nodiscard]] Result<std::vector<HealSummary>> list_heals(const engine::LedgerView& ledger,
                                                          const engine::BlobStore& blobs);

}  // namespace autoheal::cli
