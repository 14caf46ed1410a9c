// systemd asked over D-Bus (sd-bus of libsystemd): its own socket where this process is root, as systemctl does, else
// the system's bus. A connection lives as long as this object; one that breaks is made again by the next call.
#pragma once

#include <memory>

#include "tools/host/unit_orders.hpp"

namespace autoheal::host {

// Of one thread.
class SystemdBus final : public UnitManager {
 public:
  SystemdBus();
  ~SystemdBus() override;

  [[nodiscard]] Result<UnitFacts> look(const std::string& unit) override;
  void reset_failed(const std::string& unit) override;
  [[nodiscard]] Result<void> order(UnitVerb verb, const std::string& unit) override;
  [[nodiscard]] std::string job_result() const override;
  void wait(Duration at_most) override;
  [[nodiscard]] workflows::RunOutcome order_and_wait(UnitVerb verb, const std::string& unit, Duration limit) override;

 private:
  class Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace autoheal::host
