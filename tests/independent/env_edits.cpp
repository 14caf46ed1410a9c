// Edits and reads .env documents for env_differential_test.py, which asks real readers what came of it. One JSON object
// a line, texts in hexadecimal digits:
//   {"text": T, "set": [[NAME, T]...], "unset": [NAME...], "dialect": WORD}   ->   {"edited": T} or {"refused": WORDS}
//   {"read": T}   ->   for each reader what it makes of it: {READER: {"names": {NAME: T or null}, "problem": WORDS}}
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "autoheal/workflows/judge/env_readers.hpp"
#include "autoheal/workflows/plan/env_edit.hpp"

namespace {

using namespace autoheal::workflows;
using nlohmann::json;

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  return bytes;
}

std::string hex_of(const std::string& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  return hex;
}

json edited(const json& asked) {
  EnvDeclaration declared;
  for (const json& one : asked.value("set", json::array()))
    declared.set.emplace_back(one.at(0).get<std::string>(), bytes_of(one.at(1).get<std::string>()));
  declared.unset = asked.value("unset", std::vector<std::string>());
  declared.dialect = asked.value("dialect", "");
  const std::string before = bytes_of(asked.at("text").get<std::string>());
  const auto result = edit_env(before, declared);
  if (!result) return {{"refused", result.error().message}};
  const auto reasons = judge_env(before, result->text, declared);
  if (!reasons.empty()) return {{"refused", "judged as a whole: " + reasons.front()}};
  return {{"edited", hex_of(result->text)}};
}

json readings(const std::string& text) {
  json all = json::object();
  for (const EnvReader reader : all_env_readers) {
    const EnvReading reading = read_env_as(reader, text);
    json names = json::object();
    for (const EnvStatement& one : reading.statements) {
      if (one.assigns()) names[hex_of(one.name)] = one.value ? json(hex_of(*one.value)) : json();
    }
    json& told = all[std::string(name_of(reader))];
    told = {{"names", names}};
    if (reading.problem) told["problem"] = reading.problem->what;
  }
  return all;
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const json asked = json::parse(line);
    const json answer =
        asked.contains("read") ? readings(bytes_of(asked.at("read").get<std::string>())) : edited(asked);
    std::cout << answer.dump() << '\n';
  }
}
