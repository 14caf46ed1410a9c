#include "autoheal/workflows/spec/engine_spec.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace autoheal::workflows {

std::string_view name_of(Strategy strategy) { return word_of<Strategy>(words_for<Strategy>, strategy); }
std::string_view name_of(OpenWriters rule) { return word_of<OpenWriters>(words_for<OpenWriters>, rule); }

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
