// Decides what the daemon does next: which engine to test, which failure to heal, which to leave alone and why. A value
// that takes events and returns acts; it has no clock, no file and no thread, so that a simulated day takes a moment.
// All times are on the boot clock.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "autoheal/workflows/effects/file_event.hpp"
#include "autoheal/workflows/effects/open_writers.hpp"
#include "autoheal/workflows/heal/heal_result.hpp"
#include "autoheal/workflows/service/process_end.hpp"
#include "autoheal/workflows/steward/performance_data.hpp"
#include "autoheal/workflows/supervision/brakes.hpp"
#include "autoheal/workflows/supervision/self_test.hpp"

namespace autoheal::workflows {

// ---- what the daemon is asked to do

struct StartTest {
  std::string engine;
};
struct StartHeal {
  std::string engine;
  std::string error;
  std::vector<std::string> needs;  // engines below it that are being healed: it waits for them
  std::string failed_dependency;   // it ends at once as dependency_failed; or empty
  bool flapping = false;           // it ends at once as flapping
};
// Once per cause: a failure that is not healed now.
struct SkipHeal {
  std::string engine;
  std::string reason;  // disabled, held, observe, stopped_by_hand, held_back, cooldown, unsettled, being_written
  std::string error;
  std::optional<Duration> until = {};  // on the boot clock: when a cooldown is over
};
// Its service was stopped by hand while its heal only waited: that heal would start it again.
struct EndHeal {
  std::string engine;
};
struct RecordOutcome {  // another outcome than the last time
  EngineTested tested;
};
struct TakeSnapshots {  // its self-test passes and it is time: copies that count once another test has passed
  std::string engine;
  std::vector<std::string> paths;  // of which states
};
struct KeepSnapshots {  // it passed after they were copied, too
  std::string engine;
};
using WatchAct = std::variant<StartTest, StartHeal, SkipHeal, EndHeal, RecordOutcome, TakeSnapshots, KeepSnapshots>;

// ---- what the daemon tells

enum class LookCause { schedule, file_changed, asked };

// The result of a test of one engine.
struct TestReport {
  EngineTested tested;
  bool sure = false;                 // something failed that neither the network nor a program had a part in
  std::vector<std::string> failing;  // names of the probes
  std::string postponed = {};        // it failed while somebody was at work on its files: who; or empty
  Writing writing = Writing::no;     // how much of that is known
  Duration grace{0};                 // it counts once it has lasted so long
  bool no_pidfile = false;           // its service left no pidfile, as one that ends in order does
  bool stopped_by_hand = false;      // as the manager of its service tells
  bool packages_change = false;      // as it runs not, and packages are being installed or removed
  std::string held_back = {};        // why a manager would not start a service that a repair needs; or empty
  // Performance data of its plugins, by the name of the probe. Metrics, not evidence: no entry holds it.
  std::map<std::string, std::vector<PluginValue>> plugin_values = {};
};

// Why no snapshot could be taken. Damaged: what was to be copied is; the engine counts as failing until a heal is
// certified or a copy succeeds, whatever its self-test says.
struct SnapshotProblem {
  std::string text;  // empty: there is none
  bool damaged = false;
};

// Policy that is read again on every decision, never taken from the recorded configuration.
struct EngineSwitches {
  bool enabled = true;
  bool held = false;
};

class Watch {
 public:
  explicit Watch(unsigned max_tests) : max_tests_(max_tests) {}

  // The engines from now on. New ones, and those that are described otherwise than before, are tested at once; what is
  // under way goes on.
  void configure(const std::vector<std::shared_ptr<const EngineSpec>>& engines, unsigned max_tests, Duration now);
  // The past of earlier processes, reported before the first turn, oldest first; times may be before this boot. Only
  // heals that the daemon began by itself.
  void remember_heal(const std::string& engine, Duration began);
  void remember_exhausted(const std::string& engine, Duration when);
  void remember_passed(const std::string& engine);

  // Something happened that makes a test worth while; only that.
  void look(const std::string& engine, LookCause cause, Duration now);
  void file_event(const std::string& engine, const std::string& path, FileEvent event, Duration now);
  void process_ended(const std::string& engine, ProcessEnd how, Duration now);
  // According to the manager of its service: it was stopped by hand, or nothing that happens to it is intended.
  void stopped_by_hand(const std::string& engine, bool by_hand, Duration now);
  // It was stopped by hand while a heal of it did nothing but wait, for longer than own_stops_are_told_within.
  void stopped_while_heal_waits(const std::string& engine);
  static constexpr Duration own_stops_are_told_within = std::chrono::seconds(1);
  // Packages were being installed or removed, and that stopped its service. While they still are, a failure of it says
  // nothing: who stopped it is about to start it, or to take it away.
  void stopped_for_packages(const std::string& engine, Duration now);
  void tested(const TestReport& report, EngineSwitches switches, Duration now);
  // Called for every heal, started by the daemon or by people. An end that is reported twice counts once; a StartHeal
  // that came to nothing has an end, too.
  void heal_began(const std::string& engine);
  void heal_ended(const HealResult& result, Duration now);
  void reset(const std::string& engine, Duration now);
  // An earlier process left it alone because it had been stopped by hand. That ends when it passes, is healed or reset.
  void remember_stopped(const std::string& engine);
  // The copies that TakeSnapshots asked for are made, or could not be.
  void snapshots_copied(const std::string& engine, const SnapshotProblem& problem, Duration now);
  // KeepSnapshots is done. Until then no others are copied.
  void snapshots_kept(const std::string& engine, const SnapshotProblem& problem, Duration now);

