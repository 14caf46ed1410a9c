// The readiness of a daemon to do its work: for load balancers, orchestrators and people who wait for it.
#pragma once

#include <string>
#include <vector>

namespace autoheal::cli {

struct ReadinessCheck {
  std::string name;     // recovered, ledger_in_place, ledger_writable
  std::string problem;  // empty: it holds
};

// Every check holds.
[[nodiscard]] bool is_ready(const std::vector<ReadinessCheck>& checks);

// {"ready":...}; with `verbose` also "checks": each with "check", "ok" and, where it does not hold, "problem".
[[nodiscard]] std::string readiness_json(const std::vector<ReadinessCheck>& checks, bool verbose);

}  // namespace autoheal::cli
