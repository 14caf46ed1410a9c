// Waits until nobody is at work on what an engine declares, and tests it no sooner. On the surroundings' clock.
#pragma once

#include "workflows/heal_effects.hpp"
#include "workflows/watch.hpp"

namespace autoheal::workflows {

// Blocks. True if somebody was at work, is done, and the self-test did not hold while he was: then it may be he who made
// it good. A self-test that held all the time tells nothing of the wrong that the heal is about. False at once if nobody
// was at work. busy: he still is after longest_wait_for_writers, or the process is told to stop.
[[nodiscard]] Result<bool> wait_for_writers(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark);

// A test for who has no watch to be told of it again: repeated while somebody is at work, at most
// longest_wait_for_writers long; after that unknown, with who is.
[[nodiscard]] TestReport test_when_written(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark);

}  // namespace autoheal::workflows
