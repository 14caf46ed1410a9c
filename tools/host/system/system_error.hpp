// Turns an error of the kernel into an Error with a sentence for people.
#pragma once

#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::host {

// "no space is left", "a symbolic link stands in the path", ...; the system's own words for what is rarer.
[[nodiscard]] std::string reason_of(int error_number);

// "<what>: <reason>". unavailable where the machine is short of something, not_found, refused (permission, symlink),
// busy, else failed.
[[nodiscard]] std::unexpected<Error> system_failure(const std::string& what, int error_number);
// The same for an observation: no permission means unavailable, because it says nothing about the file.
[[nodiscard]] std::unexpected<Error> look_failure(const std::string& what, int error_number);

}  // namespace autoheal::host
