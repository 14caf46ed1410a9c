// systemd as the host port needs it: how a unit is, and an order carried out. Over D-Bus where systemd runs this
// machine, else through systemctl.
#pragma once

#include "tools/host/service/own_orders.hpp"
#include "tools/host/service/systemctl.hpp"

namespace autoheal::host {

// Blocks for seconds at most; `unknown`, with the reason, where systemd is not reached.
[[nodiscard]] workflows::ServiceStatus status_of_unit(const std::string& unit, const RunProgram& run);

// For a run that is an order to a unit, as carry_out() says. `own_orders` is told, where it is given.
[[nodiscard]] workflows::RunOutcome order_unit(const workflows::RunRequest& request, const RunProgram& run,
                                               OwnOrders* own_orders = nullptr);

}  // namespace autoheal::host