  // Everything to be done now.
  [[nodiscard]] std::vector<WatchAct> take_acts(Duration now);
  // The time at which take_acts() returns more without a new event.
  [[nodiscard]] std::optional<Duration> next_wake() const;

  [[nodiscard]] unsigned tests_under_way() const { return tests_under_way_; }

  // An engine whose test is long overdue, or does not end.
  struct Late {
    std::string engine;
    Duration time{0};  // since it was due, or began
    bool testing = false;
  };
  // Those that were late when this was asked before, too, and have not been named since their last test. Nobody else
  // would notice that an engine is not looked after any more.
  [[nodiscard]] std::vector<Late> take_late(Duration now);

  struct Seen {  // for those who ask how an engine stands
    std::optional<TestOutcome> outcome;
    std::string error;
    std::string skipped;            // why its failure is not healed, or empty
    std::optional<Duration> until;  // when a cooldown or the quiet after flapping is over; it may be by now
    std::string snapshot_problem;   // why no snapshot of it is taken, or empty
    bool testing = false, healing = false;
    bool stopped_by_hand = false;  // and neither passed nor was healed or reset since
    bool late = false;             // take_late() named it
  };
  [[nodiscard]] std::optional<Seen> seen(const std::string& engine) const;

 private:
  struct Watched {
    std::shared_ptr<const EngineSpec> spec;  // null: it was removed, and something of it is still under way
    Brakes brakes;
    std::optional<Duration> due;    // of the next test; none while it is tested or healed
    std::optional<Duration> again;  // a test that became due meanwhile
    std::optional<Duration> test_began, last_file_event, unsettled_since;
    std::map<std::string, Duration> last_snapshots;  // by path
    // A copy made while the engine breaks must not replace a good snapshot.
    enum class Copies { none, under_way, spoiled, wait, being_kept } copies = Copies::none;
    Duration copied{0};
    std::string snapshot_problem;
    std::string damage;  // found by the newest copy
    std::optional<Duration> test_ended;
    std::map<std::string, Duration> in_writing;  // files written to and not closed yet -> since when nothing came
    std::optional<Duration> postponed_since;     // its failures say nothing: somebody is at work on its files
    std::optional<Duration> failing_since;       // of what has a grace, until it passes
    ProcessEnd ended = ProcessEnd::unknown;      // how its process did, until it passes
    bool stopped_by_hand = false;                // and stays so until it passes, is healed or reset
    bool stopped_in_heal = false;                // while that waited; it has been told to end
    bool stopped_for_packages = false;           // until it passes, is healed, or packages are not changed any more
    bool in_grace = false;                       // its failure does not count yet
    bool disturbed = false;                      // its files were written to while the last test ran
    unsigned unknown_in_row = 0;                 // tests that told nothing, one after the other
    unsigned disturbed_in_row = 0;               // so many tests one after the other
    bool testing = false;
    // Since that test began, a heal began, its process ended, it was stopped or its description changed: it tells
    // nothing.
    bool overtaken = false;
    bool healing = false;
    std::optional<Duration> rolled_back_at;  // the end of a heal that was taken back
    bool heal_counted = false;               // among those of the last hour
    enum class Lateness { none, seen, named } lateness = Lateness::none;
    bool waits = false;     // its failure waits for what it needs to be tested
    Duration failed_at{0};  // when the test that failed began
    std::optional<TestReport> last;
    std::string told;     // reason and cause of the last skip
    std::string skipped;  // its reason
    EngineSwitches switches;
  };

  Watched* find(const std::string& name);
  // Neither tested nor healed: only then is a test of it due, and only then does a test or a heal of it begin.
  static bool is_free(const Watched& engine) { return !engine.testing && !engine.healing; }
  static std::optional<Late> late_at(const Watched& engine, Duration now);
  void file_changed(Watched& engine, Duration now);
  static bool is_changed_by_packages(Watched& engine, const TestReport& report);
  static std::string who_writes(Watched& engine, const TestReport& report, Duration now);
  bool postpone(Watched& engine, const TestReport& report, Duration now);
  bool passes_soon(Watched& engine, const TestReport& report, Duration now);
  static void works_again(Watched& engine);
  void take_report(Watched& engine, const TestReport& report);
  void set_due(Watched& engine, std::optional<Duration> when);
  void test_at(Watched& engine, Duration when);
  void test_what_became_due(Watched& engine);
  void after_test(Watched& engine, Duration now);
  void consider(Watched& engine, Duration now);
  void heal_or_wait(Watched& engine, Duration now);
  void skip(Watched& engine, const std::string& reason, Duration now);
  void fail_for_dependency(Watched& engine, StartHeal heal, Duration now);
  void tell_dependents(const std::string& needed, Duration now);
  void test_those_failed_for(const Watched& engine, Duration now);
  void draw_brake(Watched& engine, const HealResult& result, bool counted, Duration now);
  void begin_heal(Watched& engine, StartHeal heal, Duration now);
  void after_certified(Watched& engine, Duration now);
  bool settles(Watched& engine, Duration now);
  void snapshot_if_due(Watched& engine, Duration now);
  static void spoil_copies(Watched& engine);
  static TestReport with_damage(const Watched& engine, TestReport report);
  void look_for_damage(Watched& engine, Duration now);

  unsigned max_tests_;
  unsigned tests_under_way_ = 0;
  std::map<std::string, Watched> engines_;
  std::map<std::string, std::vector<std::string>> dependents_;  // engine -> those that need it
  std::set<std::pair<Duration, std::string>> due_;              // every `due`, the longest overdue first
  std::vector<WatchAct> acts_;
};

}  // namespace autoheal::workflows
