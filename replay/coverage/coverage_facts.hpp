// Facts of the ledger about daemons, configurations and holds, as values over time; for coverage.cpp.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "autoheal/engine/entry.hpp"
#include "autoheal/replay/coverage/heartbeat.hpp"

namespace autoheal::replay {

// One daemon from its start to its last word.
struct DaemonRun {
  Timestamp started, last_word;
  std::string boot_id;
  bool stopped = false;
  std::string cause;                                      // of its end, where it stopped
  std::vector<std::pair<Timestamp, Timestamp>> silences;  // it went on after each
};

// How engines are described from a moment on.
struct EnginesFrom {
  Timestamp from;
  std::map<std::string, std::optional<Duration>> every;  // empty: an older version did not say
  std::set<std::string> observed, switched_off;
};

struct SwitchFrom {
  Timestamp from;
  bool healing = true;
};

struct HeldFrom {
  Timestamp from, until;
  std::string engine;  // empty: all
  std::string by;      // "ops: new certificate"
};

// Tests of one span between two words of a daemon, by engine.
struct TestsDone {
  Timestamp from, until;
  std::map<std::string, std::uint64_t> tests;
};

struct CoverageFacts {
  std::vector<DaemonRun> runs;
  std::vector<EnginesFrom> engines;
  std::vector<SwitchFrom> switches;
  std::vector<HeldFrom> holds;
  std::vector<TestsDone> tests;
};

[[nodiscard]] CoverageFacts facts_of(std::span<const engine::Entry> entries);

// A beat may be late; two of them missing is silence.
inline constexpr Duration longest_silence = 2 * heartbeat_every;

}  // namespace autoheal::replay
