// Reads edits, a line of JSON each, and writes what came of them: the edited text or why it was refused, and what the
// judge says. The differential test holds both against readers that share nothing with them.
#include <iostream>
#include <nlohmann/json.hpp>

#include "autoheal/workflows/edit/settings_edit.hpp"
#include "autoheal/workflows/judge/settings_judge.hpp"

int main() {
  using namespace autoheal::workflows;
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    const auto asked = nlohmann::json::parse(line);
    const auto format = asked.at("format") == "yaml" ? SettingsFormat::yaml : SettingsFormat::json;
    const auto text = asked.at("text").get<std::string>();
    const auto set = asked.at("set").get<SettingValues>();
    nlohmann::json answer;
    if (const auto edited = set_settings(text, format, set)) {
      answer["text"] = edited->text;
      answer["reasons"] = judge_settings(text, edited->text, format, set);
      const auto again = set_settings(edited->text, format, set);
      answer["stays"] = again && again->text == edited->text;
    } else {
      answer["refused"] = edited.error().message;
      answer["hint"] = edited.error().hint;
    }
    if (asked.contains("after")) {
      answer["judged"] = judge_settings(text, asked.at("after").get<std::string>(), format, set);
    }
    std::cout << answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  }
}
