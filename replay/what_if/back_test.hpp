// The whole past under a new configuration, before it is switched on: each heal as it would have gone.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/replay/record/each_heal.hpp"
#include "autoheal/replay/what_if/what_if.hpp"

namespace autoheal::replay {

// The result that a heal would have had, compared with its real one.
enum class Effect {
  unchanged,
  would_not_begin,   // not allowed, not there, or held back by a brake
  would_be_refused,  // a plan or an outcome that was certified would not be
  fewer_attempts,
  more_attempts,
  would_exhaust,       // and was certified
  would_be_certified,  // and was exhausted
  unknown,             // the record cannot tell
  not_replayable,      // the record itself does not replay to the same
};
[[nodiscard]] std::string_view name_of(Effect effect);

struct BackTested {
  std::string heal, engine;
  Timestamp began;
  Effect effect = Effect::unchanged;
  Ending recorded = Ending::open, other = Ending::unknown;
  unsigned attempts_recorded = 0, attempts_other = 0;
  std::string why;
};

struct BackTest {
  std::uint64_t heals = 0;
  std::map<Effect, std::uint64_t> totals;
  std::vector<BackTested> changed;  // all but the unchanged, in the order in which they began; at most 100,000
};

struct BackTestOptions : EachHealOptions {
  std::optional<Timestamp> since;  // heals that began then or later
  // The settings of this heal's engine, for whom it acts; thread-safe.
  std::function<OtherSettings(const std::string& engine, const std::string& principal)> settings;
};

// As for_each_heal(). `vault` also holds the baselines of the new configuration.
[[nodiscard]] Result<BackTest> back_test(const engine::LedgerView& ledger, const engine::BlobStore& vault,
                                         Adoptions& adoptions, const BackTestOptions& options);

}  // namespace autoheal::replay
