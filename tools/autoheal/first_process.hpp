// The first process of a container inherits every process that a service leaves behind; each stays a zombie until it is
// reaped. Autoheal may be that process. Then the process that began only reaps; its child does the work.
#pragma once

#include <optional>

namespace autoheal::cli {

// In the child, and where this is not the first process: nothing. In the first process: signals are passed on, children
// reaped, until the child has ended; its exit code. To be called while there is one thread.
[[nodiscard]] std::optional<int> reap_if_first_process();

}  // namespace autoheal::cli
