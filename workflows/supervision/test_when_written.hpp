// The self-test of an engine on whose files somebody may be at work: what is half written is not judged.
#pragma once

#include "autoheal/workflows/effects/heal_effects.hpp"
#include "autoheal/workflows/supervision/watch.hpp"

namespace autoheal::workflows {

// A test for who has no watch to be told of it again: repeated while somebody is at work, at most
// longest_wait_for_writers long; after that unknown, with who is.
[[nodiscard]] TestReport test_when_written(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark);

}  // namespace autoheal::workflows
