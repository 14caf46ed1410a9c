// The end of a service's process, as the kernel reports it. An end that nobody can have wanted is repaired at once; any
// other is examined again after its grace, because somebody may be restarting the service.
#pragma once

namespace autoheal::workflows {

enum class ProcessEnd {
  unknown,  // nobody told
  wanted,   // by SIGTERM or SIGINT, or with status 0: somebody stopped it, or it stopped by itself
  failed,   // with another status
  killed,   // SIGKILL: the last word of a stop script, or of the kernel when memory runs out
  crashed,  // by a signal that nobody sends to stop a service (SEGV, ABRT, BUS, ...)
};

// Whether it is looked at again before it counts.
[[nodiscard]] constexpr bool may_be_passing(ProcessEnd end) {
  return end != ProcessEnd::killed && end != ProcessEnd::crashed;
}

}  // namespace autoheal::workflows
