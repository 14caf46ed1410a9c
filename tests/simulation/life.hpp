// Four weeks of one machine from a seed: engines break and depend on each other, repairs fail, lie and hang,
// certification refuses, the ledger cannot serve, clocks jump, people interfere, and the daemon dies at any moment,
// also while it recovers. Then the faults stop, and everything must end. What happened is kept for the judge.
#pragma once

#include <random>
#include <set>

#include "tests/simulation/fate.hpp"
#include "tests/simulation/faulty_ledger.hpp"
#include "tests/simulation/life_record.hpp"
#include "tests/simulation/stored_ledger.hpp"
#include "tests/support/simulated_daemon.hpp"

namespace autoheal::simulation {

struct LifeFigures {
  Duration simulated{0};
  std::size_t heals = 0, entries = 0, deaths = 0, self_tests = 0;
};

class Life {
 public:
  explicit Life(std::uint64_t seed, Planted planted = Planted::none);

  // To its end, or to where something is so wrong that it cannot go on.
  void run();

  [[nodiscard]] const LifeRecord& record() const { return record_; }
  [[nodiscard]] LifeFigures figures() const;

 private:
  enum class Repairs { work, fail, lie, hang };
  struct Machine {  // what an engine is in truth
    bool has_file = false;
    bool works = true;  // of services and indexes
    Repairs repairs = Repairs::work;
    bool tests_fail = false, tests_kill = false;
    Duration changed{-1}, tests_changed{-1};  // by the world, not by repairs
  };

  workflows::EngineSpec& add(const std::string& name, std::vector<std::string> depends_on);
  void add_file(const std::string& name, std::vector<std::string> depends_on = {});
  void add_service(const std::string& name, std::vector<std::string> depends_on = {});
  void add_index(const std::string& name, std::vector<std::string> depends_on = {});
  workflows::RunOutcome repair(Machine& machine, bool makes);

  void plan_faults();
  void plan_people();
  void plan_calm();
  void live();
  void break_engine(const std::string& name);
  void window(Duration shortest, Duration longest, const std::function<void()>& opens, std::function<void()> closes);

  void start_daemon();
  void bury_daemon();
  [[nodiscard]] std::size_t moments_to_live();
  [[nodiscard]] bool may_die() const;
  [[nodiscard]] bool turn();
  [[nodiscard]] bool is_calm() const { return world_.clock.since_boot() >= calm_from_; }
  void write_down(const autoheal::testing::Happening& happening);
  void finish_record();
  void complain(std::string what) { record_.problems.push_back(std::move(what)); }

  void at(Duration when, std::function<void()> what) { events_.emplace(when, std::move(what)); }
  // Never two of these in one list of arguments: compilers differ in which comes first, and so would the lives of a
  // seed.
  Duration some_time(Duration from, Duration to) {
    return Duration(std::uniform_int_distribution<std::int64_t>(from.count(), to.count())(random_));
  }
  Duration some_moment() { return some_time(std::chrono::minutes(5), calm_from_ - std::chrono::hours(1)); }
  std::size_t some_number(std::size_t from, std::size_t to) {
    return std::uniform_int_distribution<std::size_t>(from, to)(random_);
  }
  const std::string& some(const std::vector<std::string>& names) { return names[some_number(0, names.size() - 1)]; }
  Duration now() const { return world_.clock.since_boot(); }

  static constexpr Duration end_ = std::chrono::hours(28 * 24), calm_from_ = std::chrono::hours(25 * 24);

  std::mt19937_64 random_;
  const Planted planted_;
  autoheal::testing::HealWorld world_;
  const Timestamp born_ = world_.clock.now();
  StoredLedger store_;
  std::vector<workflows::EngineSpec> specs_;
  std::vector<std::string> all_;
  std::map<std::string, Machine> machines_;
  std::multimap<Duration, std::function<void()>> events_;
  autoheal::testing::History history_;
  LifeRecord record_;

  // of the process that runs now
  Fate fate_;
  MortalHost host_;
  engine::testing::FakeClock stopped_clock_;
  std::unique_ptr<FaultyLedger> ledger_;
  std::unique_ptr<autoheal::testing::SimulatedDaemon> daemon_;
  Duration starts_at_{0};
  std::size_t lives_ = 0, deaths_since_progress_ = 0, spins_ = 0, fruitless_lives_ = 0, entries_before_ = 0;
  bool full_ = false;
};

}  // namespace autoheal::simulation
