// Four weeks of one machine from a seed: engines break and depend on each other, repairs fail, lie and hang,
// certification refuses, the ledger cannot serve, clocks jump, people interfere, and the daemon dies at any moment,
// also while it recovers. Then the faults stop, and everything must end. The events are kept for the judge.
//
// A hostile life has more engines: documents as people leave them, which are edited; files that programs write while
// they are tested and healed; a log whose mode is at fault; and pure code that throws. A life of services has some that
// pass through states: people restart and stop them, managers refuse, nobody can look, numbers are used again.
#pragma once

#include <map>
#include <random>
#include <set>

#include "autoheal/workflows/service/deliberate_stop.hpp"
#include "tests/simulation/documents/hostile_documents.hpp"
#include "tests/simulation/fate.hpp"
#include "tests/simulation/faulty_ledger.hpp"
#include "tests/simulation/life_record.hpp"
#include "tests/simulation/planted_host.hpp"
#include "tests/simulation/stored_ledger.hpp"
#include "tests/simulation/witness_host.hpp"
#include "tests/support/worlds/simulated_daemon.hpp"

namespace autoheal::simulation {

struct LifeFigures {
  Duration simulated{0};
  std::size_t heals = 0, entries = 0, deaths = 0, self_tests = 0;
  std::size_t completed = 0, exhausted = 0;
  std::size_t documents = 0, refused = 0;  // hostile ones; heals of those that have no right edit
  std::size_t writings = 0;                // by programs that had a file open
};

// Whether hostile engines are there. A seed's life is another one with them.
enum class Hostile { no, yes };
enum class Services { no, yes };

class Life {
 public:
  explicit Life(std::uint64_t seed, Planted planted = Planted::none, Hostile hostile = Hostile::no,
                Services services = Services::no);

  // To its end, or to where something is so wrong that it cannot go on.
  void run();

  [[nodiscard]] const LifeRecord& record() const { return record_; }
  [[nodiscard]] LifeFigures figures() const;

 private:
  enum class Repairs { work, fail, lie, hang };
  enum class Breaks { content, document, writer, mode, absence };
  // A program that has a file open.
  struct Writer {
    workflows::testing::SimulatedHost::Descriptor descriptor = 0;
    std::uint64_t inode = 0;
    Duration last{0};
  };
  struct Machine {     // what an engine is in truth
    std::string file;  // empty: a service or an index
    Breaks breaks = Breaks::content;
    HostileFormat format = HostileFormat::env;
    HostileDocument document;     // of which it is an edit
    std::vector<Writer> writers;  // now
    std::string log;              // all that was written to it
    bool throws = false;
    [[nodiscard]] bool has_file() const { return !file.empty(); }
    bool works = true;              // of services and indexes
    std::function<bool()> is_well;  // of services that pass through states
    [[nodiscard]] bool does_its_work() const { return is_well ? is_well() : works; }
    Repairs repairs = Repairs::work;
    bool tests_fail = false, tests_kill = false;
    Duration changed{-1}, tests_changed{-1};  // by the world, not by repairs
  };

  // A service that passes through states, in truth.
  struct Served {
    std::string pidfile, unit, conf;
    bool answers = false;                         // somebody asks it
    Duration busy_until{0};                       // something happens to it
    std::optional<Duration> unseen_since;         // nobody can look
    bool stopped = false;                         // by somebody who has not started it again
    std::optional<std::uint64_t> stopped_run;     // of a unit, as the watch over its manager's jobs has told it
    std::map<std::uint64_t, std::string> loaded;  // by runs of its process
    unsigned orders = 0;                          // of heals, that are under way
    workflows::TestOutcome last = workflows::TestOutcome::unknown;
    std::string open_heal;
    unsigned attempt = 0;
    bool something_read_changed = false;
  };

  workflows::EngineSpec& add(const std::string& name, std::vector<std::string> depends_on);
  void add_file(const std::string& name, std::vector<std::string> depends_on = {});
  void add_service(const std::string& name, std::vector<std::string> depends_on = {});
  void add_index(const std::string& name, std::vector<std::string> depends_on = {});
  workflows::RunOutcome repair(Machine& machine, const std::function<void()>& makes);

  // ---- hostile engines (life_hostile.cpp)
  void add_hostile_engines();
  void add_document(const std::string& name, HostileFormat format, bool asks_for_value);
  void add_written(const std::string& name);
  void add_log(const std::string& name);
  void add_private(const std::string& name);
  void plan_hostility();
  void calm_hostility();
  void write_document(const std::string& name, HostileDocument document);
  void begin_writing(const std::string& name);
  void write_slowly(const std::string& name, const std::string& content, Duration longest_gap, bool stays_open);
  void open_writer(const std::string& name, bool empties);
  void write_part(const std::string& name, workflows::testing::SimulatedHost::Descriptor descriptor,
                  const std::string& bytes);
  void close_writer(const std::string& name, workflows::testing::SimulatedHost::Descriptor descriptor);
  void world_changes(const std::string& name, workflows::FileEvent event);
  [[nodiscard]] std::optional<Duration> last_written(const Machine& machine) const;
  void saw_change(SeenChange change);
  void saw_test(const autoheal::testing::Happening& happening);
  void finish_displaced();
  void forget_displaced(const std::string& name);
  [[nodiscard]] std::string content_of(const Machine& machine) const;
  [[nodiscard]] bool is_as_it_should_be(const std::string& name) const;

