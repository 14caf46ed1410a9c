// The workflows of a process that heals: heals and self-tests, what triggers them and what performs their effects.
#pragma once

#include "autoheal/workflows/effects/heal_effects.hpp"
#include "autoheal/workflows/supervision/auto_heal_trigger.hpp"
#include "autoheal/workflows/supervision/genesis_bus.hpp"
#include "autoheal/workflows/supervision/self_test_effects.hpp"
#include "tools/autoheal/healer/leftovers.hpp"

namespace autoheal::cli {

// The arguments of its constructor outlive it.
class HealerWorkflows {
 public:
  HealerWorkflows(HealerParts& parts, ConfigurationInForce& in_force, Jobs& jobs, const Archiving& archiving);

  // A configuration is in force from now on; heals under way keep theirs. The ledger and the
  // number of threads belong to the process and stay. A failure changes nothing.
  [[nodiscard]] Result<void> take(const ConfigurationPtr& configuration);

  [[nodiscard]] const workflows::HealSurroundings& surroundings() const { return surroundings_; }
  [[nodiscard]] workflows::AutoHealTrigger& trigger() { return trigger_; }
  [[nodiscard]] Leftovers& leftovers() { return leftovers_; }
  // To be called after every turn.
  void pump() { bus_.pump(); }

 private:
  workflows::TriggerHooks trigger_hooks();

  HealerParts& parts_;
  ConfigurationInForce& in_force_;
  Jobs& jobs_;
  workflows::HealSurroundings surroundings_;
  workflows::HealEffects heal_effects_;
  Leftovers leftovers_;
  workflows::AutoHealTrigger trigger_;
  workflows::SelfTestEffects self_test_effects_;
  workflows::GenesisBus bus_;
};

}  // namespace autoheal::cli
