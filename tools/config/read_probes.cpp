// Probes of an engine, of each kind.
#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/edit/env_file.hpp"
#include "autoheal/workflows/spec/engine_fields.hpp"
#include "tools/config/engine_parts.hpp"
#include "tools/config/read_fields.hpp"
#include "tools/config/texts/scalars.hpp"

namespace autoheal::config {

namespace {

using namespace workflows;  // every line below makes one of its values

class ProbeReader {
 public:
  explicit ProbeReader(EngineParts& parts) : parts_(parts) {}

  Probe probe(const Node& node, const std::string& path) {
    auto probe = parts_.from_group<Probe>(node, path);
    probe.grace = node.find("process") != nullptr ? parts_.spec.grace : Duration{0};
    read(node, "grace", probe.grace);
    if (const Node* file = node.find("file")) probe.what = file_probe(*file, join(path, "file"));
    if (const Node* env = node.find("env")) probe.what = env_probe(*env, join(path, "env"));
    if (const Node* settings = node.find("settings")) {
      const std::string here = join(path, "settings");
      if (const Node* file = settings->find("file"); file != nullptr && is_env_file(file->text)) {
        probe.what = settings_of_env(*settings, here);
      } else {
        probe.what = settings_probe(*settings, here);
      }
    }
    if (const Node* tcp = node.find("tcp")) probe.what = from_fields<TcpProbe>(*tcp);
    if (const Node* http = node.find("http")) probe.what = from_fields<HttpProbe>(*http);
    if (const auto run = parts_.program(node, "command", path)) probe.what = CommandProbe{*run};
    if (const auto run = parts_.program(node, "plugin", path))
      probe.what = PluginProbe{*run, node.find("warning") != nullptr};
    if (const Node* process = node.find("process")) probe.what = from_fields<ProcessProbe>(*process);
    if (const Node* link = node.find("link")) probe.what = from_fields<LinkProbe>(*link);
    if (node.find("warning") != nullptr && node.find("plugin") == nullptr) {
      parts_.context.wrong(*node.find("warning"), join(path, "warning"),
                           "only a plugin can warn, expected `plugin` beside it");
    }
    return probe;
  }

 private:
  FileProbe file_probe(const Node& node, const std::string& path) {
    auto probe = from_fields<FileProbe>(node);
    probe.acl = parts_.acl(node, path, probe.mode);
    if (const Node* baseline = node.find("baseline"))
      probe.baseline = parts_.context.baseline(*baseline, join(path, "baseline"));
    return probe;
  }

  EnvProbe env_probe(const Node& node, const std::string& path) {
    auto probe = from_fields<EnvProbe>(node);
    for (const Node& name : list_at(node, "require")) parts_.check_env_name(name, join(path, "require"));
    if (const Node* equals = node.find("equals")) {
      for (const Node& name : equals->keys) parts_.check_env_name(name, join(path, "equals"));
    }
    if (probe.require.empty() && probe.equals.empty())
      parts_.context.wrong(node, path, "nothing is asked of the file, expected `require` or `equals`");
    return probe;
  }

  // .env, app.env, .env.local
  static bool is_env_file(std::string_view file) {
    const std::string_view name = file.substr(file.rfind('/') + 1);
    return name.ends_with(".env") || name.starts_with(".env.");
  }

  // Such a file has names and no tree: /NAME is the value of NAME, as the readers of such files have it.
  EnvProbe settings_of_env(const Node& node, const std::string& path) {
    EnvProbe probe;
    read(node, "file", probe.file);
    for (const Node& pointer : list_at(node, "require"))
      probe.require.push_back(name_at(pointer, join(path, "require")));
    if (const Node* equals = node.find("equals")) {
      for (std::size_t index = 0; index < equals->keys.size(); ++index) {
        const Node& value = equals->items[index];
        if (type_of(value) == ScalarType::null)
          parts_.context.wrong(value, join(path, "equals"), "a .env file has no null, expected a text, such as \"\"");
        probe.equals[name_at(equals->keys[index], join(path, "equals"))] = value.text;
      }
    }
    if (probe.require.empty() && probe.equals.empty())
      parts_.context.wrong(node, path, "nothing is asked of the file, expected `require` or `equals`");
    return probe;
  }

  std::string name_at(const Node& pointer, const std::string& path) {
    if (pointer.text.starts_with('/') && is_env_name(pointer.text.substr(1))) return pointer.text.substr(1);
    parts_.context.wrong(pointer, path,
                         fmt::format("\"{}\" names no value of a .env file, expected one such as /PORT", pointer.text));
    return {};
  }

  SettingsProbe settings_probe(const Node& node, const std::string& path) {
    auto probe = from_fields<SettingsProbe>(node);
    parts_.check_settings_file(node, path, probe.file);
    for (const Node& pointer : list_at(node, "require")) parts_.check_pointer(pointer, join(path, "require"));
    if (const Node* equals = node.find("equals")) probe.equals = parts_.setting_values(*equals, join(path, "equals"));
    if (probe.require.empty() && probe.equals.empty())
      parts_.context.wrong(node, path, "nothing is asked of the file, expected `require` or `equals`");
    return probe;
  }

  EngineParts& parts_;
};

}  // namespace

std::vector<Probe> read_probes(EngineParts& parts, const Node& map, std::string_view key, const std::string& path) {
  ProbeReader reader(parts);
  std::vector<Probe> all;
  const auto& items = list_at(map, key);
  for (std::size_t index = 0; index < items.size(); ++index) {
    const std::string here = at(join(path, std::string(key)), index);
    all.push_back(reader.probe(items[index], here));
    if (const auto [first, is_new] = parts.probe_names.emplace(all.back().name, items[index].line); !is_new) {
      parts.context.wrong(
          items[index], here,
          fmt::format("the name \"{}\" stands here twice, first in line {}, expected one name per probe of an engine",
                      all.back().name, first->second));
    }
  }
  return all;
}

}  // namespace autoheal::config
