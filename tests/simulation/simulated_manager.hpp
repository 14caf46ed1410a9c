// The manager of the simulated machine as orders reach it: what stands between a heal and the units is the real code.
#pragma once

#include <functional>
#include <string>

#include "autoheal/workflows/testing/simulated_services.hpp"
#include "tools/host/service/unit_orders.hpp"

namespace autoheal::simulation {

class SimulatedManager final : public host::UnitManager {
 public:
  explicit SimulatedManager(workflows::testing::SimulatedServices& services) : services_(services) {}

  std::function<void(Duration)> waits;
  std::function<bool()> is_reached;
  // Told of each order that is given, and how its unit was then.
  std::function<void(const std::string& verb, const workflows::testing::SimulatedUnit& before)> ordered;
  bool keeps_failures = false;  // planted: what failed before is not forgotten

  Result<host::UnitFacts> look(const std::string& unit) override;
  void reset_failed(const std::string& unit) override;
  Result<void> order(host::UnitVerb verb, const std::string& unit) override;
  void wait(Duration at_most) override;
  workflows::RunOutcome order_and_wait(host::UnitVerb verb, const std::string& unit, Duration limit) override;

 private:
  workflows::testing::SimulatedServices& services_;
};

// Whether an order to it now would be one into a state that passes. A long pause before its manager starts it again may
// be cut short.
[[nodiscard]] bool is_on_its_way(const workflows::testing::SimulatedUnit& unit);

}  // namespace autoheal::simulation
