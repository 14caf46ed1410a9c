#include "workflows/wait_for_service.hpp"

#include "workflows/gather_evidence.hpp"

namespace autoheal::workflows {

namespace {

constexpr Duration look_every = std::chrono::milliseconds(50);

bool has_just_begun(const EngineSpec& spec, const ServiceStatus& status) {
  if (status.state == ServiceState::starting) return true;
  return status.state == ServiceState::running && status.lives > Duration{0} && status.lives < spec.grace;
}

}  // namespace

bool somebody_brings_it_up(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark) {
  // Orders to a unit wait for what others have under way, and add nothing to it.
  if (!spec.repair.service || !spec.repair.service->unit.empty() || spec.grace == Duration{0}) return false;
  const Duration began = at.since_boot();
  bool failed = false;
  while (true) {
    if (!has_just_begun(spec, at.host.service_status(spec, *spec.repair.service))) return false;
    // One that passes at once is no news of somebody: what the heal is about may be something else.
    if (all_hold(run_probes(at, spec, spec.self_test, mark))) return failed;
    failed = true;
    if (at.since_boot() - began >= spec.grace || !at.wait(look_every)) return false;
  }
}

}  // namespace autoheal::workflows
