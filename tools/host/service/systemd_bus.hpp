// Units asked for and ordered over systemd's bus.
#pragma once

#include "tools/host/service/unit_orders.hpp"
#include "tools/host/system/bus_connection.hpp"

namespace autoheal::host {

// Used by one thread.
class SystemdBus final : public UnitManager {
 public:
  SystemdBus();

  [[nodiscard]] Result<UnitFacts> look(const std::string& unit) override;
  void reset_failed(const std::string& unit) override;
  [[nodiscard]] Result<void> order(UnitVerb verb, const std::string& unit) override;
  [[nodiscard]] std::string job_result() const override { return result_; }
  void wait(Duration at_most) override { bus_.wait(at_most); }
  [[nodiscard]] workflows::RunOutcome order_and_wait(UnitVerb verb, const std::string& unit, Duration limit) override;

 private:
  BusConnection bus_;
  std::string job_, result_;
};

}  // namespace autoheal::host
