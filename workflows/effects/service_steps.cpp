#include "autoheal/workflows/effects/service_steps.hpp"

#include <utility>

namespace autoheal::workflows {

namespace {

struct Owned {
  EngineSpec owner;
  ServiceRepair service;
};

// The engine's own service, or the one that the act names.
std::optional<Owned> service_of(const EngineSpec& spec, const Act& act) {
  if (act.engine.empty()) return spec.repair.service ? std::optional(Owned{spec, *spec.repair.service}) : std::nullopt;
  for (const ServiceOfEngine& other : spec.repair.services) {
    if (other.engine != act.engine) continue;
    EngineSpec owner;
    owner.root = other.root;
    return Owned{std::move(owner), other.service};
  }
  return std::nullopt;
}

}  // namespace

StopStep::StopStep(Host& host, const EngineSpec& spec, const Act& act) : host_(host) {
  const bool starts = act.kind == ActKind::service_start;  // its undo is a stop
  if (act.kind != ActKind::service_stop && !act.stop_first && !starts) return;
  auto owned = service_of(spec, act);
  if (!owned || !owned->service.unit.empty()) return;  // the manager of a unit does that itself
  ServiceStatus before = host.service_status(owned->owner, owned->service);
  known_ = Known{std::move(owned->owner), std::move(owned->service), std::move(before)};
}

std::string StopStep::see_it_end() {
  return known_ ? host_.see_it_end(known_->owner, known_->service, known_->before) : std::string();
}

bool is_worth_another_start(Host& host, const EngineSpec& spec, const Act& act, const EffectMark& mark) {
  if (act.kind != ActKind::service_start && act.kind != ActKind::service_restart) return false;
  const auto owned = service_of(spec, act);
  return owned && owned->service.unit.empty() && host.is_worth_another_start(owned->owner, owned->service, mark);
}

}  // namespace autoheal::workflows
