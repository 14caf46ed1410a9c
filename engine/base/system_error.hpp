// An error of the kernel as an Error. Callers decide its kind, because the same number means different things to them:
// an I/O error is fatal to the ledger and an unreadable file to a probe.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal {

// The system's words for an errno, such as "No space left on device". Thread-safe, as strerror(3) is not.
[[nodiscard]] std::string system_words(int error_number);

// "<what>: <the system's words>"
[[nodiscard]] Error system_error(ErrorKind kind, std::string_view what, int error_number);

}  // namespace autoheal
