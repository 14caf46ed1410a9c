// Which way a past heal would have gone under other settings. Two courses run side by side, the recorded one and the
// other one, as long as they ask the same of the world: then what the record says came back is what would have come
// back. From the first thing on that only the other course would have done, nothing is known, and that is what it says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/replay/decide/heal_replay.hpp"
#include "autoheal/workflows/spec/roles.hpp"

namespace autoheal::replay {

struct OtherSettings {
  // The engine as it would have been configured, its healing settings and strategy too; null: it would not be there.
  std::shared_ptr<const workflows::EngineSpec> spec;
  workflows::Role role = workflows::Role::admiral;  // of who the heal acts for
};

enum class Ending {
  not_begun,  // no heal would have begun
  certified,
  exhausted,
  open,     // the record ends before the heal does, and both are the same so far
  unknown,  // the record cannot tell
};

struct OtherCourse {
  Ending ending = Ending::unknown;
  std::string why;        // not_begun: the reason; exhausted: the reason and what failed; unknown: what never happened
  unsigned attempts = 0;  // begun, as far as it is known
  workflows::HealState state;  // as far as it is known
  // What it would have recorded from where the courses part, as far as it is known.
  std::vector<engine::NewEntry> instead;
  workflows::HealState parted;  // before that
  std::optional<std::size_t>
      parted_index;  // of the first recorded entry that would not be there; empty: they never part
};

// The heal must replay to the same (`replayed` says so); else the course is unknown from where it does not.
struct WhatIf {
  Replayed replayed;
  OtherCourse other;
  Ending recorded = Ending::open;
};
[[nodiscard]] WhatIf what_if(RecordedHeal& heal, const PastWorld& world, const OtherSettings& settings);

[[nodiscard]] std::string_view name_of(Ending ending);  // "not_begun", ...

}  // namespace autoheal::replay
