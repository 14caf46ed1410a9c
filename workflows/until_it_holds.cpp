#include "workflows/until_it_holds.hpp"

#include <algorithm>
#include <utility>

namespace autoheal::workflows {

namespace {

bool asks_at_a_place(const Probe& probe) {
  return probe.heal && (std::holds_alternative<TcpProbe>(probe.what) || std::holds_alternative<HttpProbe>(probe.what));
}

}  // namespace

std::string SameRun::problem() {
  if (!spec_.repair.service) return {};
  status_ = at_.host.service_status(spec_, *spec_.repair.service);
  const std::string name = spec_.repair.service->unit.empty() ? "the service" : spec_.repair.service->unit;
  if (is_dead(status_.state) && !status_.no_pidfile)
    return "the self-test passes, but " + name + " does not run" + (status_.why.empty() ? "" : ": " + status_.why);
  const std::string before = std::exchange(run_, status_.run);
  const bool other = !before.empty() && before != status_.run;
  return other ? name + " did not go on running while the self-test had to hold: its process is another one now" : "";
}

UntilItHolds::UntilItHolds(const HealSurroundings& at, const EngineSpec& spec, bool polls, EffectMark mark)
    : at_(at),
      spec_(spec),
      polls_(polls),
      mark_(std::move(mark)),
      probes_(spec.self_test),
      began_(at.since_boot()),
      run_(at, spec) {
  probes_.insert(probes_.end(), spec.repair.checks.begin(), spec.repair.checks.end());
}

const Held* UntilItHolds::look() {
  if (!decided_) {
    Held held;
    held.probes = run_probes(at_, spec_, probes_, mark_);
    held.ports = std::move(held_.ports);
    decided_ = is_decided(held);
    held_ = std::move(held);
  }
  return decided_ ? &held_ : nullptr;
}

const Held& UntilItHolds::give_up() {
  decided_ = true;
  return held_;
}

bool UntilItHolds::is_decided(Held& held) {
  if (!polls_) return true;
  const Duration now = at_.since_boot();
  bool pass = all_hold(held.probes);
  if (pass) held.problem = run_.problem();
  pass = pass && held.problem.empty();
  const bool held_long_enough = pass && now - holds_since_.value_or(now) >= spec_.certify.hold;
  // Looked up at both ends: all that listens on a machine is not gone through ten times a second.
  if (pass && (!holds_since_ || held_long_enough)) {
    held.ports = port_holders();
    pass = std::ranges::find(held.ports, PortHolder::stranger, &PortFinding::holder) == held.ports.end();
  }
  if (!pass) return holds_since_ || now - began_ >= spec_.certify.within;  // what does not hold is not healed
  if (!holds_since_) holds_since_ = now;
  return held_long_enough;
}

std::vector<PortFinding> UntilItHolds::port_holders() const {
  std::vector<PortFinding> found;
  if (!spec_.repair.service) return found;
  for (const Probe& probe : spec_.self_test) {
    if (!asks_at_a_place(probe)) continue;
    PortFinding& finding = found.emplace_back(at_.host.port_holder(spec_, *spec_.repair.service, run_.status(), probe));
    finding.program = at_.mask(finding.program);
    finding.why = at_.mask(finding.why);
  }
  return found;
}

}  // namespace autoheal::workflows
