// Decides whether a unit that does not run was stopped by hand: a deliberate stop is left alone, anything else is
// healed. Pure: the input is the observed jobs of systemd.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::workflows {

struct UnitJob {
  std::string unit;
  std::string kind;            // "start", "stop", "restart", ...; empty: it ended before that could be asked
  Duration at{0};              // since boot, when it was seen
  bool left_inactive = false;  // it was done, and the unit did not run at that moment
  friend bool operator==(const UnitJob&, const UnitJob&) = default;
};

// Relations of the unit to others, under systemd's names; whole unit names.
struct UnitTies {
  std::vector<std::string> stops_with;      // PartOf, Requires, BindsTo, StopPropagatedFrom
  std::vector<std::string> stops_for;       // Conflicts, ConflictedBy
  std::vector<std::string> bound_and_gone;  // of BindsTo: those that do not run
  bool stops_when_unneeded = false;
};

struct StopSeen {
  std::string unit;
  std::vector<UnitJob> jobs;  // of all units, of the last seconds
  UnitTies ties;
  bool inactive = false;              // inactive or failed, with no job left
  bool ordered_by_us = false;         // this program stops it, to repair it
  bool system_stops = false;          // shutdown, reboot or another target of the whole system is under way
  bool packages_are_changed = false;  // dpkg or rpm is at work
};

struct StopJudgement {
  bool by_hand = false;
  std::string why;            // of either answer, in words
  bool for_packages = false;  // it was stopped since packages are being installed or removed
};

[[nodiscard]] StopJudgement judge_stop(const StopSeen& seen);

}  // namespace autoheal::workflows
