// The meaning of the program's exit codes: scripts and service managers decide on them, so they never change.
#pragma once

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

enum ExitCode : int {
  exit_done = 0,    // certified, Stable, verified, same
  exit_failed = 1,  // exhausted, Degraded, does not verify
  exit_usage = 2,
  exit_skipped = 3,  // auto-heal off, held
  exit_refused = 4,  // role
  exit_not_found = 5,
  exit_busy = 6,        // another process owns the ledger, or it cannot be used
  exit_run_failed = 9,  // not every engine could be tested
  exit_internal = 70,
  exit_configuration = 78,
  exit_interrupted = 130,  // SIGINT; SIGTERM is 143
  exit_terminated = 143,
};

[[nodiscard]] constexpr ExitCode exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return exit_usage;
    case ErrorKind::not_found:
      return exit_not_found;
    case ErrorKind::refused:
      return exit_refused;
    case ErrorKind::busy:
    case ErrorKind::unavailable:
      return exit_busy;
    case ErrorKind::changed:
    case ErrorKind::failed:
    case ErrorKind::timed_out:
    case ErrorKind::corrupt:
      return exit_failed;
    case ErrorKind::fatal:
      break;
  }
  return exit_internal;
}

}  // namespace autoheal::cli