  // ---- services that pass through states (life_services.cpp, life_services_events.cpp)
  void add_served_engines();
  Served& add_served(const std::string& name);
  void add_by_pidfile(const std::string& name, bool answers);
  void add_by_unit(const std::string& name, const std::string& conf);
  workflows::RunOutcome start_program(const std::string& name);
  workflows::RunOutcome stop_program(const std::string& name);
  workflows::RunOutcome give_order(const workflows::RunRequest& request);
  [[nodiscard]] std::string served_by(const std::string& unit) const;
  [[nodiscard]] std::optional<workflows::testing::SimulatedProcess> process_of(const std::string& name) const;
  [[nodiscard]] bool is_well(const std::string& name) const;
  [[nodiscard]] static workflows::testing::UnitHabits usual_habits();
  void set_habits(const std::string& name, Duration start_takes, Duration stop_takes);
  void see_served(SeenEntry& seen, const engine::Entry& entry);
  void see_of_served(const autoheal::testing::Happening& happening);
  void hear_of_services();
  void plan_services();
  void calm_services();
  void break_service(const std::string& name);
  void break_by_pidfile(const std::string& name);
  void break_by_unit(const std::string& name);
  // Its number in the record.
  std::size_t begins(SeenAtService::What what, const std::string& name, const std::string& how, Duration lasts);
  void is_over(std::size_t event);
  void tell_end(const std::string& name, workflows::ProcessEnd how, std::optional<std::size_t> event = std::nullopt);
  void job_ended(const std::string& name, std::optional<std::size_t> event = std::nullopt);
  void forget_stop_before_start(const std::string& name);
  void inspect(const std::string& name);
  void order_by_hand(const std::string& name, const std::string& verb);
  void restart_by_hand(const std::string& name);
  void exchange_pidfile(const std::string& name);
  void stop_plainly(const std::string& name, bool leaves_pidfile);
  void start_by_hand(const std::string& name);
  void crash_unit(const std::string& name);
  void stop_unit(const std::string& name, bool with_another);

  void plan_faults();
  void plan_people();
  void plan_calm();
  void live();
  void break_engine(const std::string& name);
  void break_hostile(const std::string& name);
  [[nodiscard]] static std::string right_of(const std::string& name) { return "right of " + name; }
  void window(Duration shortest, Duration longest, const std::function<void()>& opens, std::function<void()> closes);

  void start_daemon();
  void bury_daemon();
  [[nodiscard]] std::size_t moments_to_live();
  [[nodiscard]] bool may_die() const;
  [[nodiscard]] bool turn();
  [[nodiscard]] bool is_calm() const { return world_.clock.since_boot() >= calm_from_; }
  void hear(SeenWord::What what, const std::string& engine);
  void write_down(const autoheal::testing::Happening& happening);
  void note_progress(const SeenEntry& entry);
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
  const Hostile hostile_;
  const Services services_;
  autoheal::testing::HealWorld world_;
  const Timestamp born_ = world_.clock.now();
  StoredLedger store_;
  std::vector<workflows::EngineSpec> specs_;
  std::vector<std::string> all_;
  std::map<std::string, Machine> machines_;
  std::map<std::string, Served> served_;
  std::vector<workflows::UnitJob> jobs_;  // that the daemon saw
  std::multimap<Duration, std::function<void()>> events_;
  autoheal::testing::History history_;
  LifeRecord record_;
  struct Displaced {
    std::string path, content;
  };
  std::map<std::uint64_t, Displaced> displaced_;  // by a repair: what its inode holds since
  std::size_t documents_ = 0, writings_ = 0;

  // of the process that runs now
  Fate fate_;
  PlantedHost planted_host_;
  WitnessHost witness_;
  MortalHost host_;
  engine::testing::FakeClock stopped_clock_;
  std::unique_ptr<FaultyLedger> ledger_;
  std::unique_ptr<autoheal::testing::SimulatedDaemon> daemon_;
  Duration starts_at_{0};
  std::size_t lives_ = 0, spins_ = 0, fruitless_lives_ = 0, entries_before_ = 0;
  std::map<std::string, unsigned> deaths_since_progress_;  // of each open heal
  bool full_ = false;
};

}  // namespace autoheal::simulation
