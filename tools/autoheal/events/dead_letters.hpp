// Events that a target did not take in all its attempts: entries, from which `webhook redeliver` sends them again.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"

namespace autoheal::cli {

struct DeadLetter {
  std::string webhook;  // the target's name
  std::string event;    // its id
  std::string topic;
  engine::Position position;  // of the entry that the event tells of
  unsigned attempts = 0;
  std::string error;  // of the last one, without secrets
};

// `webhook.dead_lettered`.
[[nodiscard]] engine::NewEntry entry_of(const DeadLetter& letter, const std::string& actor, Timestamp now);

// All that the ledger holds of one target, or of every one if `webhook` is empty, in order. An entry that cannot be
// read is left out.
[[nodiscard]] Result<std::vector<DeadLetter>> dead_letters(const engine::LedgerView& ledger,
                                                           const std::string& webhook);

}  // namespace autoheal::cli
