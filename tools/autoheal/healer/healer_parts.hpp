// The plain parts of a process that heals, each opened once: console, time, threads, the ledger as its owner, the
// vault, the host, its secrets and the runtime.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "autoheal/engine/runtime.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "tools/autoheal/configuration/known_secrets.hpp"
#include "tools/autoheal/configuration/loaded_configuration.hpp"
#include "tools/autoheal/output/console.hpp"
#include "tools/autoheal/steward/timed_ledger.hpp"
#include "tools/autoheal/threads/job_threads.hpp"
#include "tools/host/real_host.hpp"

namespace autoheal::cli {

using ConfigurationPtr = std::shared_ptr<const LoadedConfiguration>;

// Changes and orders of this process: no news for those who watch files and services.
struct OwnDoings {
  host::OwnChanges changes;
  host::OwnOrders orders;
};

struct HealerParts {
  HealerParts(Console& to, const workflows::SecretRules& rules) : console(to), secrets(rules) {}

  Console& console;
  engine::SystemClock clock;
  engine::SystemRandomness randomness;
  engine::UuidV7Source ids{clock, randomness};
  boost::asio::io_context requests{1};  // of a server's thread; outlives what waits on the loop for a client
  boost::asio::io_context loop{1};
  std::unique_ptr<JobThreads> pool;
  OwnFigures figures;
  std::unique_ptr<store::SqliteLedger> ledger;
  std::unique_ptr<TimedLedger> timed_ledger;  // the same, for the loop
  std::unique_ptr<store::Vault> vault;
  OwnDoings own;
  std::unique_ptr<host::RealHost> host;
  KnownSecrets secrets;
  std::unique_ptr<engine::Runtime> runtime;
};

// busy: another process owns the ledger. All but the host, which needs somebody to ask before each change.
[[nodiscard]] Result<std::unique_ptr<HealerParts>> open_parts(const LoadedConfiguration& configuration,
                                                              Console& console);

// The ledger's files and vault: nobody's target.
[[nodiscard]] std::vector<std::filesystem::path> own_files(const config::Configuration& settings);

}  // namespace autoheal::cli
