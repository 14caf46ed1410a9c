#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "tools/config/read_context.hpp"

namespace autoheal::config {

namespace {

using workflows::EngineSpec;
using workflows::ServiceOfEngine;

// How many engines an engine needs below it, at most: what it needs has fewer. Circles are found elsewhere.
class Depths {
 public:
  explicit Depths(const Configuration& configuration) {
    for (const EngineSpec& engine : configuration.engines) engines_.emplace(engine.name, &engine);
  }

  // Each engine is looked at once, over however many ways it is needed.
  std::size_t of(const std::string& name) {
    const auto engine = engines_.find(name);
    if (engine == engines_.end()) return 0;
    const auto [known, is_new] = depths_.emplace(name, 0);
    if (!is_new) return known->second;
    std::size_t deepest = 0;
    for (const std::string& needed : engine->second->depends_on) deepest = std::max(deepest, of(needed) + 1);
    return depths_[name] = deepest;
  }

 private:
  std::map<std::string, const EngineSpec*> engines_;
  std::map<std::string, std::size_t> depths_;
};

}  // namespace

void resolve_services(Configuration& configuration,
                      const std::vector<std::pair<std::string, const Node*>>& engine_nodes,
                      std::vector<Problem>& problems) {
  Depths depths(configuration);
  std::vector<std::string> known;
  for (const EngineSpec& engine : configuration.engines) {
    if (engine.repair.service) known.push_back(engine.name);
  }
  for (std::size_t index = 0; index < configuration.engines.size(); ++index) {
    auto& services = configuration.engines[index].repair.services;
    for (ServiceOfEngine& wanted : services) {
      const auto owner = std::ranges::find(configuration.engines, wanted.engine, &EngineSpec::name);
      if (owner != configuration.engines.end() && owner->repair.service) {
        wanted.root = owner->root;
        wanted.service = *owner->repair.service;
        continue;
      }
      const auto& [file, node] = engine_nodes[index];
      const Node& place = *node->find("repair")->find("services");
      const std::string meant = did_you_mean(wanted.engine, known);
      problems.push_back({file, place.line, place.column, configuration.engines[index].name + ".repair.services",
                          fmt::format("{}{}\", expected an engine with repair.service{}",
                                      owner == configuration.engines.end() ? "there is no engine \""
                                                                           : "there is no service of engine \"",
                                      wanted.engine, meant.empty() ? "" : "; " + meant)});
    }
    // Equal depths keep the order they were written in.
    std::multimap<std::size_t, ServiceOfEngine> by_depth;
    for (ServiceOfEngine& one : services) {
      const std::size_t depth = depths.of(one.engine);
      by_depth.emplace(depth, std::move(one));
    }
    std::ranges::move(std::views::values(by_depth), services.begin());
  }
}

}  // namespace autoheal::config
