// What a life leaves for its judge: the ledger's heal entries, each with what the machine was like at that moment, what
// was acknowledged, what the ledger holds at the end, what ran how often, and what came over the bus.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/timestamp.hpp"
#include "tests/simulation/faulty_ledger.hpp"
#include "workflows/engine_spec.hpp"
#include "workflows/testing/simulated_host.hpp"

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
};

// What a repair did to a file.
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

// What was told of an engine beside its heals.
struct SeenWord {
  enum class What { passed, reset, cools_down } what = What::passed;
  Duration at{0};
  std::string engine;
  std::size_t entries = 0;  // of heals that were seen before
};

// What a program wrote, where a repair displaced it.
struct SeenWriting {
  std::string path, content;
  bool in_place = false, in_vault = false, named = false;
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
};

// Every rule that was broken, as a sentence.
[[nodiscard]] std::vector<std::string> broken_rules(const LifeRecord& record);

}  // namespace autoheal::simulation
