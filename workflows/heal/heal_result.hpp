// The end of a heal, and the exact JSON that the command line, the reports and the C++ interface give for it.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::workflows {

enum class HealEnding { certified, exhausted, skipped, never_began };

// The `reason` of one that never began since the ledger could not take its first entry; it may be tried again.
inline constexpr std::string_view not_recorded = "not_recorded";

// The `reason` of a heal that was skipped since the manager of a service would not start it.
inline constexpr const char* held_back = "held_back";

struct HealResult {
  std::string engine;
  HealEnding ending = HealEnding::never_began;
  std::string strategy;
  unsigned attempts = 0;
  Duration took{0};
  std::string error;             // why it never began, or was skipped
  std::string reason;            // why it ended Exhausted
  std::string heal;              // the heal's id, or empty if none was started
  std::string problem = {};      // of one that ended Exhausted: what was wrong at last, in a sentence
  bool changed_nothing = false;  // it was certified as it was found: somebody else had made it good
  friend bool operator==(const HealResult&, const HealResult&) = default;
};

// The result of a heal that has ended.
[[nodiscard]] HealResult result_of(const HealState& state, const std::string& heal);

// One line of JSON, keys in the contract's order, duration in seconds with three decimals. `with_heal_id` appends
// "heal_id" if there is one.
[[nodiscard]] std::string to_json(const HealResult& result, bool with_heal_id);

}  // namespace autoheal::workflows
