// Every heal of a ledger decided again, on all cores and within bounded memory: the ledger is read once, in order; a
// heal is handed to a worker when it has ended.
#pragma once

#include <string>
#include <vector>

#include "autoheal/replay/decide/heal_replay.hpp"
#include "autoheal/replay/record/each_heal.hpp"

namespace autoheal::replay {

struct AllHealsOptions : EachHealOptions {
  Decide decide = workflows::Heal::decide;
};

struct NotTheSame {
  std::string heal, engine;
  Verdict verdict = Verdict::diverged;
  engine::Position position;  // where it diverges
  std::string why;            // a sentence
};

struct AllHeals {
  std::uint64_t heals = 0, same = 0, diverged = 0, set_aside = 0;
  std::uint64_t entries = 0;             // of the whole ledger
  std::uint64_t decided = 0;             // entries of heals that were decided again as recorded
  std::uint64_t taken = 0;               // entries of older versions that do not hold what led to them
  std::vector<NotTheSame> not_the_same;  // the first 1,000, in the order in which the heals began
  [[nodiscard]] bool all_same() const { return diverged == 0 && set_aside == 0; }
};

// As for_each_heal().
[[nodiscard]] Result<AllHeals> replay_all(const engine::LedgerView& ledger, const engine::BlobStore& vault,
                                          Adoptions& adoptions, const AllHealsOptions& options = {});

}  // namespace autoheal::replay
