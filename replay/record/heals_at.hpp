// The states of all heals at a moment of the past.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/engine/ledger.hpp"
#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::replay {

// Right after an entry, or at a time of the entries' clock: the state of a heal is that of its last entry up to then.
struct Moment {
  std::optional<engine::Position> entry;
  std::optional<Timestamp> time;
  [[nodiscard]] bool is_before(const engine::Entry& other) const {
    return (entry && *entry < other.position) || (time && *time < other.time);
  }
};

struct HealThen {
  std::string heal;
  workflows::HealState state;
  engine::Position newest;  // its entry
  Timestamp since;          // of that entry
  std::string unreadable;   // why its state is not known further, or empty
};

struct HealsThen {
  std::vector<HealThen> open;  // in the order in which they began
  std::uint64_t complete = 0, exhausted = 0;
};

// Reads the ledger once; holds the states of open heals only. Fails where the ledger cannot be read.
[[nodiscard]] Result<HealsThen> heals_at(
    const engine::LedgerView& ledger, const engine::BlobStore& blobs, const Moment& moment,
    const std::function<void(engine::Position done, engine::Position head)>& progress = {});

}  // namespace autoheal::replay
