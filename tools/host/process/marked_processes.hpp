// Ends processes that an effect left behind, with all in their groups and sessions, until none is found; never this
// process or one it descends from. A program that clears its environment and leaves its session is out of reach.
#pragma once

#include <functional>
#include <string>

#include "autoheal/engine/base/timestamp.hpp"
#include "tools/host/system/process_table.hpp"

namespace autoheal::host {

inline constexpr std::string_view mark_variable = "AUTOHEAL_EFFECT";
inline constexpr std::string_view run_variable = "AUTOHEAL_RUN";  // unlike the mark, one per child
inline constexpr Duration default_grace = std::chrono::milliseconds(500);

// Sends SIGTERM, and SIGKILL after `grace`. Returns how many were ended; blocks until they are, five seconds at most (a
// process in the kernel's hands cannot be waited for). Thread-safe.
std::size_t end_processes(const std::function<bool(const ProcessInfo&)>& belongs, Duration grace = default_grace);

// All that carry a mark which begins with `mark_prefix`. An empty prefix ends nobody.
std::size_t end_marked(const std::string& mark_prefix, Duration grace = default_grace);

}  // namespace autoheal::host
