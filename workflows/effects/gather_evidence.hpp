// Looks at what a repair left, for Truth: its probes, every test cell, security, roles, hashes last, and the changed
// targets once more. Judges nothing.
#pragma once

#include "autoheal/workflows/effects/heal_surroundings.hpp"

namespace autoheal::workflows {

// The results of the probes, once they held for long enough, or once it was known that they do not.
struct Held {
  std::vector<ProbeResult> probes;
  std::vector<PortFinding> ports;
  std::string problem = {};  // although all of them pass
};

// `of_first_failure`: the last lines of the first program that failed in it.
[[nodiscard]] Evidence gather_evidence(const Probing& probing, engine::BlobStore& blobs, const EngineSpec& spec,
                                       const Certify& effect, Held held, const EffectMark& mark,
                                       LastLines& of_first_failure);

// The self-test once: every probe, side by side up to the limit, in the order they are declared.
[[nodiscard]] std::vector<ProbeResult> run_probes(const Probing& probing, const EngineSpec& spec,
                                                  const std::vector<Probe>& probes, const EffectMark& mark);

// Takes secrets out of what a probe says and ends it with what its program printed last; a plugin has its first line
// for that.
void tell_of_program(const std::function<std::string(std::string_view)>& mask, const Probe& probe, ProbeResult& result);

// True if nothing that is to start a heal failed or is unknown.
[[nodiscard]] bool all_hold(const std::vector<ProbeResult>& results);

// The last output, masked, of the program of the first probe that does not hold; empty if that probe runs no program.
[[nodiscard]] LastLines lines_of_failed(const HealSecrets& secrets, const std::vector<ProbeResult>& results);

// The program of one cell, with the cell's values in its arguments.
[[nodiscard]] ProgramRun command_of(const TestSpec& test, const TestCell& cell);

// Runs `job(0) .. job(count - 1)`, at most `at_once` at a time; returns when all are done.
void run_side_by_side(std::size_t count, unsigned at_once, const std::function<void(std::size_t)>& job);

}  // namespace autoheal::workflows
