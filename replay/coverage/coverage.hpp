// Was it switched off? When each engine was tested and healed in a period, and why it was not, out of what daemons
// wrote in the stream "ledger" (node.*, config.loaded, engine.held, healing.switched).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/engine/entry.hpp"
#include "autoheal/replay/coverage/heartbeat.hpp"

namespace autoheal::replay {

enum class GapCause {
  no_daemon,       // none had ever run
  stopped,         // told to end
  killed,          // ended without a word, the host ran on
  host_off,        // the host was started anew before the next daemon
  silent,          // no word since, or for a while: it hangs, was killed, or the host is off
  not_configured,  // a daemon ran, without this engine
  fell_behind,     // tested, not as often as due; it counts as covered
  switched_off,    // tested, not healed: healing is off, for all or for this engine
  observed,        // tested, not healed: mode: observe
  held,            // tested, not healed: somebody asked for it
};
[[nodiscard]] std::string_view name_of(GapCause cause);
// True if the engine was not even tested.
[[nodiscard]] bool is_untested(GapCause cause);

struct Gap {
  GapCause cause = GapCause::stopped;
  Timestamp from, until;
  Timestamp latest_from;  // later than `from` where the moment is not known: it lies between the two
  std::string detail;     // by whom and why, or which signal
  friend bool operator==(const Gap&, const Gap&) = default;
};

struct EngineCoverage {
  std::string engine;
  Duration period{0};
  Duration untested{0}, unhealed{0};  // unhealed: untested or only tested
  std::uint64_t tests_due = 0;        // by its schedule, had a daemon run all the time; 0: only on demand
  std::uint64_t tests_done = 0;       // as heartbeats tell: of the last minutes before a kill nobody knows
  std::vector<Gap> gaps;              // in order of time; they may overlap
};

struct CoverageQuestion {
  Timestamp since, until;  // until is exclusive
  Timestamp now;           // of the asking: what is beyond has not happened
  std::string boot_id;     // of the host that asks, or empty
  std::string engine;      // only this one, or empty
};

// `entries`: the stream "ledger" from its beginning, in order; data that lies in the vault is already put in its place.
// Unreadable entries are ignored. A daemon's last word before a kill bounds the gap's beginning: it lies at most
// `heartbeat_every` later. In order of engine; engines that no configuration of the period has are left out.
[[nodiscard]] std::vector<EngineCoverage> coverage_of(std::span<const engine::Entry> entries,
                                                      const CoverageQuestion& question);

}  // namespace autoheal::replay
