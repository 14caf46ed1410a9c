// Steps back where somebody else is bringing a service up: a repair begins only with what has come to rest.
#pragma once

#include "workflows/heal_effects.hpp"

namespace autoheal::workflows {

// Blocks while the service of `spec` passes from one state to another, or has just been started and its self-test does
// not pass yet; at most its grace, or the limits of its manager. True: the self-test failed at first and passes now, so
// somebody else has brought it up. False at once where the service is at rest.
[[nodiscard]] bool somebody_brings_it_up(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark);

}  // namespace autoheal::workflows
