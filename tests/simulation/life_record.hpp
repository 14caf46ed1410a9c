// What a life leaves for its judge: the ledger's heal entries, each with what the machine was like at that moment, what
// was acknowledged, what the ledger holds at the end, what ran how often, and what came over the bus.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/timestamp.hpp"
#include "tests/simulation/faulty_ledger.hpp"
#include "workflows/engine_spec.hpp"

namespace autoheal::simulation {

struct SeenEntry {
  Duration at{0};
  std::uint64_t position = 0;
  std::string type, heal, engine;
  std::string reason;   // of an exhausted heal
  std::string content;  // of what the engine repairs
  bool works = true;    // content is as it should be
  bool tests_fail = false;
  Duration changed{0}, tests_changed{0};  // when the world last changed either
};

struct LifeRecord {
  std::vector<workflows::EngineSpec> engines;
  std::vector<std::string> killing;  // engines whose certification kills the process at times
  std::vector<SeenEntry> entries;
  Acknowledged acknowledged;
  Acknowledged stored;                       // at the end
  std::map<std::string, unsigned> acts_run;  // that must not be repeated, by their mark
  std::vector<std::uint64_t> events;         // positions, as they came over the bus
  std::map<std::string, bool> works_at_end;  // engine -> yes or no
  std::vector<std::string> problems;         // that were seen on the way
};

// Every rule that was broken, as a sentence.
[[nodiscard]] std::vector<std::string> broken_rules(const LifeRecord& record);

}  // namespace autoheal::simulation
