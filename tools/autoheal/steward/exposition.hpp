// The figures of the Steward as the text that Prometheus reads (exposition format 0.0.4).
#pragma once

#include <string>
#include <vector>

#include "autoheal/workflows/steward/steward_figures.hpp"
#include "tools/autoheal/steward/own_figures.hpp"
#include "tools/autoheal/steward/witness_standing.hpp"

namespace autoheal::cli {

inline constexpr const char* exposition_type = "text/plain; version=0.0.4; charset=utf-8";

// Targets of events beyond so many, by name, share the label `other`, which has the largest of their lags.
inline constexpr std::size_t most_named_targets = 20;

// Facts that no entry tells.
struct StewardSetting {
  std::string version;           // of the program
  engine::Position ledger_head;  // entries that the ledger has ever had
  bool healing_is_on = true;     // by the configuration in force
  OwnFigures::Seen own = {};     // seen after the head
  std::vector<WitnessStanding> witnesses = {};
};

// Each series of every closed list is there, with zero where nothing happened: what appears only with the first failure
// is missed by `increase()`.
[[nodiscard]] std::string exposition(const workflows::StewardFigures& figures, const StewardSetting& setting);

}  // namespace autoheal::cli
