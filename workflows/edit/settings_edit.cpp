#include "autoheal/workflows/edit/settings_edit.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/workflows/edit/settings_json.hpp"
#include "autoheal/workflows/edit/settings_yaml.hpp"

namespace autoheal::workflows {

namespace {

std::unexpected<Error> at_pointer(std::string_view pointer, Error error) {
  error.message = std::string(pointer) + ": " + error.message;
  return std::unexpected(std::move(error));
}

}  // namespace

Result<std::vector<std::string>> pointer_tokens(std::string_view pointer) {
  const auto refuse = [&](std::string_view why) {
    return failure(ErrorKind::invalid, fmt::format("\"{}\" is not a JSON pointer: {}", valid_utf8(pointer), why),
                   "write it as /server/port; ~0 stands for ~ and ~1 for /");
  };
  if (!pointer.starts_with('/')) return refuse("it does not begin with /");
  if (!is_valid_utf8(pointer)) return refuse("it is not UTF-8");
  std::vector<std::string> tokens;
  for (std::size_t at = 0; at < pointer.size(); ++at) {
    const char character = pointer[at];
    if (character == '/') {
      tokens.emplace_back();
    } else if (character != '~') {
      tokens.back() += character;
    } else if (++at < pointer.size() && (pointer[at] == '0' || pointer[at] == '1')) {
      tokens.back() += pointer[at] == '0' ? '~' : '/';
    } else {
      return refuse("~ is followed by neither 0 nor 1");
    }
  }
  return tokens;
}

Result<EditedSettings> set_settings(std::string_view text, SettingsFormat format, const SettingValues& set) {
  EditedSettings edited{std::string(text), {}};
  DeclaredSettings declared;
  for (const auto& [pointer, value] : set) {
    auto tokens = pointer_tokens(pointer);
    AUTOHEAL_TRY(tokens);
    auto scalar = wanted_scalar(value);
    if (!scalar) return at_pointer(pointer, std::move(scalar.error()));
    declared.insert_or_assign(std::move(*tokens), std::move(*scalar));
  }
  for (const auto& [pointer, value] : set) {
    const auto tokens = pointer_tokens(pointer);
    auto changed = format == SettingsFormat::json ? set_json_setting(edited.text, *tokens, declared.at(*tokens))
                                                  : set_yaml_setting(edited.text, *tokens, declared);
    if (!changed) return at_pointer(pointer, std::move(changed.error()));
    if (*changed != edited.text) edited.changed.push_back(pointer);
    edited.text = std::move(*changed);
  }
  return edited;
}

Result<std::string> set_setting(std::string_view text, SettingsFormat format, std::string_view pointer,
                                std::string_view scalar) {
  auto edited = set_settings(text, format, {{std::string(pointer), std::string(scalar)}});
  AUTOHEAL_TRY(edited);
  return std::move(edited->text);
}

}  // namespace autoheal::workflows
