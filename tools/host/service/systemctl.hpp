// Asks systemd through its program if its bus cannot be reached: in a container, or with a substitute.
#pragma once

#include "tools/host/service/unit_orders.hpp"

namespace autoheal::host {

using RunProgram = std::function<workflows::RunOutcome(const workflows::RunRequest& request)>;

// Reads the output of `systemctl show`. A program that fails or prints nothing gives no facts.
[[nodiscard]] UnitFacts facts_of_show(std::string_view printed);

// Used by one thread.
class Systemctl final : public UnitManager {
 public:
  // `run`: an order's program, place and mark; its argv is replaced.
  Systemctl(workflows::RunRequest request, RunProgram program)
      : request_(std::move(request)), run_(std::move(program)) {}

  [[nodiscard]] Result<UnitFacts> look(const std::string& unit) override;
  void reset_failed(const std::string& unit) override;
  [[nodiscard]] Result<void> order(UnitVerb verb, const std::string& unit) override;
  void wait(Duration at_most) override;
  [[nodiscard]] workflows::RunOutcome order_and_wait(UnitVerb verb, const std::string& unit, Duration limit) override;

 private:
  [[nodiscard]] workflows::RunOutcome run(std::vector<std::string> arguments, Duration limit, bool leaves) const;

  workflows::RunRequest request_;
  RunProgram run_;
};

}  // namespace autoheal::host
