// A heal as a page that a person reads: each entry as one sentence, with what it changed and what proves it.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/engine/ledger.hpp"
#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::replay {

// One entry as people read it.
struct Telling {
  std::string sentence;
  std::vector<std::string> details;
};
// `after` is the state once the entry is folded.
[[nodiscard]] Telling telling_of(const workflows::HealEntry& entry, const workflows::HealState& after);

struct TimelineLine : Telling {
  engine::Entry entry;
  workflows::Phase phase = workflows::Phase::none;  // after it
  Duration since_began{0};
};

struct Timeline {
  std::string heal;
  workflows::HealState state;  // at its end
  std::vector<TimelineLine> lines;
};

// not_found: no such heal. corrupt or invalid: an entry cannot be read; the message names it.
[[nodiscard]] Result<Timeline> timeline_of(const std::string& heal, const engine::LedgerView& ledger,
                                           const engine::BlobStore& blobs);

}  // namespace autoheal::replay
