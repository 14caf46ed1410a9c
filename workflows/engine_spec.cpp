#include "workflows/engine_spec.hpp"

#include <array>
#include <utility>

namespace autoheal::workflows {

std::string_view name_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::arie:
      return "arie";
    case Strategy::chimera:
      return "chimera";
    case Strategy::cascade:
      return "cascade";
    case Strategy::generic:
      break;
  }
  return "generic";
}

std::optional<Strategy> strategy_of_name(std::string_view engine_name) {
  constexpr std::array<std::pair<std::string_view, Strategy>, 10> known = {{
      {"EnvRecon", Strategy::arie},
      {"EnvScribe", Strategy::arie},
      {"Firewall", Strategy::arie},
      {"Chimera", Strategy::chimera},
      {"Leviathan", Strategy::chimera},
      {"Federation", Strategy::chimera},
      {"Truth", Strategy::cascade},
      {"Cascade", Strategy::cascade},
      {"Genesis", Strategy::cascade},
      {"HXO", Strategy::cascade},
  }};
  for (const auto& [name, strategy] : known) {
    if (name == engine_name) return strategy;
  }
  return std::nullopt;
}

}  // namespace autoheal::workflows
