#include "tools/host/service/systemd.hpp"

#include <unistd.h>

#include <filesystem>
#include <memory>

#include "tools/host/service/named_process.hpp"
#include "tools/host/service/package_locks.hpp"
#include "tools/host/service/systemd_bus.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

bool is_socket(const char* path) {
  std::error_code ignored;
  return std::filesystem::is_socket(path, ignored);
}

bool has_bus() {
  std::error_code ignored;
  return std::filesystem::is_directory("/run/systemd/system", ignored) &&
         ((::geteuid() == 0 && is_socket("/run/systemd/private")) || is_socket("/run/dbus/system_bus_socket"));
}

class OrderIsOurs {
 public:
  OrderIsOurs(OwnOrders* orders, std::string unit) : orders_(orders), unit_(std::move(unit)) {
    if (orders_ != nullptr) orders_->begin(unit_);
  }
  ~OrderIsOurs() {
    if (orders_ != nullptr) orders_->end(unit_);
  }
  OrderIsOurs(const OrderIsOurs&) = delete;
  OrderIsOurs& operator=(const OrderIsOurs&) = delete;

 private:
  OwnOrders* orders_;
  std::string unit_;
};

std::unique_ptr<UnitManager> reach_systemd(const workflows::RunRequest& request, const RunProgram& run) {
  if (has_bus()) return std::make_unique<SystemdBus>();
  return std::make_unique<Systemctl>(request, run);
}

}  // namespace

workflows::ServiceStatus status_of_unit(const std::string& unit, const RunProgram& run) {
  workflows::RunRequest request;
  request.run.argv = {"/usr/bin/systemctl"};
  const auto facts = reach_systemd(request, run)->look(unit);
  if (facts) {
    workflows::ServiceStatus status = status_of(*facts, unit);
    if (status.main_process > 0) status.lives = age_of_process(static_cast<pid_t>(status.main_process));
    status.packages_change = status.state == workflows::ServiceState::stopped && packages_are_changed();
    return status;
  }
  workflows::ServiceStatus unknown;
  unknown.why = facts.error().message;
  return unknown;
}

workflows::RunOutcome order_unit(const workflows::RunRequest& request, const RunProgram& run, OwnOrders* own_orders) {
  const auto verb = request.run.argv.size() > 1 ? unit_verb_of(request.run.argv[1]) : std::nullopt;
  if (!verb) {
    workflows::RunOutcome outcome;
    outcome.message = "is no order to a unit of systemd";
    return outcome;
  }
  const OrderIsOurs ours(own_orders, whole_unit_name(request.run.unit));
  return carry_out(*reach_systemd(request, run), {request.run.unit, *verb, request.run.timeout}, since_boot);
}

}  // namespace autoheal::host
