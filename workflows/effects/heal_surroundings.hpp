// What effects need of the process that they run in: its ports, and what it is.
#pragma once

#include <string>

#include "autoheal/engine/ports.hpp"
#include "autoheal/workflows/effects/heal_policy.hpp"
#include "autoheal/workflows/effects/heal_scheduling.hpp"
#include "autoheal/workflows/effects/heal_secrets.hpp"
#include "autoheal/workflows/effects/host.hpp"

namespace autoheal::workflows {

// What probes and tests run on.
struct Probing {
  Host& host;
  HealSecrets& secrets;
  unsigned at_once = 4;
};

// All that is referred to outlives it and is thread-safe.
struct HealSurroundings {
  Host& host;
  engine::BlobStore& blobs;
  const engine::Clock& clock;
  const HealPolicy& policy;
  HealSecrets& secrets;
  HealScheduling& scheduling;
  std::string ledger_id;
  std::string program_version;
  std::string program_sha256;
  unsigned tests_at_once = 4;

  [[nodiscard]] Probing probing() const { return {host, secrets, tests_at_once}; }
};

}  // namespace autoheal::workflows
