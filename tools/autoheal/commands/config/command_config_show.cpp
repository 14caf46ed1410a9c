// config show: what is in force.
#include <nlohmann/json.hpp>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/configuration/known_secrets.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;

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

int run_config_show(const Session& session) {
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
  out.end_array().field("you", session.principal().name).field("your_role", name_of(session.principal().role));
  out.key("engines").begin_array();
  for (const EngineSpec& spec : settings.engines) out.raw(encode_engine_spec(without_secrets(spec)));
  auto shown = nlohmann::ordered_json::parse(out.end_array().end_object().take());
  SecretMask mask(settings.secrets);
  learn_secrets(settings, mask);
  mask_texts(shown, mask);
  session.console.data(shown.dump(session.console.json() ? -1 : 2));
  return exit_done;
}

}  // namespace

void add_config_show(CommandLine& line) {
  line.add("config show", "what is in force, with defaults and environment applied", Needs::configuration,
           run_config_show);
}

}  // namespace autoheal::cli
