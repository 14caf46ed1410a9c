#include <algorithm>
#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "autoheal/workflows/spec/engine_fields.hpp"
#include "tools/config/engine_parts.hpp"
#include "tools/config/read_fields.hpp"

namespace autoheal::config {

namespace {

using namespace workflows;  // every line below makes one of its values

constexpr Duration usual_schedule = std::chrono::seconds(60);

// Nothing tells when such a probe would fail.
bool needs_schedule(const std::vector<Probe>& probes) {
  return std::ranges::any_of(probes, [](const Probe& probe) {
    return std::holds_alternative<TcpProbe>(probe.what) || std::holds_alternative<HttpProbe>(probe.what) ||
           std::holds_alternative<CommandProbe>(probe.what) || std::holds_alternative<PluginProbe>(probe.what) ||
           (std::holds_alternative<ProcessProbe>(probe.what) && !std::get<ProcessProbe>(probe.what).unit.empty());
  });
}

}  // namespace

void read_healing(const Node& node, HealingSpec& healing) { read_fields(node, healing); }

EngineSpec read_engine(ReadContext& context, const Node& node, const std::string& path, const HealingSpec& inherited) {
  EngineSpec spec;
  spec.grace = usual_grace;
  read_fields(node, spec);
  if (spec.name.size() > 128) context.wrong(*node.find("name"), path + ".name", "the name is longer than 128 bytes");
  std::string root = ".";
  read(node, "root", root);
  spec.root = context.absolute(root);
  if (spec.root.size() > 1 && spec.root.ends_with('/')) spec.root.pop_back();
  spec.strategy = read_strategy(context, node, path, spec.name);
  spec.secrets = context.secrets;
  spec.healing = inherited;
  spec.healing.enabled = true;
  if (const Node* healing = node.find("healing")) read_healing(*healing, spec.healing);
  EngineParts parts{context, spec};
  spec.self_test = read_probes(parts, node, "self_test", path);
  if (spec.self_test.empty())
    context.wrong(*node.find("self_test"), path + ".self_test", "the list is empty, expected at least one probe");
  if (node.find("every") == nullptr && needs_schedule(spec.self_test)) {
    spec.every = usual_schedule;
    context.scheduled_by_default.push_back(spec.name);
  }
  read_repairs(parts, node, path);
  read_certification(parts, node, path);
  return spec;
}

}  // namespace autoheal::config
