// How a process that a service stands for ended, as far as the kernel tells: what cannot have been wanted is repaired at
// once, all else is looked at again once its grace is over, since somebody may just be restarting it.
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
