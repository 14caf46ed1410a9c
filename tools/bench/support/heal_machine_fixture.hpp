// Ledger, vault, loop and workflows over a host, put together for measuring.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "autoheal/engine/runtime.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "autoheal/workflows/effects/heal_effects.hpp"
#include "autoheal/workflows/supervision/auto_heal_trigger.hpp"
#include "autoheal/workflows/testing/no_secrets.hpp"

namespace autoheal::bench {

struct Measured {
  double seconds = 0;
  std::vector<double> latencies_ms;  // of every heal
};

class HealMachineFixture {
 public:
  using MakeHost = std::function<std::unique_ptr<workflows::Host>(engine::BlobStore& blobs)>;

  // False: the effect is never performed, as if it took for ever. Called on the loop's thread.
  using LetsThrough = std::function<bool(const std::string& heal, const workflows::HealEffect& effect)>;

  static Result<std::unique_ptr<HealMachineFixture>> open(const std::filesystem::path& folder,
                                                          const MakeHost& make_host, unsigned callers,
                                                          bool keep_tree = true, LetsThrough lets_through = {});
  ~HealMachineFixture();

  [[nodiscard]] workflows::Host& host() { return *host_; }
  [[nodiscard]] store::Vault& vault() { return *vault_; }
  [[nodiscard]] const store::SqliteLedger& ledger() const { return *ledger_; }
  Result<void> add_engine(workflows::EngineSpec spec);

  // Each caller heals its own engine again and again until `count` heals are done; `break_it` is called before each.
  Result<Measured> heal(std::size_t callers, std::size_t count,
                        const std::function<std::string(std::size_t caller)>& break_it);
  // Heals that nobody waits for; back when the ledger holds them all or `until` is true.
  void begin_heals(const std::vector<std::string>& engines, const std::function<bool()>& until);
  // As a daemon does at its start: folds what an earlier process left open and lets it go on. How many.
  Result<std::size_t> recover();
  // Until no heal is open; how each ended.
  std::vector<workflows::HealResult> finish_recovered();

  // One heal to its end, whatever that is.
  workflows::HealResult heal_once(const std::string& engine, workflows::TestFailure failure, workflows::By by);

 private:
  HealMachineFixture();
  class Performer;
  struct Scheduling final : workflows::HealScheduling {
    void run(std::function<void()> job) override;
    bool wait(Duration) override { return false; }
    boost::asio::thread_pool pool{2};
  };
  Result<void> assemble(const std::filesystem::path& folder, const MakeHost& make_host, unsigned callers,
                        bool keep_tree, LetsThrough lets_through);

  engine::SystemClock clock_;
  engine::SystemRandomness randomness_;
  engine::UuidV7Source ids_{clock_, randomness_};
  boost::asio::io_context loop_{1};
  Scheduling scheduling_;
  workflows::FixedPolicy policy_;
  workflows::testing::NoSecrets secrets_;
  std::unique_ptr<store::SqliteLedger> ledger_;
  std::unique_ptr<store::Vault> vault_;
  std::unique_ptr<workflows::Host> host_;
  std::map<std::string, workflows::EngineToHeal> engines_;
  std::unique_ptr<engine::Runtime> runtime_;
  std::unique_ptr<workflows::HealEffects> effects_;
  std::unique_ptr<Performer> performer_;
  std::unique_ptr<workflows::AutoHealTrigger> trigger_;
};

}  // namespace autoheal::bench
