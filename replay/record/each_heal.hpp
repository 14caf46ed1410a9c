// Hands every heal of a ledger to workers on all cores, within bounded memory: the ledger is read once, in order; a
// heal is handed on when it has ended.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/replay/record/past_world.hpp"

namespace autoheal::replay {

struct WholeHeal {
  std::uint64_t order = 0;  // in which it began
  std::vector<engine::Entry> entries;
  bool again = false;  // it was handed on before, when it first ended; somebody rolled it back once more since
};

struct EachHealOptions {
  unsigned threads = 0;                                                             // 0: as many as there are cores
  std::function<void(engine::Position done, engine::Position head)> progress = {};  // on the caller's thread
  std::function<void(const engine::Entry& entry)> look = {};  // at every entry in its order, on the caller's thread
};

// `ledger` is read by the caller's thread alone, `vault` by all; `visit` is called by several threads at once. Every
// heal is visited, open ones too, those that began in between in any order. Returns how many entries the ledger has;
// fails if it cannot be read.
[[nodiscard]] Result<std::uint64_t> for_each_heal(
    const engine::LedgerView& ledger, const engine::BlobStore& vault, Adoptions& adoptions,
    const EachHealOptions& options, const std::function<void(WholeHeal heal, const PastWorld& world)>& visit);

}  // namespace autoheal::replay
