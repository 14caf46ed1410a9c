#include "tools/autoheal/steward/plugin_values.hpp"

#include <algorithm>

namespace autoheal::cli {

void PluginValues::take(const std::string& engine, OfProbes values) {
  const std::lock_guard lock(mutex_);
  const auto known = engines_.find(engine);
  if (known == engines_.end() && values.empty()) return;
  OfEngine& kept = engines_[engine];
  count_ -= kept.count;
  kept = {std::move(values), 0, 0};
  const std::size_t room = most_plugin_values - count_;
  for (auto& [probe, of_probe] : kept.values) {
    const std::size_t fits = std::min(of_probe.size(), room - kept.count);
    kept.left_out += of_probe.size() - fits;
    of_probe.resize(fits);
    kept.count += fits;
  }
  count_ += kept.count;
}

void PluginValues::keep(const std::set<std::string>& engines) {
  const std::lock_guard lock(mutex_);
  std::erase_if(engines_, [&](const auto& one) {
    if (engines.contains(one.first)) return false;
    count_ -= one.second.count;
    return true;
  });
}

void PluginValues::tell(workflows::StewardFigures& figures) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [engine, of_engine] : engines_) {
    figures.plugin_values_left_out += of_engine.left_out;
    for (const auto& [probe, values] : of_engine.values) {
      for (const workflows::PluginValue& value : values) figures.plugin_values.push_back({engine, probe, value});
    }
  }
}

}  // namespace autoheal::cli
