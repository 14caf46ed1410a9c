// Strategies and the keys of `repair` that each knows.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "tools/config/engine_parts.hpp"

namespace autoheal::config {

namespace {

using namespace workflows;  // every line below makes one of its values

struct RepairKey {
  std::string_view key;
  std::array<bool, 4> known_by;  // arie, chimera, cascade, generic
};
constexpr std::array<RepairKey, 13> repair_keys = {{
    {"release", {false, true, false, false}},
    {"build", {false, true, false, false}},
    {"platform", {false, true, false, false}},
    {"state", {false, false, true, false}},
    {"services", {false, false, true, false}},
    {"files", {true, true, false, false}},
    {"env", {true, false, false, false}},
    {"settings", {true, true, false, false}},
    {"links", {true, false, false, false}},
    {"policy", {true, false, false, false}},
    {"checks", {false, false, false, true}},
    {"service", {true, true, true, true}},
    {"commands", {true, true, true, true}},
}};

// The strategy that knows every key; where keys tell nothing (none, or those that all know) it is generic.
Strategy strategy_of_keys(ReadContext& context, const Node* repair, const std::string& path) {
  std::array<bool, 4> fits = {true, true, true, true};
  bool tells = false;
  std::string words;
  for (const RepairKey& known : repair_keys) {
    if (repair == nullptr || repair->find(known.key) == nullptr || known.known_by == std::array{true, true, true, true})
      continue;
    tells = true;
    words += (words.empty() ? "" : ", ") + std::string(known.key);
    for (std::size_t index = 0; index < fits.size(); ++index) fits[index] = fits[index] && known.known_by[index];
  }
  if (!tells) return Strategy::generic;
  for (const auto& [one, word] : words_for<Strategy>) {
    if (fits[static_cast<std::size_t>(one)]) return one;
  }
  context.wrong(*repair, path + ".repair",
                fmt::format("the keys {} belong to several strategies, expected keys of one strategy", words));
  return Strategy::generic;
}

}  // namespace

Strategy read_strategy(ReadContext& context, const Node& node, const std::string& path, const std::string& name) {
  const Node* repair = node.find("repair");
  std::optional<Strategy> strategy = strategy_of_name(name);
  if (const Node* written = node.find("strategy")) strategy = known_value<Strategy>(words_for<Strategy>, written->text);
  if (!strategy) return strategy_of_keys(context, repair, path);
  if (repair == nullptr) return *strategy;
  for (const Node& key : repair->keys) {
    const auto known = std::ranges::find(repair_keys, std::string_view(key.text), &RepairKey::key);
    if (known == repair_keys.end() || known->known_by[static_cast<std::size_t>(*strategy)]) continue;
    std::string who;
    for (const auto& [one, word] : words_for<Strategy>) {
      if (known->known_by[static_cast<std::size_t>(one)]) who += (who.empty() ? "" : ", ") + std::string(word);
    }
    context.wrong(key, path + ".repair",
                  fmt::format("strategy {} does not know \"{}\", expected a strategy that does: {}", name_of(*strategy),
                              key.text, who));
  }
  return *strategy;
}

}  // namespace autoheal::config
