// Folds the entries of the ledger into figures, one after the other. The same entries give the same figures, in the
// daemon, in a test and over the past of years. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/entry.hpp"
#include "autoheal/workflows/steward/steward_figures.hpp"

namespace autoheal::workflows {

class Steward {
 public:
  // Entries of all streams, in the order of the ledger. `data` is the entry's data at full length; what cannot be read
  // is counted as unreadable.
  void take(const engine::Entry& entry, std::string_view data);
  // Entries of the past that only tell how things stand: they count for the open heals and the exhausted engines, and
  // for no counter.
  void remember(const engine::Entry& entry, std::string_view data);

  [[nodiscard]] StewardFigures figures() const;

 private:
  struct OpenHeal {
    Strategy strategy = Strategy::generic;
    Phase phase = Phase::none;
    Timestamp step_began;
    bool applies = false;  // its plan was certified, and the changes are under way
  };

  void take_heal(const engine::Entry& entry, std::string_view data);
  void take_step(OpenHeal& heal, std::string_view type, const engine::Entry& entry, std::string_view data);
  void end_heal(const engine::Entry& entry, std::string_view data, HealEnd end);
  void count_refusals(Certifier by, std::string_view data);
  void take_other(const engine::Entry& entry, std::string_view data);
  void observe(OpenHeal& heal, TimedStep step, Timestamp now);

  StewardFigures figures_;
  std::map<std::string, OpenHeal> open_;
  std::set<std::string> exhausted_;  // engines
};

}  // namespace autoheal::workflows
