// The services of the simulated machine: processes that pidfiles name, and units of a manager.
#include "workflows/testing/simulated_host.hpp"

namespace autoheal::workflows::testing {

void SimulatedHost::set_service(const std::string& pidfile, bool runs) {
  const std::lock_guard lock(mutex_);
  if (!runs) {
    services_.erase(pidfile);
  } else if (!services_.contains(pidfile)) {
    services_[pidfile] = {++processes_, since_boot ? since_boot() : Duration{0}};
  }
}

ServiceStatus SimulatedHost::service_status(const EngineSpec&, const ServiceRepair& service) {
  ServiceStatus status;
  if (!service.unit.empty()) {
    const std::lock_guard lock(mutex_);
    const auto unit = units_.find(service.unit);
    if (unit == units_.end()) return status;
    status.state = unit->second;
    if (unit->second == ServiceState::starting || unit->second == ServiceState::reloading)
      unit->second = ServiceState::running;
    if (unit->second == ServiceState::stopping) unit->second = ServiceState::stopped;
  } else if (!service.pidfile.empty()) {
    const std::lock_guard lock(mutex_);
    const auto process = services_.find(service.pidfile);
    status.state = process == services_.end() ? ServiceState::stopped : ServiceState::running;
    if (process == services_.end()) return status;
    status.run = std::to_string(process->second.number);
    if (since_boot) status.lives = since_boot() - process->second.began;
  }
  return status;
}

void SimulatedHost::set_holder(const std::string& place, PortHolder holder, long process, const std::string& program) {
  const std::lock_guard lock(mutex_);
  holders_[place] = {{}, place, holder, process, program, {}};
}

PortFinding SimulatedHost::port_holder(const EngineSpec&, const ServiceRepair&, const ServiceStatus& status,
                                       const Probe& probe) {
  PortFinding finding;
  if (const auto* tcp = std::get_if<TcpProbe>(&probe.what)) finding.place = tcp->host + ":" + std::to_string(tcp->port);
  if (const auto* http = std::get_if<HttpProbe>(&probe.what)) finding.place = http->url;
  finding.holder = PortHolder::service;
  finding.process = status.main_process;
  const std::lock_guard lock(mutex_);
  if (const auto known = holders_.find(finding.place); known != holders_.end()) finding = known->second;
  finding.probe = probe.name;
  return finding;
}

void SimulatedHost::set_unit(const std::string& unit, ServiceState state) {
  const std::lock_guard lock(mutex_);
  units_[unit] = state;
}

ServiceState SimulatedHost::unit_state(const std::string& unit) const {
  const std::lock_guard lock(mutex_);
  const auto found = units_.find(unit);
  return found == units_.end() ? ServiceState::unknown : found->second;
}

RunOutcome SimulatedHost::order_unit(const ProgramRun& run) {
  RunOutcome outcome;
  outcome.started = true;
  outcome.exit_code = 0;
  const std::lock_guard lock(mutex_);
  ServiceState& state = units_[run.unit];
  const std::string& verb = run.argv.at(1);
  if (verb == "stop") {
    if (!is_dead(state)) state = ServiceState::stopped;
  } else if (state == ServiceState::held_back) {
    outcome.exit_code = 1;
    outcome.message = "unit " + run.unit + " is masked";
  } else if (verb != "reload") {
    state = ServiceState::running;
  } else if (is_dead(state)) {
    outcome.exit_code = 1;
    outcome.message = "unit " + run.unit + " does not run";
  }
  return outcome;
}

bool SimulatedHost::process_runs(const std::string& pidfile) const {
  const std::lock_guard lock(mutex_);
  return services_.contains(pidfile);
}

}  // namespace autoheal::workflows::testing
