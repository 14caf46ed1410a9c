// One process that may heal: its parts, and small services over them. Everything is built here and nowhere else;
// commands and the daemon only ask it to do things.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "tools/autoheal/healer/recovery.hpp"

namespace autoheal::cli {

// The parts and services that callers of a healer use; on the loop's thread, unless a service says otherwise.
struct HealerServices {
  HealerServices(HealerParts& opened, const ConfigurationPtr& configuration)
      : parts(opened), in_force(opened, configuration), jobs(opened), recording(opened, in_force) {}

  HealerParts& parts;
  ConfigurationInForce in_force;
  Jobs jobs;
  Recording recording;
  std::unique_ptr<Checkpoints> checkpoints;
  std::unique_ptr<Archiving> archiving;
  std::unique_ptr<HealerWorkflows> workflows;
  std::unique_ptr<Recovery> recovery;
  std::function<void()> committed;  // called after each commit; optional
};

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

  [[nodiscard]] HealerServices& services() { return services_; }
  // Asks for the text of a progress line after every turn.
  void show_progress(std::function<std::string()> progress) { progress_ = std::move(progress); }

 private:
  explicit Healer(std::unique_ptr<HealerParts> parts, const ConfigurationPtr& configuration);
  static Result<std::unique_ptr<Healer>> assembled(const ConfigurationPtr& configuration, Console& console);
  Result<void> assemble(const ConfigurationPtr& configuration);
  void watch_the_runner();
  boost::asio::awaitable<void> begin(std::function<boost::asio::awaitable<void>()> task);
  int run_until_done(std::function<boost::asio::awaitable<void>()> task);
  void close();
  void end_if_closed();

  std::unique_ptr<HealerParts> parts_;
  HealerServices services_;
  boost::asio::steady_timer longest_end_;  // of waiting for effects under way
  std::function<std::string()> progress_;
  bool closing_ = false;
  int exit_code_ = 0;
};

}  // namespace autoheal::cli
