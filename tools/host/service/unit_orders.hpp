// Carries out an order to systemd: waits for a running job instead of piling another on it, allows again a start that
// was refused before, and keeps to the unit's own time limits. The same rules over the bus and over systemctl.
#pragma once

#include <functional>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/effects/host.hpp"
#include "tools/host/service/unit_facts.hpp"

namespace autoheal::host {

enum class UnitVerb { start, stop, restart, reload, reload_or_restart };
[[nodiscard]] std::optional<UnitVerb> unit_verb_of(std::string_view word);
[[nodiscard]] std::string_view name_of(UnitVerb verb);

// Who runs units. Calls block for seconds at most, but for order_and_wait.
class UnitManager {
 public:
  virtual ~UnitManager() = default;
  // unavailable: it was not reached, or did not answer in time. Empty facts: it answered with nothing.
  [[nodiscard]] virtual Result<UnitFacts> look(const std::string& unit) = 0;
  // Failed before and started too often are forgotten.
  virtual void reset_failed(const std::string& unit) = 0;
  // Queues a job, and does not wait for it. Refused: why.
  [[nodiscard]] virtual Result<void> order(UnitVerb verb, const std::string& unit) = 0;
  // The result of the newest job, in systemd's words ("done", "canceled", ...), once it is known.
  [[nodiscard]] virtual std::string job_result() const { return {}; }
  // Returns earlier where something happened.
  virtual void wait(Duration at_most) = 0;
  // For managers without facts about units: gives the order and waits for its end.
  [[nodiscard]] virtual workflows::RunOutcome order_and_wait(UnitVerb verb, const std::string& unit,
                                                             Duration limit) = 0;
};

struct UnitOrder {
  std::string unit;
  UnitVerb verb = UnitVerb::start;
  Duration timeout{0};  // 0: the unit's own limits
};

inline constexpr Duration longest_wait = std::chrono::minutes(15);  // where the unit sets no limit

// Blocks until the unit is as ordered, cannot be, or its time is over. `started` is false if the order was refused.
[[nodiscard]] workflows::RunOutcome carry_out(UnitManager& manager, const UnitOrder& order,
                                              const std::function<Duration()>& now);

}  // namespace autoheal::host
