#include "autoheal/workflows/secrets/secret_literals.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "autoheal/workflows/spec/visit_spec.hpp"

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
  void call(const HttpCall& call) {
    text(call.url);
    text(call.body);
  }
  void probe(const Probe& probe) {
    if (const auto* env = std::get_if<EnvProbe>(&probe.what)) named(env->equals);
    if (const auto* wanted = std::get_if<SettingsProbe>(&probe.what)) settings(wanted->equals);
    const auto* http = std::get_if<HttpProbe>(&probe.what);
    if (http == nullptr) return;
    text(http->url);
    for (const auto& [name, value] : http->headers) {
      named(name, value);
      text(name + ": " + value);
    }
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

}  // namespace

std::vector<std::string> secret_literals(const EngineSpec& spec, const SecretMask& rules) {
  Collector collector(spec.secrets, rules);
  for_each_program(spec, [&](const ProgramRun& run) { collector.run(run); });
  for_each_probe(spec, [&](const Probe& probe) { collector.probe(probe); });
  for_each_hook(spec, [&](const Hook& hook) {
    if (const auto* call = std::get_if<HttpCall>(&hook)) collector.call(*call);
  });
  for (const EnvRepair& env : spec.repair.env) {
    for (const auto& [name, value] : env.set) {
      if (value.from_file.empty()) collector.named(name, value.literal);
    }
  }
  for (const SettingsRepair& settings : spec.repair.settings) collector.settings(settings.set);
  for (const TestSpec& test : spec.certify.tests) {
    for (const auto& [variable, values] : test.matrix) {
      for (const std::string& value : values) collector.named(variable, value);
    }
  }
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
