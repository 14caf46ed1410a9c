#include "workflows/running_services.hpp"

namespace autoheal::workflows {

namespace {

// Whether it counts as running; its state is noted where it is known.
bool runs(Host& host, const EngineSpec& owner, const ServiceRepair& service, ServiceState& known) {
  known = host.service_status(owner, service).state;
  return !is_dead(known);
}

void note(Observation& observation, const std::string& engine, ServiceState state) {
  if (state != ServiceState::unknown) observation.services[engine] = state;
}

}  // namespace

void observe_services(Host& host, const EngineSpec& spec, Observation& observation) {
  ServiceState state = ServiceState::unknown;
  if (spec.repair.service) {
    observation.service_running = runs(host, spec, *spec.repair.service, state);
    note(observation, spec.name, state);
  }
  for (const ServiceOfEngine& other : spec.repair.services) {
    EngineSpec owner;
    owner.root = other.root;
    if (runs(host, owner, other.service, state)) observation.running.push_back(other.engine);
    note(observation, other.engine, state);
  }
}

}  // namespace autoheal::workflows
