// The process that reads what nobody else reads any more: see output_drain.hpp, which starts it. Used only in a process
// of its own. It keeps nothing of what it reads, so that it needs neither memory nor disk, and knows no secret.
#pragma once

#include <cstddef>

namespace autoheal::host {

// With each message come these descriptors of one run: a socket whose other end lives as long as somebody else reads,
// and one or two reading ends.
inline constexpr std::size_t most_descriptors_of_a_run = 3;

// Until nobody writes any more to what it was given, and nobody is there who could give it more. Signals that ask it to
// end do not: who writes would be ended by that.
int run_output_drain(int connection);

}  // namespace autoheal::host
