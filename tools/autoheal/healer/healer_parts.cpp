#include "tools/autoheal/healer/healer_parts.hpp"

#include <algorithm>

#include "tools/autoheal/protocol/daemon_client.hpp"

namespace autoheal::cli {

namespace {

std::size_t pool_threads(const config::Configuration& settings) {
  return std::min(64U, settings.max_concurrent + settings.max_tests);
}

// Room in the log for dozens of commits of a heal while the disk is full.
constexpr std::uint64_t ledger_reserve_bytes = 4 * 1024 * 1024;

}  // namespace

std::vector<std::filesystem::path> own_files(const config::Configuration& settings) {
  std::vector<std::filesystem::path> paths;
  for (const char* ending :
       {"", "-wal", "-shm", "-journal", ".lock", ".new", ".key", ".signed", ".signed.new", ".sock", ".vault"})
    paths.emplace_back(settings.ledger + ending);
  for (const char* ending : {"", ".new", ".next", ".next.new"}) paths.emplace_back(settings.checkpoints.key + ending);
  if (const std::string& file = settings.checkpoints.file; !file.empty()) {
    paths.emplace_back(file);
    paths.emplace_back(file + ".new");
  }
  return paths;
}

Result<std::unique_ptr<HealerParts>> open_parts(const LoadedConfiguration& configuration, Console& console) {
  const config::Configuration& settings = configuration.settings;
  if (auto elsewhere = daemon_without_ledger(settings.ledger)) return std::unexpected(std::move(*elsewhere));
  auto parts = std::make_unique<HealerParts>(console, settings.secrets);
  auto pool = JobThreads::start(pool_threads(settings));
  AUTOHEAL_TRY(pool);
  parts->pool = std::move(*pool);
  auto ledger = store::SqliteLedger::open(settings.ledger, {.ids = parts->ids, .reserve_bytes = ledger_reserve_bytes});
  AUTOHEAL_TRY(ledger);
  parts->ledger = std::move(*ledger);
  auto vault = store::Vault::open(settings.ledger + ".vault", {.max_blob_bytes = settings.vault_max_blob_bytes},
                                  store::VaultAccess::create);
  AUTOHEAL_TRY(vault);
  parts->vault = std::move(*vault);
  parts->ledger->place().remember(settings.ledger + ".vault", "ledger's vault");
  parts->timed_ledger = std::make_unique<TimedLedger>(*parts->ledger, parts->clock, parts->figures);
  auto runtime = engine::Runtime::create(parts->loop.get_executor(),
                                         {*parts->timed_ledger, *parts->vault, parts->clock, parts->ids});
  AUTOHEAL_TRY(runtime);
  parts->runtime = std::move(*runtime);
  return parts;
}

}  // namespace autoheal::cli
