#include "autoheal/workflows/effects/until_it_holds.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace autoheal::workflows {

namespace {

bool asks_at_a_place(const Probe& probe) {
  return probe.heal && (std::holds_alternative<TcpProbe>(probe.what) || std::holds_alternative<HttpProbe>(probe.what));
}

}  // namespace

const ServiceStatus& SameRun::look() {
  if (spec_.repair.service) status_ = host_.service_status(spec_, *spec_.repair.service);
  return status_;
}

std::string SameRun::problem() {
  if (!spec_.repair.service) return {};
  look();
  const std::string name = spec_.repair.service->unit.empty() ? "the service" : spec_.repair.service->unit;
  const std::string why = status_.why.empty() ? "" : ": " + status_.why;
  if (is_dead(status_.state) && !status_.no_pidfile)
    return fmt::format("the self-test passes, but {} does not run{}", name, why);
  if (!run_.empty() && status_.state == ServiceState::unknown)
    return fmt::format("whether {} goes on running could not be told{}", name, why);
  const bool other = !run_.empty() && !status_.run.empty() && run_ != status_.run;
  if (!status_.run.empty()) run_ = status_.run;
  return other ? name + " did not go on running while the self-test had to hold: its process is another one now" : "";
}

UntilItHolds::UntilItHolds(const Probing& probing, const engine::Clock& clock, const EngineSpec& spec, bool polls,
                           EffectMark mark)
    : probing_(probing),
      clock_(clock),
      spec_(spec),
      polls_(polls),
      mark_(std::move(mark)),
      probes_(spec.self_test),
      began_(clock.since_boot()),
      run_(probing.host, spec) {
  probes_.insert(probes_.end(), spec.repair.checks.begin(), spec.repair.checks.end());
}

const Held* UntilItHolds::look() {
  if (decided_) {
    look_once_more();
  } else {
    Held held;
    held.probes = run_probes(probing_, spec_, probes_, mark_);
    held.ports = std::move(held_.ports);
    decided_ = is_decided(held);
    held_ = std::move(held);
    looked_at_ = clock_.since_boot();
  }
  return decided_ ? &held_ : nullptr;
}

const Held& UntilItHolds::give_up() {
  decided_ = true;
  return held_;
}

// Who had to wait for something else meanwhile does not vouch for what was seen before.
void UntilItHolds::look_once_more() {
  const bool held = polls_ && held_.problem.empty() && all_hold(held_.probes);
  if (!held || clock_.since_boot() - looked_at_ < look_at_probes_every) return;
  held_.probes = run_probes(probing_, spec_, probes_, mark_);
  held_.problem = all_hold(held_.probes) ? run_.problem() : "";
  held_.ports = port_holders();
  looked_at_ = clock_.since_boot();
}

// Its process was there and is dead for longer than a restart by somebody else takes: it will not come by waiting.
bool UntilItHolds::has_come_and_gone(Duration now) {
  const ServiceState state = run_.look().state;
  came_up_ = came_up_ || state == ServiceState::running;
  if (!came_up_ || !is_dead(state)) {
    gone_since_.reset();
    return false;
  }
  if (!gone_since_) gone_since_ = now;
  return now - *gone_since_ >= spec_.grace;
}

bool UntilItHolds::is_decided(Held& held) {
  if (!polls_) return true;
  const Duration now = clock_.since_boot();
  bool pass = all_hold(held.probes);
  if (pass) held.problem = run_.problem();
  pass = pass && held.problem.empty();
  const bool held_long_enough = pass && now - holds_since_.value_or(now) >= spec_.certify.hold;
  // Looked up at both ends: all that listens on a machine is not gone through ten times a second.
  if (pass && (!holds_since_ || held_long_enough)) {
    held.ports = port_holders();
    pass = std::ranges::find(held.ports, PortHolder::stranger, &PortFinding::holder) == held.ports.end();
  }
  // An engine that held and no longer does is not healed.
  if (!pass) return holds_since_ || now - began_ >= spec_.certify.within || has_come_and_gone(now);
  if (!holds_since_) holds_since_ = now;
  return held_long_enough;
}

std::vector<PortFinding> UntilItHolds::port_holders() const {
  std::vector<PortFinding> found;
  if (!spec_.repair.service) return found;
  for (const Probe& probe : spec_.self_test) {
    if (!asks_at_a_place(probe)) continue;
    PortFinding& finding =
        found.emplace_back(probing_.host.port_holder(spec_, *spec_.repair.service, run_.status(), probe));
    finding.program = probing_.secrets.mask(finding.program);
    finding.why = probing_.secrets.mask(finding.why);
  }
  return found;
}

}  // namespace autoheal::workflows
