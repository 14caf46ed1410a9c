// Steps back where somebody else is bringing a service up: a repair begins only with what has come to rest.
#pragma once

#include "workflows/heal_effects.hpp"

namespace autoheal::workflows {

// Blocks while the process of the service of `spec` has just begun and its self-test does not pass yet; at most its
// grace. True: the self-test failed at first and passes now, so somebody else has brought it up. False at once for a
// unit of systemd, which knows itself what is under way.
[[nodiscard]] bool somebody_brings_it_up(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark);

}  // namespace autoheal::workflows
