// Hands off: who asked that an engine, or all of them, not be healed, until when and why. Folded from the ledger, the
// only memory, so that a hold outlives the process that took it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal::workflows {

struct Hold {
  Timestamp until;  // wall time: people say "for an hour"
  By by;
};

class Holds {
 public:
  // Other types of entries are passed over.
  void apply(const engine::Entry& entry);
  // The hold on `engine` or on all that lasts longest; empty if none lasts.
  [[nodiscard]] std::optional<Hold> of(const std::string& engine, Timestamp now) const;

 private:
  std::map<std::string, Hold> holds_;  // "" holds all
};

// The current state of the ledger.
[[nodiscard]] Result<Holds> holds_in(const engine::LedgerView& ledger);

// Entries of the stream "ledger"; an empty engine means all of them.
[[nodiscard]] engine::NewEntry engine_held(const std::string& engine, Timestamp until, const By& by, Timestamp now);
[[nodiscard]] engine::NewEntry engine_unheld(const std::string& engine, const By& by, Timestamp now);
[[nodiscard]] engine::NewEntry engine_reset(const std::string& engine, const By& by, Timestamp now);

}  // namespace autoheal::workflows
