#include "autoheal/workflows/effects/wait_for_service.hpp"

#include <utility>

#include "autoheal/workflows/effects/gather_evidence.hpp"

namespace autoheal::workflows {

namespace {

bool has_just_begun(const EngineSpec& spec, const ServiceStatus& status) {
  if (status.state == ServiceState::starting) return true;
  return status.state == ServiceState::running && status.lives > Duration{0} && status.lives < spec.grace;
}

}  // namespace

BroughtUpByOthers::BroughtUpByOthers(const Probing& probing, const engine::Clock& clock, const EngineSpec& spec,
                                     EffectMark mark)
    : probing_(probing), clock_(clock), spec_(spec), mark_(std::move(mark)) {
  // Orders to a unit wait for what others have under way, and add nothing to it.
  if (!spec.repair.service || !spec.repair.service->unit.empty() || spec.grace == Duration{0}) found_ = false;
}

std::optional<bool> BroughtUpByOthers::look() {
  if (!found_) found_ = look_once();
  return found_;
}

bool BroughtUpByOthers::give_up() { return *(found_ = found_.value_or(false)); }

std::optional<bool> BroughtUpByOthers::look_once() {
  if (!began_) began_ = clock_.since_boot();
  if (!has_just_begun(spec_, probing_.host.service_status(spec_, *spec_.repair.service))) return false;
  // One that passes at once is no news of somebody: what the heal is about may be something else.
  if (all_hold(run_probes(probing_, spec_, spec_.self_test, mark_))) return failed_;
  failed_ = true;
  if (clock_.since_boot() - *began_ >= spec_.grace) return false;
  return std::nullopt;
}

}  // namespace autoheal::workflows
