// Real heals, run once on the simulated host: one per strategy that is certified at once, one that needs a second
// attempt, one that fails all of them, and those that end before they begin.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "tools/bench/support/recorded_text.hpp"

namespace autoheal::bench {

struct RecordedEntry {
  std::string type;
  unsigned dataversion = 1;
  unsigned commit = 0;  // which one of its heal: what is decided at once has one time
  RecordedText text;
};

struct HealRecording {
  std::string strategy;
  enum class Course { at_once, retried, exhausted, never_began } course = Course::at_once;
  std::vector<RecordedEntry> entries;
};

// Runs them in `folder`, which gets a ledger and a vault (`ledger.db.vault`) with what the entries name.
[[nodiscard]] Result<std::vector<HealRecording>> record_heals(const std::filesystem::path& folder);

}  // namespace autoheal::bench
