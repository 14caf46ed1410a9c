// The figures of the Steward as the text that Prometheus reads (exposition format 0.0.4).
#pragma once

#include <string>
#include <vector>

#include "autoheal/workflows/steward/steward_figures.hpp"
#include "tools/autoheal/steward/witness_standing.hpp"

namespace autoheal::cli {

inline constexpr const char* exposition_type = "text/plain; version=0.0.4; charset=utf-8";

// Facts that no entry tells.
struct StewardSetting {
  std::string version;            // of the program
  std::uint64_t ledger_head = 0;  // entries that the ledger has ever had
  bool healing_is_on = true;      // by the configuration in force
  std::vector<WitnessStanding> witnesses = {};
};

// Each series of every closed list is there, with zero where nothing happened: what appears only with the first failure
// is missed by `increase()`.
[[nodiscard]] std::string exposition(const workflows::StewardFigures& figures, const StewardSetting& setting);

}  // namespace autoheal::cli
