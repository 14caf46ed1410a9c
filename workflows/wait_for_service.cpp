#include "workflows/wait_for_service.hpp"

#include <algorithm>

#include "workflows/gather_evidence.hpp"

namespace autoheal::workflows {

namespace {

constexpr Duration look_every = std::chrono::milliseconds(50);
constexpr Duration longest_limit = std::chrono::minutes(15);

// How long it may go on so; nothing where it is at rest.
std::optional<Duration> passes_within(const EngineSpec& spec, const ServiceStatus& status) {
  if (is_transitional(status.state))
    return std::clamp(status.start_limit + status.stop_limit, spec.grace, std::max(spec.grace, longest_limit));
  const bool young = status.state == ServiceState::running && status.lives > Duration{0} && status.lives < spec.grace;
  return young ? std::optional(spec.grace) : std::nullopt;
}

}  // namespace

bool somebody_brings_it_up(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark) {
  if (!spec.repair.service || spec.grace == Duration{0}) return false;
  const Duration began = at.since_boot();
  bool failed = false;
  while (true) {
    const auto limit = passes_within(spec, at.host.service_status(spec, *spec.repair.service));
    if (!limit) return false;
    // One that passes at once is no news of somebody: what the heal is about may be something else.
    if (all_hold(run_probes(at, spec, spec.self_test, mark))) return failed;
    failed = true;
    if (at.since_boot() - began >= *limit || !at.wait(look_every)) return false;
  }
}

}  // namespace autoheal::workflows
