// One process that may heal: ledger and vault opened as their owner, the real host, the loop, and the two workflows on
// it. Everything is built here and nowhere else; commands and the daemon only ask it to do things.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "autoheal/engine/runtime.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "autoheal/workflows/effects/heal_effects.hpp"
#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "autoheal/workflows/supervision/auto_heal_trigger.hpp"
#include "autoheal/workflows/supervision/genesis_bus.hpp"
#include "autoheal/workflows/supervision/holds.hpp"
#include "autoheal/workflows/supervision/self_test_effects.hpp"
#include "tools/autoheal/configuration/known_secrets.hpp"
#include "tools/autoheal/configuration/loaded_configuration.hpp"
#include "tools/autoheal/healer/checkpoints.hpp"
#include "tools/autoheal/healer/job_threads.hpp"
#include "tools/autoheal/output/console.hpp"
#include "tools/host/real_host.hpp"

namespace autoheal::cli {

using ConfigurationPtr = std::shared_ptr<const LoadedConfiguration>;

// Lives on one thread, from open() to destruction. Destruction waits for effects that are under way.
class Healer {
 public:
  // busy: another process owns the ledger. `configuration` outlives the healer.
  [[nodiscard]] static Result<std::unique_ptr<Healer>> open(const LoadedConfiguration& configuration, Console& console);
  // The same, and the contents of baselines go from memory once they are in the vault.
  [[nodiscard]] static Result<std::unique_ptr<Healer>> open(const std::shared_ptr<LoadedConfiguration>& configuration,
                                                            Console& console);
  ~Healer();

  // Takes up what earlier processes left open, runs `task`, and ends when both are done or a signal comes (heals are
  // left open at their next entry then). Returns the task's exit code, or 130, 143, 70; 6 where nothing can be
  // recorded: a command does not wait for room on a disk, as the daemon does. Once.
  int run(std::function<boost::asio::awaitable<int>()> task);
  // The same for a task that goes on until stop() is called, and deals with signals itself.
  int serve(std::function<boost::asio::awaitable<void>()> task);
  // Effects under way end as soon as they can, and what comes of them is recorded; nothing new is begun. Any thread.
  void stop(int exit_code);

  // To be awaited in a task that wants the results of recovered heals; run() does it in any case.
  boost::asio::awaitable<void> finish_recovered();
  [[nodiscard]] const std::vector<workflows::HealResult>& recovered_results() const { return recovered_results_; }
  // Ids of the heals that were open; known within a task.
  [[nodiscard]] const std::vector<std::string>& recovered() const { return recovered_; }
  // Every open heal is known: what concerns heals may be decided from now on.
  boost::asio::awaitable<void> until_recovered();
  [[nodiscard]] bool recovering() const { return recovering_; }
  // Why the last commit could not be made, until one is; else empty.
  [[nodiscard]] const std::string& not_recorded_because() const { return not_recorded_because_; }
  // Why nothing is healed or recorded: the ledger's files are not where they were opened; empty while they are.
  [[nodiscard]] const std::string& ledger_elsewhere() const { return ledger_elsewhere_; }
  // Looks where they are, says what changed, and calls the hook then. Loop's thread.
  void look_at_place();
  std::function<void()> place_changed;
  // Heals that are open and cannot be read by this version: each was reported, and nothing of it was touched.
  [[nodiscard]] const std::vector<std::string>& set_aside() const { return set_aside_; }

  // Rolls an exhausted heal back once more and waits; its last state. failed: nothing is left to roll back.
  boost::asio::awaitable<Result<workflows::HealState>> roll_back_again(std::string heal, workflows::By by);

  // Another configuration from now on; heals under way keep theirs. What belongs to the process stays: the ledger and
  // the number of threads. Nothing changes where it fails.
  [[nodiscard]] Result<void> reload(const std::shared_ptr<LoadedConfiguration>& configuration);
  // Thread-safe.
  [[nodiscard]] ConfigurationPtr configuration() const;
  [[nodiscard]] std::optional<workflows::EngineToHeal> find_engine(const std::string& name) const;

  // Adds an entry of the stream "ledger"; back once it is durable. Holds and baselines in it count from then on.
  boost::asio::awaitable<Result<void>> record(engine::NewEntry entry);
  // Signed heads of the ledger; used on the loop's thread.
  [[nodiscard]] Checkpoints& checkpoints() { return *checkpoints_; }
  [[nodiscard]] engine::Randomness& randomness() { return randomness_; }
  // The hold that counts for an engine now. Thread-safe.
  [[nodiscard]] std::optional<workflows::Hold> hold_on(const std::string& engine) const;

  // Runs `job`, which may block, on the pool; back on the loop with what it returned.
  template <class Job>
  boost::asio::awaitable<std::invoke_result_t<Job>> on_pool(Job job) {
    auto on_its_thread = [job = std::move(job)]() mutable -> boost::asio::awaitable<std::invoke_result_t<Job>> {
      co_return job();
    };
    co_return co_await boost::asio::co_spawn(pool_->executor(), std::move(on_its_thread), boost::asio::use_awaitable);
  }

  // A copy of a state that passes, which waits to be kept (snapshot_taking.hpp). Blocks; any thread.
  [[nodiscard]] Result<void> copy_snapshot(const workflows::EngineSpec& spec, const workflows::StateRepair& state);

  // What a heal that has ended left beside its targets: "path: why" each.
  struct LeftByHeal {
    std::string engine, heal;
    std::vector<std::string> kept;
  };
  // Settles it again: what the vault can take by now goes there, and what stays is named in the heal's own stream where
  // it is not what was named last. One at a time.
  boost::asio::awaitable<std::vector<LeftByHeal>> settle_left();

