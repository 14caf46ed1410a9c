// Questions about the ledger and the hooks of a trigger, for the tests of what starts heals.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/worlds/heal_machine.hpp"

namespace autoheal::testing {

inline std::size_t count_of(const HealWorld& world, std::string_view type) {
  const auto page = world.ledger.read_all({}, 10'000);
  return static_cast<std::size_t>(std::ranges::count(page->entries, type, &engine::Entry::type));
}

inline std::vector<std::string> entries_of(const HealWorld& world, const std::vector<std::string>& types) {
  std::vector<std::string> found;
  const auto page = world.ledger.read_all({}, 10'000);
  for (const auto& entry : page->entries) {
    if (std::ranges::find(types, entry.type) != types.end()) found.push_back(entry.type + " " + entry.subject);
  }
  return found;
}

inline std::string data_of_last(const HealWorld& world, std::string_view type) {
  std::string data;
  const auto page = world.ledger.read_all({}, 10'000);
  for (const auto& entry : page->entries) {
    if (entry.type == type) data = entry.data;
  }
  return data;
}

inline workflows::TestFailure needing(std::vector<std::string> needs) {
  workflows::TestFailure failure;
  failure.error = "it is broken";
  failure.needs = std::move(needs);
  return failure;
}

// "began A", "ended A certified", ...: as the hooks report it.
inline std::vector<std::string>& listen(HealMachine& machine, std::vector<std::string>& told) {
  machine.trigger.hooks.began = [&told](const std::string& engine) { told.push_back("began " + engine); };
  machine.trigger.hooks.ended = [&told](const workflows::HealResult& result) {
    told.push_back(
        "ended " + result.engine +
        (result.ending == workflows::HealEnding::certified ? " certified" : " " + result.reason + result.error));
  };
  return told;
}

}  // namespace autoheal::testing
