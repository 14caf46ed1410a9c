// Commands while the configuration is invalid: a file that is being edited takes nobody's brake away. The daemon
// answers by the configuration that it has; without one, what is recorded can still be read.
#pragma once

#include <optional>

#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/configuration/loaded_configuration.hpp"
#include "tools/autoheal/output/console.hpp"

namespace autoheal::cli {

// The configuration for a command with these needs; warnings are printed. Empty: the command cannot run, and why is
// printed: exit 78.
[[nodiscard]] std::optional<LoadedConfiguration> configuration_for(Needs needs, const Options& options,
                                                                   Console& console);

// For a command that nobody but a daemon may judge: no daemon runs, and nobody's role is known.
[[nodiscard]] Error roles_unknown(const LoadedConfiguration& configuration);

}  // namespace autoheal::cli
