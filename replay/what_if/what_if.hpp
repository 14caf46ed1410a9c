// Answers how a past heal would have gone under other settings. The recorded course and the other one run in parallel
// as long as they ask the world the same questions, because then the recorded answers hold for both. At the first
// effect that the recorded heal never ran, the answer is unknown.
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
  // The entries it would have recorded from where the courses part, as far as they are known.
  std::vector<engine::NewEntry> instead;
  workflows::HealState parted;  // before that
  std::optional<std::size_t>
      parted_index;  // of the first recorded entry that would not be there; empty: they never part
};

// The heal must replay to the same (`replayed` says so); else the course is unknown from the first difference on.
struct WhatIf {
  Replayed replayed;
  OtherCourse other;
  Ending recorded = Ending::open;
};
[[nodiscard]] WhatIf what_if(RecordedHeal& heal, const PastWorld& world, const OtherSettings& settings);

[[nodiscard]] std::string_view name_of(Ending ending);  // "not_begun", ...

}  // namespace autoheal::replay
