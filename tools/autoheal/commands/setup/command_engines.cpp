// engines: the engines of the configuration, their brakes and their last heals.
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/workflows/supervision/holds.hpp"
#include "autoheal/workflows/supervision/pause_text.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/heal_list.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;

// The kinds of targets that a heal may change. For an engine that is never repaired, it says so.
std::string what_it_repairs(const EngineSpec& spec) {
  const RepairSpec& repair = spec.repair;
  std::string kinds;
  const auto add = [&](bool there, const char* name) {
    if (there) kinds += (kinds.empty() ? "" : ", ") + std::string(name);
  };
  add(!repair.release.empty(), "release");
  add(!repair.build.empty(), "build");
  add(!repair.files.empty(), "files");
  add(!repair.env.empty(), "env");
  add(!repair.settings.empty(), "settings");
  add(!repair.policy.empty(), "policy");
  add(!repair.links.empty(), "links");
  add(!repair.state.empty(), "state");
  add(!repair.platform.empty(), "platform");
  add(!repair.commands.empty(), "commands");
  add(!repair.services.empty(), "services");
  add(repair.service.has_value(), "service");
  if (kinds.empty()) return "nothing: it is only told";
  if (!spec.healing.enabled) return kinds + " (switched off: it is only told)";
  return spec.healing.observe_only ? kinds + " (mode: observe: it is only told)" : kinds;
}

store::HealFilter newest_of(const std::string& engine) {
  store::HealFilter filter;
  filter.engine = engine;
  filter.newest = 1;
  return filter;
}

int run_engines(const Session& session) {
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto holds = workflows::holds_in(*past->ledger);
  if (!holds) return session.fail(holds.error());
  const Timestamp now = engine::SystemClock().now();
  auto standing = standings(session.configuration);
  Table table{{"engine", "strategy", "probes", "repairs", "needs", "now", "last_heal", "when"}, {}};
  for (const EngineSpec& spec : session.configuration.settings.engines) {
    std::string needs;
    for (const std::string& name : spec.depends_on) needs += (needs.empty() ? "" : ",") + name;
    std::string last = "never", when;
    const auto listed = list_heals(*past, newest_of(spec.name), [&](const store::AuditedHeal& heal) {
      last = heal.state;
      when = newest_time_of(*past, heal);
      return true;
    });
    if (!listed) return session.fail(listed.error());
    std::string& stands = standing[spec.name];  // nothing where no daemon runs, but for holds
    if (const auto hold = holds->of(spec.name, now))
      stands += (stands.empty() ? "held " : ", held ") + workflows::until_text(hold->until, now);
    table.rows.push_back({spec.name, std::string(name_of(spec.strategy)), std::to_string(spec.self_test.size()),
                          what_it_repairs(spec), needs, stands, last, when});
  }
  print(session.console, table, session.options.output);
  return exit_done;
}

}  // namespace

void add_engines(CommandLine& line) {
  line.add("engines", "the engines of the configuration: what each repairs, whether it is held, its last heal",
           Needs::record, run_engines);
}

}  // namespace autoheal::cli
