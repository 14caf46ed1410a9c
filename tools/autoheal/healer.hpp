// One process that may heal: ledger and vault opened as their owner, the real host, the loop, and the two workflows on
// it. Everything is built here and nowhere else; commands only ask it to do things.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "engine/runtime.hpp"
#include "engine/system_ports.hpp"
#include "store/sqlite_ledger.hpp"
#include "store/vault.hpp"
#include "tools/autoheal/console.hpp"
#include "tools/autoheal/loaded_configuration.hpp"
#include "tools/host/real_host.hpp"
#include "workflows/auto_heal_trigger.hpp"
#include "workflows/genesis_bus.hpp"
#include "workflows/secret_mask.hpp"
#include "workflows/self_test_effects.hpp"

namespace autoheal::cli {

// Lives on one thread, from open() to destruction. Destruction waits for effects that are under way.
class Healer {
 public:
  // busy: another process owns the ledger. `configuration` outlives the healer.
  [[nodiscard]] static Result<std::unique_ptr<Healer>> open(const LoadedConfiguration& configuration, Console& console);
  ~Healer();

  // Takes up what earlier processes left open, runs `task`, and ends when both are done or a signal comes (heals are
  // left open at their next entry then). Returns the task's exit code, or 130, 143, 70. Once.
  int run(std::function<boost::asio::awaitable<int>()> task);
  // To be awaited in a task that wants the results of recovered heals; run() does it in any case.
  boost::asio::awaitable<void> finish_recovered();
  [[nodiscard]] const std::vector<workflows::HealResult>& recovered_results() const { return recovered_results_; }
  // Ids of the heals that were open; known within a task.
  [[nodiscard]] const std::vector<std::string>& recovered() const { return recovered_; }

  // Rolls an exhausted heal back once more and waits; its last state. failed: nothing is left to roll back.
  boost::asio::awaitable<Result<workflows::HealState>> roll_back_again(std::string heal, workflows::By by);

  [[nodiscard]] engine::Runtime& runtime() { return *runtime_; }
  [[nodiscard]] workflows::AutoHealTrigger& trigger() { return *trigger_; }
  [[nodiscard]] workflows::GenesisBus& bus() { return *bus_; }
  [[nodiscard]] store::SqliteLedger& ledger() { return *ledger_; }
  [[nodiscard]] store::Vault& vault() { return *vault_; }
  [[nodiscard]] const workflows::HealSurroundings& surroundings() const { return *surroundings_; }
  [[nodiscard]] const engine::Clock& clock() const { return clock_; }
  // What a progress line should say; called after every turn.
  std::function<std::string()> progress;

 private:
  Healer(const LoadedConfiguration& configuration, Console& console);
  Result<void> assemble();
  Result<void> keep_configuration();
  workflows::HealSurroundings make_surroundings();
  void load_adopted();
  Result<void> recover();
  [[nodiscard]] std::optional<workflows::HealResult> result_of_ended(const std::string& heal) const;
  bool wait(Duration time);
  void stop(int exit_code);

  const LoadedConfiguration& configuration_;
  Console& console_;
  engine::SystemClock clock_;
  engine::SystemRandomness randomness_;
  engine::UuidV7Source ids_{clock_, randomness_};
  boost::asio::io_context loop_{1};
  boost::asio::thread_pool pool_;
  std::unique_ptr<store::SqliteLedger> ledger_;
  std::unique_ptr<store::Vault> vault_;
  std::unique_ptr<host::RealHost> host_;
  workflows::SecretMask mask_;
  std::map<std::string, workflows::EngineToHeal> engines_;
  std::map<std::string, workflows::Adopted> adopted_;
  std::unique_ptr<workflows::HealSurroundings> surroundings_;
  std::unique_ptr<engine::Runtime> runtime_;
  std::unique_ptr<workflows::HealEffects> heal_effects_;
  std::unique_ptr<workflows::AutoHealTrigger> trigger_;
  std::unique_ptr<workflows::SelfTestEffects> self_test_effects_;
  std::unique_ptr<workflows::GenesisBus> bus_;
  std::vector<std::string> recovered_;
  std::vector<workflows::HealResult> recovered_results_;
  std::mutex stopping_mutex_;
  std::condition_variable stopping_changed_;
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace autoheal::cli
