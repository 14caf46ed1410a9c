// Runs a program to its end, or to its time limit, and takes what it prints. A run ends when its own process ends, not
// when its pipes close.
#pragma once

#include "autoheal/workflows/effects/host.hpp"
#include "tools/host/process/output_drain.hpp"

namespace autoheal::host {

// Blocks for at most the run's timeout and a second or so of ending. Every failure is in the outcome; what could not be
// started has `started == false`. Thread-safe. The child sees PATH, LANG, HOME, what the run adds, the mark in
// AUTOHEAL_EFFECT and a name of its own in AUTOHEAL_RUN.
[[nodiscard]] workflows::RunOutcome run_program(const workflows::RunRequest& request);

// The same for programs of others: what lives on keeps outputs that somebody reads, whether it was meant to live on or
// got away.
[[nodiscard]] workflows::RunOutcome run_program_of_others(const workflows::RunRequest& request, OutputDrain& drain);

}  // namespace autoheal::host
