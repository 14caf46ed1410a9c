// A daemon's entries about itself in the ledger: that it began, still heals, took a configuration, ended. With them an
// auditor can tell when healing was on (replay/coverage/coverage.hpp).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/engine/ledger.hpp"
#include "tools/autoheal/configuration/loaded_configuration.hpp"

namespace autoheal::cli {

// The id of this boot of the host, or empty.
[[nodiscard]] std::string boot_id();

[[nodiscard]] engine::NewEntry node_started(const LoadedConfiguration& configuration, std::size_t recovered,
                                            Timestamp now);

// The work since the daemon's last heartbeat.
struct Heartbeat {
  std::uint64_t tests_run = 0, tests_failed = 0;
  std::map<std::string, std::uint64_t> tests;  // by engine
  std::vector<std::string> held;               // engines
  std::vector<std::string> stopped_by_hand;    // engines whose service somebody stopped, for the next daemon
};
// `cause`: SIGTERM, SIGINT.
[[nodiscard]] engine::NewEntry node_stopped(const LoadedConfiguration& configuration, const std::string& cause,
                                            const Heartbeat& last, Timestamp now);
[[nodiscard]] engine::NewEntry node_heartbeat(const LoadedConfiguration& configuration, const Heartbeat& heartbeat,
                                              Timestamp now);

// Empty: the newest one that the ledger holds is the same. Digests by key go to `blobs`.
[[nodiscard]] Result<std::optional<engine::NewEntry>> config_loaded(const LoadedConfiguration& configuration,
                                                                    const engine::LedgerView& ledger,
                                                                    engine::BlobStore& blobs, Timestamp now);

// Empty: healing was on or off before as it is now.
[[nodiscard]] std::optional<engine::NewEntry> healing_switched(const LoadedConfiguration& before,
                                                               const LoadedConfiguration& now, Timestamp when);

// No snapshot of a state could be taken.
struct FailedSnapshot {
  std::string path;  // of the state, below its engine's root
  std::string why;   // without secrets
  bool damaged = false;
};
[[nodiscard]] engine::NewEntry snapshot_failed(const LoadedConfiguration& configuration, const std::string& engine,
                                               const FailedSnapshot& failed, Timestamp now);

// Another configuration was not taken; `why` holds no secrets.
[[nodiscard]] engine::NewEntry config_refused(const LoadedConfiguration& in_force, const std::string& why,
                                              Timestamp now);

}  // namespace autoheal::cli
