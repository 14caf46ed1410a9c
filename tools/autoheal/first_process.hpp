// Where Autoheal is the first process of a container, whatever a service leaves behind becomes its child, and stays as
// a zombie unless somebody reaps it. The process that began does that then, and nothing else; its child does the work.
#pragma once

#include <optional>

namespace autoheal::cli {

// In the child, and where this is not the first process: nothing. In the first process: signals are passed on, children
// reaped, until the child has ended; its exit code. To be called while there is one thread.
[[nodiscard]] std::optional<int> reap_if_first_process();

}  // namespace autoheal::cli
