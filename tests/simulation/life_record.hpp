// The record of a life for its judge: the ledger's heal entries, each with the machine at that moment, the acknowledged
// entries, the ledger at the end, the runs of programs, and the events on the bus.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"
#include "autoheal/workflows/supervision/self_test.hpp"
#include "autoheal/workflows/testing/simulated_host.hpp"
#include "tests/simulation/faulty_ledger.hpp"

namespace autoheal::simulation {

struct SeenEntry {
  Duration at{0};
  std::uint64_t position = 0;
  std::string type, heal, engine;
  std::string reason;   // of an exhausted heal
  std::string content;  // of what the engine repairs
  bool works = true;    // content is as it should be
  bool tests_fail = false;
  bool can_be_healed = true;              // false: what is broken has no right repair, or not one for all
  std::string kind;                       // of a document
  bool throws = false;                    // something of ours does, in its repair
  Duration changed{0}, tests_changed{0};  // when the world last changed either
  // of a service that passes through states
  bool served = false;
  bool by_daemon = false;                // nobody asked for the heal
  std::string loaded;                    // what its process last read
  std::uint64_t run = 0;                 // of its process; 0: there is none
  bool only_refused = false;             // its manager has had enough of it, and that is all that is wrong
  std::optional<Duration> unseen_since;  // nobody can look at it
};

// A repair of a file.
struct SeenChange {
  Duration at{0};
  std::string engine, path;
  std::optional<workflows::testing::SimulatedFile> before, after;
  bool was_right = false;                     // before
  std::optional<Duration> last_written;       // by a program that had it open then
  std::optional<workflows::FileMode> widest;  // that it may have
  bool keeps_inode = false;                   // its content was not at fault
};

// A test that says that an engine fails, while a program was at work on its file.
struct SeenEarlyTest {
  Duration at{0}, last_written{0};
  std::string engine;
};

// Reports about an engine besides its heals.
struct SeenWord {
  enum class What { passed, reset, cools_down } what = What::passed;
  Duration at{0};
  std::string engine;
  std::size_t entries = 0;  // of heals that were seen before
};

// Writes of a program to a file that a repair displaced.
struct SeenWriting {
  std::string path, content;
  bool in_place = false, in_vault = false, named = false;
};

// An event of a service, or an act of a person on it: no repair. Nothing else happens to it meanwhile.
inline constexpr const char* with_another_unit = "it stopped with another unit";

struct SeenAtService {
  enum class What {
    crashed,
    passes,            // restarted or reloaded by hand, or its pidfile exchanged
    stopped,           // through its manager
    stopped_in_order,  // its pidfile went with it
    stopped_plainly,   // its pidfile stayed
    other,
  } what = What::other;
  std::string engine;
  std::string how;
  Duration at{0};
  Duration until{0};             // when that act was over; 0: never
  bool worked = false;           // before, and that was known
  bool came_back = false;        // by then, and nobody had repaired it
  std::optional<Duration> told;  // when the daemon heard of it
};

// A report or act of the daemon about a service.
struct SeenOfService {
  enum class What { tested, wanted, left_alone, stopped_by_hand, asked } what = What::tested;
  Duration at{0};
  std::string engine;
  workflows::TestOutcome outcome = workflows::TestOutcome::unknown;  // of a test
  bool nobody_could_look = false;                                    // then
  std::string taken_for_it;                                          // another program that has its number, then
};

// An order that a heal gave to a manager, and how the unit was in truth.
struct SeenOrder {
  Duration at{0};
  std::string engine, heal, verb, state;
  unsigned attempt = 0;
  bool on_its_way = false;
  bool something_read_changed = false;  // in this heal
};

struct LifeRecord {
  std::vector<workflows::EngineSpec> engines;
  std::vector<std::string> killing;  // engines whose certification kills the process at times
  std::vector<SeenEntry> entries;
  Acknowledged acknowledged;
  Acknowledged stored;                           // at the end
  std::map<std::string, unsigned> acts_run;      // that must not be repeated, by their mark
  std::map<std::string, unsigned> restarts_run;  // of services, by their mark
  std::vector<SeenWord> words;
  std::vector<std::uint64_t> events;         // positions, as they came over the bus
  std::map<std::string, bool> works_at_end;  // engine -> yes or no
  std::vector<SeenChange> changes;
  std::vector<SeenEarlyTest> early_tests;
  std::vector<SeenWriting> displaced;
  std::vector<std::string> problems;  // that were seen on the way
  std::vector<SeenAtService> at_services;
  std::vector<SeenOfService> of_services;  // in order of time
  std::vector<SeenOrder> orders;
  std::vector<Duration> deaths;                        // of the daemon
  std::vector<std::pair<Duration, Duration>> no_room;  // when nothing could be written down
  std::vector<Duration> clock_set;                     // when somebody set the wall clock
  Duration calm_from{0};
};

// The rules about services that live: states, people, managers, observers and numbers (life_services_judge.cpp).
[[nodiscard]] std::vector<std::string> broken_service_rules(const LifeRecord& record);

// Every rule that was broken, as a sentence.
[[nodiscard]] std::vector<std::string> broken_rules(const LifeRecord& record);

}  // namespace autoheal::simulation
