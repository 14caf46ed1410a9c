// The daemon's brakes over the past of all engines: which of the heals that began they would have held back under other
// settings. They count what the record knows; the heal that would have come after a pause is not in it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/ledger.hpp"
#include "autoheal/replay/what_if/what_if.hpp"

namespace autoheal::replay {

// Kept small: there is one for every heal of the past.
struct PastHeal {
  std::uint64_t order = 0;  // in which it began
  Uuid id;
  std::uint32_t engine = 0;  // PastBrakes::number_of
  std::uint32_t attempts = 0;
  engine::Position began, ended;  // its first and its last entry
  Timestamp began_at, ended_at;
  Ending recorded = Ending::open;
  Ending other = Ending::open;  // without the brakes; not_begun: they are not asked
  bool by_daemon = false;       // what people ask for passes the brakes and does not count for them
  bool flapped = false;         // as recorded: one too many, it ended at once
  bool for_others = false;      // as recorded: it says nothing of its engine, and counts for no brake
  bool asked = true;            // false: it only counts
};

enum class Brake {
  none,
  cooldown,  // an exhausted heal of its engine was too short ago
  quiet,     // its engine had too many of them, and is left alone for a while
  flaps,     // one too many: it ends at once
};

class PastBrakes {
 public:
  using Healing = std::function<std::optional<workflows::HealingSpec>(const std::string& engine)>;

  [[nodiscard]] std::uint32_t number_of(const std::string& engine);
  [[nodiscard]] const std::string& name_of(std::uint32_t engine) const { return names_[engine]; }
  void take(const PastHeal& heal) { heals_.push_back(heal); }
  // Every entry of the ledger in its order: self-tests that passed, resets, and how far the clock was set back.
  void look(const engine::Entry& entry);

  struct Held {
    PastHeal heal;
    Brake brake;
  };
  // The heals that are held back, and those that were as recorded and no longer are (Brake::none), by their order.
  // `healing` gives nothing for an engine that is not there.
  [[nodiscard]] std::map<std::uint64_t, Held> judge(const Healing& healing) const;

 private:
  struct Told {  // outside of heals
    engine::Position position;
    Timestamp time;
    std::uint32_t engine;
    bool reset;  // else a self-test passed
  };
  // The wall clock was set back, by so much in all from there on.
  struct SetBack {
    engine::Position position;
    Duration in_all;
  };
  class Walk;

  std::map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> names_;
  std::vector<PastHeal> heals_;
  std::vector<Told> told_;
  std::vector<SetBack> set_backs_;
  std::optional<Timestamp> before_;
};

}  // namespace autoheal::replay
