#include "autoheal/workflows/spec/engine_spec.hpp"

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

namespace {

constexpr std::array<std::pair<OpenWriters, std::string_view>, 3> open_writers_words = {
    {{OpenWriters::swap, "swap"}, {OpenWriters::wait, "wait"}, {OpenWriters::refuse, "refuse"}}};

}  // namespace

std::string_view name_of(OpenWriters rule) {
  for (const auto& [known, word] : open_writers_words) {
    if (known == rule) return word;
  }
  return "unknown";
}

std::optional<OpenWriters> open_writers_of(std::string_view name) {
  for (const auto& [rule, word] : open_writers_words) {
    if (word == name) return rule;
  }
  return std::nullopt;
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
