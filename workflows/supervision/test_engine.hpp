// The self-test of one engine: of what is at rest, or by name why not.
#pragma once

#include "autoheal/workflows/effects/heal_surroundings.hpp"
#include "autoheal/workflows/supervision/watch.hpp"

namespace autoheal::workflows {

// One engine's self-test, once: passed, failed with what failed, or unknown with why. Blocks. `gone_too`: of a file
// that went away a moment ago it is not told yet; an editor may be replacing it.
[[nodiscard]] TestReport test_engine(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark,
                                     bool gone_too = false);

// A test for callers without a watch that would repeat it: repeated while somebody is at work, at most
// longest_wait_for_writers long; after that unknown, with who is.
[[nodiscard]] TestReport test_when_written(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark);

}  // namespace autoheal::workflows
