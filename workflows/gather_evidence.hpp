// Looks at what a repair left, for Truth: probes until they hold, every test cell, security, roles, hashes last, and
// the changed targets once more. Judges nothing.
#pragma once

#include "workflows/heal_effects.hpp"

namespace autoheal::workflows {

[[nodiscard]] Evidence gather_evidence(const HealSurroundings& at, const EngineSpec& spec, const Certify& effect,
                                       const EffectMark& mark);

// The self-test once: every probe, side by side up to the limit, in the order they are declared.
[[nodiscard]] std::vector<ProbeResult> run_probes(const HealSurroundings& at, const EngineSpec& spec,
                                                  const std::vector<Probe>& probes, const EffectMark& mark);

// True if nothing that is to start a heal failed or is unknown.
[[nodiscard]] bool all_hold(const std::vector<ProbeResult>& results);

// The program of one cell, with the cell's values in its arguments.
[[nodiscard]] ProgramRun command_of(const TestSpec& test, const TestCell& cell);

// Runs `job(0) .. job(count - 1)`, at most `at_once` at a time; returns when all are done.
void run_side_by_side(std::size_t count, unsigned at_once, const std::function<void(std::size_t)>& job);

}  // namespace autoheal::workflows
