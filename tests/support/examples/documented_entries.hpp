// docs/entries.md is exact: what a ledger holds is documented there, type by type and key by key.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {

// Type -> data keys, from rows such as "| `heal.triggered` | `workflow`, `strategy` … | … |": the second column.
inline std::map<std::string, std::set<std::string>> documented_entries() {
  std::map<std::string, std::set<std::string>> types;
  std::ifstream file(AUTOHEAL_SOURCE_DIR "/docs/entries.md");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("| `")) continue;
    std::istringstream cells(line.substr(1));
    std::string type, keys;
    std::getline(cells, type, '|');
    std::getline(cells, keys, '|');
    auto& known = types[type.substr(2, type.rfind('`') - 2)];
    for (auto at = keys.find('`'); at != std::string::npos;) {
      const auto end = keys.find('`', at + 1);
      known.insert(keys.substr(at + 1, end - at - 1));
      at = keys.find('`', end + 1);
    }
  }
  return types;
}

inline void expect_documented(const std::string& type, const nlohmann::json& data) {
  static const auto types = documented_entries();
  const auto found = types.find(type);
  ASSERT_NE(found, types.end()) << type << " is not in docs/entries.md";
  for (const auto& [key, value] : data.items())
    EXPECT_TRUE(found->second.contains(key)) << type << ": " << key << " is not in docs/entries.md";
}

// Every entry of the bridge's ledger.
inline void expect_documented(const Bridge& bridge) {
  std::istringstream lines(bridge.autoheal({"ledger", "export"}).out);
  std::string line;
  while (std::getline(lines, line)) {
    const auto entry = nlohmann::json::parse(line);
    expect_documented(entry.at("type").get<std::string>(), entry.at("data"));
  }
}

}  // namespace autoheal::testing
