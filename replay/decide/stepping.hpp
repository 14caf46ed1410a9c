// Walks through a past heal, entry by entry, forward and back, with its state and knowledge at each. Folds, decides
// nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "autoheal/replay/record/past_world.hpp"
#include "autoheal/replay/record/recorded_heal.hpp"
#include "autoheal/replay/text/timeline.hpp"

namespace autoheal::replay {

// One thread. Its arguments outlive it.
class Stepping {
 public:
  Stepping(RecordedHeal& heal, const PastWorld& world);

  [[nodiscard]] std::size_t size() const { return heal_.size(); }
  [[nodiscard]] std::size_t place() const { return place_; }  // the entry it stands at, from 0
  [[nodiscard]] const engine::Entry& entry() const { return heal_.entry(place_); }
  [[nodiscard]] const workflows::HealState& state() const { return state_; }  // once that entry is folded

  // Stands at that entry (the last one if there are fewer). An error names an entry that cannot be read; it stays then.
  [[nodiscard]] Result<void> go_to(std::size_t place);

  // The details of this place, as lines.
  [[nodiscard]] Telling telling() const;                    // the entry
  [[nodiscard]] std::vector<std::string> what_is() const;   // the state
  [[nodiscard]] std::vector<std::string> seen() const;      // the observation of this attempt
  [[nodiscard]] std::vector<std::string> plan() const;      // what it changes, line by line
  [[nodiscard]] std::vector<std::string> evidence() const;  // of the newest certification so far
  [[nodiscard]] std::vector<std::string> timers() const;    // what time it is, what it waits for

 private:
  Result<void> fold(std::size_t index);

  RecordedHeal& heal_;
  const PastWorld& world_;
  std::size_t place_ = 0;
  workflows::HealState state_;
  workflows::HealEntry entry_;
  Telling evidence_;                // of the newest certification
  std::size_t evidence_place_ = 0;  // its entry
  struct Mark {
    workflows::HealState state;
    Telling evidence;
    std::size_t evidence_place = 0;
  };
  std::vector<Mark> marks_;  // before entries 0, 256, 512, ...
};

}  // namespace autoheal::replay
