// How the simulated machine answers who asks for its services.
#include "autoheal/workflows/testing/simulated_host.hpp"

namespace autoheal::workflows::testing {

void SimulatedHost::set_service(const std::string& pidfile, bool runs) {
  if (runs == process_runs(pidfile)) return;
  if (runs) {
    services.write_pidfile(pidfile, services.begin(pidfile));
  } else {
    services.end(*services.pid_in(pidfile));
  }
}

bool SimulatedHost::process_runs(const std::string& pidfile) const {
  return services.status_by_pidfile(pidfile).state == ServiceState::running;
}

ServiceStatus SimulatedHost::service_status(const EngineSpec& spec, const ServiceRepair& service) {
  ServiceStatus status;
  if (std::string trouble = observer_fails ? observer_fails(spec.name) : ""; !trouble.empty()) {
    status.why = std::move(trouble);
  } else if (!service.unit.empty()) {
    status = services.status_of_unit(service.unit);
  } else if (!service.pidfile.empty()) {
    status = services.status_by_pidfile(service.pidfile);
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

void SimulatedHost::set_unit(const std::string& unit, ServiceState state) { services.set_unit(unit, state); }

ServiceState SimulatedHost::unit_state(const std::string& unit) { return services.unit(unit).state; }

RunOutcome SimulatedHost::order_unit(const ProgramRun& run) {
  RunOutcome outcome;
  outcome.started = true;
  outcome.message = services.order(run.unit, run.argv.at(1));
  outcome.exit_code = outcome.message.empty() ? 0 : 1;
  return outcome;
}

}  // namespace autoheal::workflows::testing
