// What commands go by while the configuration cannot be read: a file that is being edited takes nobody's brake away.
// The daemon answers by the configuration that it has; without one, what is recorded can still be read.
#pragma once

#include <optional>

#include "tools/autoheal/configuration/loaded_configuration.hpp"

namespace autoheal::cli {

// Empty: the command needs the configuration, or neither a daemon nor a ledger is found. `why`: what is wrong with it.
[[nodiscard]] std::optional<LoadedConfiguration> without_configuration(const Options& options, const Error& why);

// It needs no more than what is recorded.
[[nodiscard]] bool only_reads(const Options& options);

// For a command that nobody but a daemon may judge: no daemon runs, and nobody's role is known.
[[nodiscard]] Error roles_unknown(const LoadedConfiguration& configuration);

}  // namespace autoheal::cli
