// Waits until nobody is at work on what an engine declares, and tests it no sooner. On the surroundings' clock.
#pragma once

#include "workflows/heal_effects.hpp"
#include "workflows/watch.hpp"

namespace autoheal::workflows {

// Blocks. True if somebody was at work, and is done; false at once if nobody was. busy: he still is after
// longest_wait_for_writers, or the process is told to stop.
[[nodiscard]] Result<bool> wait_for_writers(const HealSurroundings& at, const EngineSpec& spec);

// A test for who has no watch to be told of it again: repeated while somebody is at work, at most
// longest_wait_for_writers long; after that unknown, with who is.
[[nodiscard]] TestReport test_when_written(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark);

}  // namespace autoheal::workflows
