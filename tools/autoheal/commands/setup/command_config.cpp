// config check, config show, engines: what is in force.
#include <map>
#include <nlohmann/json.hpp>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/supervision/holds.hpp"
#include "autoheal/workflows/supervision/pause_text.hpp"
#include "tools/autoheal/commands/parts/commands.hpp"
#include "tools/autoheal/commands/parts/heal_list.hpp"
#include "tools/autoheal/configuration/known_secrets.hpp"
#include "tools/autoheal/output/heal_text.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;

// What a heal of the engine may change; what is tested and never repaired is told as such.
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

// Every text of what is shown, but for names of keys.
void mask_texts(nlohmann::ordered_json& node, const SecretMask& mask) {
  if (node.is_string()) node = mask(node.get_ref<const std::string&>());
  if (!node.is_structured()) return;
  for (auto& item : node) mask_texts(item, mask);
}

// Literals of env values may be secrets: what is shown is where they come from.
EngineSpec without_secrets(EngineSpec spec) {
  for (EnvRepair& env : spec.repair.env) {
    for (auto& [name, value] : env.set) {
      if (value.from_file.empty()) value.literal = "***";
    }
  }
  return spec;
}

store::HealFilter newest_of(const std::string& engine) {
  store::HealFilter filter;
  filter.engine = engine;
  filter.newest = 1;
  return filter;
}

}  // namespace

int command_config_check(const Session& session) {
  const config::Configuration& settings = session.configuration.settings;
  std::string engines =
      std::to_string(settings.engines.size()) + (settings.engines.size() == 1 ? " engine" : " engines");
  session.console.data(session.console.json()
                           ? R"({"valid":true,"digest":")" + settings.digest + R"("})"
                           : session.console.paint(Tone::good, "✓ ") + settings.file + " is valid: " + engines + ", " +
                                 std::to_string(settings.files.size()) +
                                 (settings.files.size() == 1 ? " file" : " files"));
  if (session.console.json()) return exit_done;
  for (const std::string& engine : settings.scheduled_by_default)
    session.console.data("  " + engine +
                         " is tested every 60 s: it asks a network or a program, and `every` says nothing");
  return exit_done;
}

int command_config_show(const Session& session) {
  const config::Configuration& settings = session.configuration.settings;
  JsonWriter out;
  out.begin_object()
      .field("file", settings.file)
      .field("digest", settings.digest)
      .field("ledger", settings.ledger)
      .field("reports", settings.reports);
  out.key("healing")
      .begin_object()
      .field("enabled", settings.healing.enabled)
      .field("max_retries", settings.healing.max_retries);
  out.field("retry_delay_us", settings.healing.retry_delay)
      .field("max_concurrent", settings.max_concurrent)
      .field("actor", settings.principals.actor)
      .end_object();
  out.key("principals").begin_array();
  for (const Principal& principal : settings.principals.listed) {
    out.begin_object()
        .field("name", principal.name)
        .field("role", name_of(principal.role))
        .field("os_user", principal.os_user)
        .end_object();
  }
  out.end_array()
      .field("you", session.configuration.principal.name)
      .field("your_role", name_of(session.configuration.principal.role));
  out.key("engines").begin_array();
  for (const EngineSpec& spec : settings.engines) out.raw(encode_engine_spec(without_secrets(spec)));
  auto shown = nlohmann::ordered_json::parse(out.end_array().end_object().take());
  SecretMask mask(settings.secrets);
  learn_secrets(settings, mask);
  mask_texts(shown, mask);
  session.console.data(shown.dump(session.console.json() ? -1 : 2));
  return exit_done;
}

int command_engines(const Session& session) {
  if (const int refused = session.require(Permission::read, "read the ledger"); refused != exit_done) return refused;
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

}  // namespace autoheal::cli
