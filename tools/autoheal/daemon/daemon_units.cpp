// The daemon's reactions to systemd's signals about units.
#include "tools/autoheal/daemon/daemon.hpp"
#include "tools/host/watch/watched_paths.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;
using namespace workflows;

void Daemon::watch_units() {
  std::set<std::string> units;
  for (const EngineSpec& spec : healer_.in_force.configuration()->settings.engines)
    units.merge(host::watched_units(spec));
  if (units == units_) return;
  units_ = units;
  stops_.reset();
  if (units.empty()) return;
  const auto told = [this](const std::string& unit, const StopJudgement& judgement) {
    asio::post(healer_.parts.loop, [this, unit, judgement] { stopped(unit, judgement); });
  };
  const auto changed = [this](const std::string& unit) {
    asio::post(healer_.parts.loop, [this, unit] { unit_changed(unit); });
  };
  stops_ = std::make_unique<host::StopWatch>(std::vector<std::string>(units.begin(), units.end()), told,
                                             &healer_.parts.own.orders, changed);
}

void Daemon::stopped(const std::string& unit, const StopJudgement& judgement) {
  const Duration now = healer_.parts.clock.since_boot();
  for (const EngineSpec& spec : healer_.in_force.configuration()->settings.engines) {
    if (!spec.repair.service || spec.repair.service->unit != unit) continue;
    const AutoHealTrigger& trigger = healer_.workflows->trigger();
    if (judgement.by_hand && trigger.waits_for(spec.name, Watch::own_stops_are_told_within))
      watch_.stopped_while_heal_waits(spec.name);
    watch_.stopped_by_hand(spec.name, judgement.by_hand, now);
    if (judgement.for_packages) watch_.stopped_for_packages(spec.name, now);
  }
  pump();
}

void Daemon::unit_changed(const std::string& unit) {
  for (const EngineSpec& spec : healer_.in_force.configuration()->settings.engines) {
    if (host::watched_units(spec).contains(unit))
      watch_.look(spec.name, LookCause::asked, healer_.parts.clock.since_boot());
  }
  pump();
}

}  // namespace autoheal::cli