  // What heals of this process left behind.
  [[nodiscard]] host::OwnChanges& own_changes() { return own_changes_; }
  [[nodiscard]] const host::OwnOrders& own_orders() const { return own_orders_; }
  // The ledger's files and vault: nobody's target.
  [[nodiscard]] std::vector<std::filesystem::path> own_files() const;

  [[nodiscard]] boost::asio::io_context& loop() { return loop_; }
  [[nodiscard]] engine::Runtime& runtime() { return *runtime_; }
  [[nodiscard]] workflows::AutoHealTrigger& trigger() { return *trigger_; }
  [[nodiscard]] workflows::GenesisBus& bus() { return *bus_; }
  [[nodiscard]] store::SqliteLedger& ledger() { return *ledger_; }
  [[nodiscard]] store::Vault& vault() { return *vault_; }
  [[nodiscard]] const workflows::HealSurroundings& surroundings() const { return *surroundings_; }
  [[nodiscard]] const engine::Clock& clock() const { return clock_; }
  // What a progress line should say; called after every turn.
  std::function<std::string()> progress;
  // While it is true no heal that ended is taken up again: its entries may be on their way out. Loop's thread.
  bool archiving = false;
  // For tests: called with the name of each step of archiving that is done.
  std::function<void(std::string_view step)> archived_step = [](std::string_view) {};

 private:
  class Policy;
  class Scheduling;
  class Settling;

  Healer(ConfigurationPtr configuration, Console& console);
  Result<void> assemble();
  Result<void> assemble_workflows();
  Result<void> assemble_checkpoints();
  void watch_the_runner();
  Result<void> keep_configuration(const ConfigurationPtr& configuration);
  [[nodiscard]] workflows::Today today(const std::string& engine, const std::string& principal) const;
  [[nodiscard]] workflows::Role role_of(const std::string& principal) const;
  workflows::TriggerHooks trigger_hooks();
  Result<void> load_standing();
  boost::asio::awaitable<Result<void>> recover();
  boost::asio::awaitable<void> begin(std::function<boost::asio::awaitable<void>()> task);
  int run_until_done(std::function<boost::asio::awaitable<void>()> task);
  boost::asio::awaitable<void> finish_archiving();
  // By heal; those that have not ended are none of them.
  boost::asio::awaitable<std::map<std::string, std::string>> ended_heals_left(ConfigurationPtr configuration);
  boost::asio::awaitable<std::vector<std::string>> settle_heal(std::string root, std::string heal);
  // On the loop: what stays stands in the ledger before the process ends.
  void settled(const std::string& heal, std::vector<std::string> kept);
  void one_is_settled();
  boost::asio::awaitable<void> until_settled();
  [[nodiscard]] std::optional<workflows::HealResult> result_of_ended(const std::string& heal) const;
  bool wait(Duration time);
  workflows::GoOn until_recordable();
  void run_on_pool(std::function<void()> job);
  void run_later(const std::string& heal, Duration time, std::function<void()> job);
  void close();
  void end_if_closed();
  void wait_for_the_ledger();

  mutable std::mutex standing_mutex_;  // guards the next four: the pool asks for them
  ConfigurationPtr configuration_;
  std::map<std::string, workflows::EngineToHeal> engines_;
  std::map<std::string, workflows::Adopted> adopted_;
  workflows::Holds holds_;

  Console& console_;
  engine::SystemClock clock_;
  engine::SystemRandomness randomness_;
  engine::UuidV7Source ids_{clock_, randomness_};
  boost::asio::io_context loop_{1};
  std::unique_ptr<JobThreads> pool_;
  std::unique_ptr<store::SqliteLedger> ledger_;
  std::unique_ptr<store::Vault> vault_;
  host::OwnChanges own_changes_;
  host::OwnOrders own_orders_;
  std::unique_ptr<host::RealHost> host_;
  workflows::SecretMask mask_;
  KnownSecrets secrets_{mask_};
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<Scheduling> scheduling_;
  std::unique_ptr<workflows::HealSurroundings> surroundings_;
  std::unique_ptr<engine::Runtime> runtime_;
  std::unique_ptr<Checkpoints> checkpoints_;
  std::unique_ptr<workflows::HealEffects> heal_effects_;
  std::unique_ptr<Settling> settling_effects_;
  std::unique_ptr<workflows::AutoHealTrigger> trigger_;
  std::unique_ptr<workflows::SelfTestEffects> self_test_effects_;
  std::unique_ptr<workflows::GenesisBus> bus_;
  bool recovering_ = true;
  boost::asio::steady_timer recovered_now_{loop_, boost::asio::steady_timer::time_point::max()};  // never of itself
  std::map<std::string, std::string> left_;  // heals that had left something when it was looked at, and the root
  unsigned settling_ = 0;                    // heals whose displaced files are being looked after
  boost::asio::steady_timer settled_now_{loop_, boost::asio::steady_timer::time_point::max()};  // never of itself
  std::string not_recorded_because_, ledger_elsewhere_;
  boost::asio::steady_timer patience_{loop_};     // of a command, once nothing can be recorded
  boost::asio::steady_timer longest_end_{loop_};  // of waiting for effects under way
  bool is_command_ = false, closing_ = false;
  unsigned jobs_ = 0;  // effects on the pool
  std::vector<std::string> recovered_, set_aside_;
  std::vector<workflows::HealResult> recovered_results_;
  std::mutex stopping_mutex_;
  std::condition_variable stopping_changed_;
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace autoheal::cli
