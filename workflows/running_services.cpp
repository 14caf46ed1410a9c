#include "workflows/running_services.hpp"

namespace autoheal::workflows {

namespace {

bool runs(Host& host, const EngineSpec& owner, const ServiceRepair& service) {
  return service.pidfile.empty() || host.process_runs(owner, service.pidfile);
}

}  // namespace

void observe_services(Host& host, const EngineSpec& spec, Observation& observation) {
  observation.service_running = spec.repair.service && runs(host, spec, *spec.repair.service);
  for (const ServiceOfEngine& other : spec.repair.services) {
    EngineSpec owner;
    owner.root = other.root;
    if (runs(host, owner, other.service)) observation.running.push_back(other.engine);
  }
}

}  // namespace autoheal::workflows
