// The last performance data of each plugin, for the metrics. Bounded, because each label is a time series of a
// monitoring system for ever. In memory alone: a daemon that starts anew has it after the first self-tests.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "autoheal/workflows/steward/steward_figures.hpp"

namespace autoheal::cli {

inline constexpr std::size_t most_plugin_values = 1'000;  // of all engines

// Thread-safe.
class PluginValues {
 public:
  using OfProbes = std::map<std::string, std::vector<workflows::PluginValue>>;

  // The result of the newest self-test of `engine`, by probe; what the one before had and this one has not is gone.
  // An engine keeps the places that it had as far as it fills them; values beyond the limit are left out and counted.
  void take(const std::string& engine, OfProbes values);
  // Forgets the engines that are not among these.
  void keep(const std::set<std::string>& engines);
  // Adds its values to the figures, by engine, probe and label.
  void tell(workflows::StewardFigures& figures) const;

 private:
  struct OfEngine {
    OfProbes values;
    std::size_t count = 0, left_out = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::string, OfEngine> engines_;
  std::size_t count_ = 0;
};

}  // namespace autoheal::cli
