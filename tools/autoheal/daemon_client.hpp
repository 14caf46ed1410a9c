// The way from a command to the daemon that owns the ledger, if one runs.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/result.hpp"
#include "tools/autoheal/loaded_configuration.hpp"

namespace autoheal::cli {

// Where the daemon on `ledger` listens.
[[nodiscard]] std::string socket_of(const std::string& ledger);

// Empty: no daemon runs on this ledger. Else its answer, or why it refused; waits for as long as the operation takes.
[[nodiscard]] std::optional<Result<std::string>> ask_daemon(const LoadedConfiguration& configuration,
                                                            const std::string& operation, const std::string& body);

// Names of this process' variables that the daemon has otherwise: its environment counts, not ours.
[[nodiscard]] std::vector<std::string> environment_that_differs(const LoadedConfiguration& configuration);

// How the daemon says that each engine stands: "passed", "failed, cooldown", ...; empty where none runs.
[[nodiscard]] std::map<std::string, std::string> standings(const LoadedConfiguration& configuration);

}  // namespace autoheal::cli
