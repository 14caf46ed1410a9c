// Checks that the ledger of every test is decided again as it is recorded; called by the destructors of worlds and
// bridges.
#pragma once

#include <gtest/gtest.h>

#include "autoheal/replay/decide/all_heals.hpp"

namespace autoheal::testing {

inline void expect_replays_to_same(const engine::LedgerView& ledger, const engine::BlobStore& blobs,
                                   replay::Adoptions& adoptions) {
  const auto all = replay::replay_all(ledger, blobs, adoptions, {{.threads = 1}});
  if (!all) {
    ADD_FAILURE() << "the ledger could not be replayed: " << all.error().message;
    return;
  }
  for (const auto& one : all->not_the_same) {
    ADD_FAILURE() << "heal " << one.heal << " of " << one.engine << " does not replay to the same ("
                  << replay::name_of(one.verdict) << "): " << one.why;
  }
}

}  // namespace autoheal::testing
