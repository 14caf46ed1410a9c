// The way from a command to the daemon that owns the ledger, if one runs.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "tools/autoheal/configuration/loaded_configuration.hpp"
#include "tools/autoheal/protocol/operation_body.hpp"

namespace autoheal::cli {

// Where the daemon on `ledger` listens.
[[nodiscard]] std::string socket_of(const std::string& ledger);

// unavailable, with the daemon's words, if one serves the ledger of this name while its files are elsewhere. Its
// socket may be gone with them. Empty where all is in its place, or none runs.
[[nodiscard]] std::optional<Error> daemon_without_ledger(const std::string& ledger);

// Asks for an operation over the API. Empty: no daemon runs on this ledger. Else its answer (operation_answer.hpp), or
// why it refused; waits for as long as the operation takes. A daemon from before the API, which says so and does
// nothing, is asked once more as its own command line asked it.
[[nodiscard]] std::optional<Result<std::string>> ask_daemon(const LoadedConfiguration& configuration,
                                                            const std::string& operation, const OperationBody& body);

// The daemon's metrics as the text that Prometheus reads. Empty: no daemon runs on this ledger.
[[nodiscard]] std::optional<Result<std::string>> metrics_of_daemon(const LoadedConfiguration& configuration);

// Names of this process' variables that the daemon has otherwise: its environment counts, not ours.
[[nodiscard]] std::vector<std::string> environment_that_differs(const LoadedConfiguration& configuration);

// How the daemon says that each engine stands: "passed", "failed, cooldown", ...; empty where none runs.
[[nodiscard]] std::map<std::string, std::string> standings(const LoadedConfiguration& configuration);

// When the daemon last asked a witness of the ledger, and what came of it.
struct AskedWitness {
  std::optional<Timestamp> asked;
  std::string said;
};
// By key; empty where no daemon runs, or it asks nobody.
[[nodiscard]] std::map<std::string, AskedWitness> asked_witnesses(const LoadedConfiguration& configuration);

// The status that a running daemon reports.
struct DaemonSign {
  std::string problem;  // why it does not answer; or empty
  bool recovering = false;
  std::string not_recorded;  // why its last commit could not be made
  std::uint64_t stalls = 0;  // of its loop since it began
  std::int64_t longest_stall_us = 0;
  std::vector<std::string> late;  // engines whose test is long overdue
};
// Empty: no daemon runs.
[[nodiscard]] std::optional<DaemonSign> sign_of_daemon(const LoadedConfiguration& configuration);

}  // namespace autoheal::cli
