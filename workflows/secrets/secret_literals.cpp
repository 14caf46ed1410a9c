#include "autoheal/workflows/secrets/secret_literals.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace autoheal::workflows {

namespace {

class Collector {
 public:
  Collector(const SecretRules& rules, const SecretMask& mask) : rules_(rules), mask_(mask) {}

  std::vector<std::string> take() { return std::move(found_); }

  void text(const std::string& text) {
    for (std::string& value : mask_.found_in(text)) found_.push_back(std::move(value));
  }
  void named(const std::string& name, const std::string& value) {
    if (is_secret_name(rules_, name)) found_.push_back(value);
    text(value);
  }
  void named(const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values) named(name, value);
  }
  // "--password hunter2" are two arguments.
  void run(const ProgramRun& run) {
    named(run.environment);
    for (std::size_t index = 1; index < run.argv.size(); ++index) {
      const std::string& argument = run.argv[index];
      const std::string& before = run.argv[index - 1];
      const auto name = before.find_first_not_of('-');
      const bool is_flag = before.starts_with('-') && name != std::string::npos && !before.contains('=');
      const bool is_value = is_flag && !argument.starts_with('-');
      if (is_value && is_secret_name(rules_, before.substr(name))) found_.push_back(argument);
      text(argument);
    }
  }
  void run(const std::optional<ProgramRun>& program) {
    if (program) run(*program);
  }
  void call(const HttpCall& call) {
    text(call.url);
    text(call.body);
  }
  void hook(const Hook& hook) {
    if (const auto* program = std::get_if<ProgramRun>(&hook)) run(*program);
    if (const auto* http = std::get_if<HttpCall>(&hook)) call(*http);
  }
  void probe(const Probe& probe) {
    if (const auto* env = std::get_if<EnvProbe>(&probe.what)) named(env->equals);
    if (const auto* wanted = std::get_if<SettingsProbe>(&probe.what)) settings(wanted->equals);
    if (const auto* command = std::get_if<CommandProbe>(&probe.what)) run(command->run);
    if (const auto* plugin = std::get_if<PluginProbe>(&probe.what)) run(plugin->run);
    const auto* http = std::get_if<HttpProbe>(&probe.what);
    if (http == nullptr) return;
    text(http->url);
    for (const auto& [name, value] : http->headers) {
      named(name, value);
      text(name + ": " + value);
    }
  }
  void service(const ServiceRepair& service) {
    for (const auto* one : {&service.restart, &service.start, &service.stop, &service.reload, &service.check})
      run(*one);
  }
  // The last part of the pointer names the value; the value is JSON text.
  void settings(const std::vector<std::pair<std::string, std::string>>& values) {
    for (const auto& [pointer, value] : values) {
      const auto parsed = nlohmann::json::parse(value, nullptr, false);
      const std::string plain = parsed.is_string() ? parsed.get<std::string>() : value;
      named(pointer.substr(pointer.rfind('/') + 1), plain);
    }
  }

 private:
  const SecretRules& rules_;
  const SecretMask& mask_;
  std::vector<std::string> found_;
};

void collect_repairs(const RepairSpec& repair, Collector& into) {
  for (const EnvRepair& env : repair.env) {
    for (const auto& [name, value] : env.set) {
      if (value.from_file.empty()) into.named(name, value.literal);
    }
  }
  for (const SettingsRepair& settings : repair.settings) into.settings(settings.set);
  for (const FileRepair& file : repair.files) into.run(file.validate);
  for (const BuildRepair& build : repair.build) into.run(build.run);
  for (const PlatformRepair& platform : repair.platform) {
    into.hook(platform.act);
    if (platform.undo) into.hook(*platform.undo);
  }
  for (const Probe& check : repair.checks) into.probe(check);
  for (const CommandRepair& command : repair.commands) {
    into.run(command.run);
    into.run(command.undo);
    into.run(command.capture);
  }
  if (repair.service) into.service(*repair.service);
  for (const ServiceOfEngine& other : repair.services) into.service(other.service);
}

}  // namespace

std::vector<std::string> secret_literals(const EngineSpec& spec, const SecretMask& rules) {
  Collector collector(spec.secrets, rules);
  for (const Probe& probe : spec.self_test) collector.probe(probe);
  collect_repairs(spec.repair, collector);
  for (const TestSpec& test : spec.certify.tests) collector.run(test.command);
  return collector.take();
}

std::vector<std::string> secret_files(const EngineSpec& spec) {
  std::vector<std::string> files;
  for (const EnvRepair& env : spec.repair.env) {
    for (const auto& [name, value] : env.set) {
      if (!value.from_file.empty()) files.push_back(value.from_file);
    }
  }
  return files;
}

}  // namespace autoheal::workflows
