// One day of a machine on which things break and people work, all of it from a seed: some twenty engines that need each
// other, files that drift, services that die and boot slowly, probes that hang, what cannot be healed, what breaks
// again and again; people who edit, hold, reset, heal by hand and switch healing off. From `calm` on nothing more
// happens.
#pragma once

#include <random>

#include "tests/support/worlds/simulated_daemon.hpp"

namespace autoheal::simulation {

inline constexpr Duration calm = std::chrono::hours(16);
inline constexpr Duration end_of_day = std::chrono::hours(24);
inline constexpr unsigned max_concurrent = 2;
inline constexpr unsigned max_tests = 4;

class FaultyDay {
 public:
  // `end`: the day may be cut short.
  explicit FaultyDay(std::uint64_t seed, Duration end = end_of_day);

  // From wake to wake, to the end.
  void run();

  [[nodiscard]] const std::vector<autoheal::testing::Happening>& history() const { return daemon_->history(); }
  [[nodiscard]] const std::vector<workflows::EngineSpec>& engines() const { return specs_; }
  [[nodiscard]] std::size_t open_heals() const { return daemon_->open_heals(); }
  // The one that nothing can heal, also after `calm`.
  static constexpr const char* lost = "Lost";

 private:
  struct Service {
    bool runs = true;
    bool hangs = false;
    Duration up_at{0};
  };

  workflows::EngineSpec& add(const std::string& name, std::vector<std::string> depends_on);
  void add_file_engine(const std::string& name, std::vector<std::string> depends_on = {});
  void add_service(const std::string& name, std::vector<std::string> depends_on = {});
  void add_plugin(const std::string& name, std::vector<std::string> depends_on = {});
  void add_hopeless(const std::string& name, std::vector<std::string> depends_on = {});

  void plan_faults();
  void plan_people();
  void drift(const std::string& name, Duration when);
  void break_for_good(const std::string& name, Duration from, Duration to);
  void flap(const std::string& name, Duration from, Duration to);
  void edit(const std::string& name, Duration from, Duration to, Duration every);

  void at(Duration when, std::function<void()> what) { events_.emplace(when, std::move(what)); }
  Duration some_time(Duration from, Duration to) {
    return Duration(std::uniform_int_distribution<std::int64_t>(from.count(), to.count())(random_));
  }
  const std::string& some(const std::vector<std::string>& names) {
    return names[std::uniform_int_distribution<std::size_t>(0, names.size() - 1)(random_)];
  }

  std::mt19937_64 random_;
  Duration end_;
  autoheal::testing::HealWorld world_;
  std::vector<workflows::EngineSpec> specs_;
  std::vector<std::string> all_, with_file_, services_, plugins_;
  std::map<std::string, Service> service_;
  std::map<std::string, bool> unknown_, hopeless_;
  std::multimap<Duration, std::function<void()>> events_;
  std::unique_ptr<autoheal::testing::SimulatedDaemon> daemon_;
};

}  // namespace autoheal::simulation
