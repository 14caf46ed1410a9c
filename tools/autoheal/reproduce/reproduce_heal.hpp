// A past heal done once more, for real, in a folder of its own: the same loop, strategies, Truth and host as live, over
// a ledger in memory; then both courses side by side.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "autoheal/replay/compare/course.hpp"
#include "tools/autoheal/session/replayed_past.hpp"
#include "tools/host/process/closed_off.hpp"

namespace autoheal::cli {

struct Reproduction {
  std::vector<replay::Compared> rows;
  std::set<std::string> rows_of_record;            // of those: what was not done again, so it is the same by itself
  std::vector<std::string> for_real, from_record;  // what was run again; what the record answered
  std::vector<std::string> missing;                // what could not be rebuilt
  std::vector<std::string> stand_ins;              // what only looks as it did
  bool ran_programs = false;                       // some program, which stand-ins may have led astray
  bool owners = true;                              // false: files belong to the user who ran this
  host::ClosedOff closed_off;
  [[nodiscard]] bool same() const;
  // False: not all of it could be rebuilt, so that a difference says nothing of the heal.
  [[nodiscard]] bool tells() const;
};

// `folder` is absolute, new or empty. Takes network and write permission away from this process where it can, so
// nothing but the folder can be changed afterwards; to be called once, before there is a second thread. `program`:
// autoheal's own file. invalid: the heal cannot be reproduced, the message says why.
[[nodiscard]] Result<Reproduction> reproduce(const ReplayableHeal& heal, const std::filesystem::path& folder,
                                             const std::string& program, bool runs_programs);

}  // namespace autoheal::cli
