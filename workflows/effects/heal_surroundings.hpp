// The process that effects run in: its ports, and what evidence says of it.
#pragma once

#include <string>

#include "autoheal/engine/ports.hpp"
#include "autoheal/workflows/effects/heal_policy.hpp"
#include "autoheal/workflows/effects/heal_scheduling.hpp"
#include "autoheal/workflows/effects/heal_secrets.hpp"
#include "autoheal/workflows/effects/host.hpp"

namespace autoheal::workflows {

// The machine that probes run on, and how many run at once.
struct Probing {
  Host& host;
  HealSecrets& secrets;
  unsigned at_once = 4;
};

// The ports outlive it.
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
