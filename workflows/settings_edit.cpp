#include "workflows/settings_edit.hpp"

#include "engine/quoted_text.hpp"

namespace autoheal::workflows {

SettingsFormat settings_format_of(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") ? SettingsFormat::yaml : SettingsFormat::json;
}

Result<std::vector<std::string>> pointer_tokens(std::string_view pointer) {
  const auto refuse = [&](std::string_view why) {
    return failure(ErrorKind::invalid, "\"" + valid_utf8(pointer) + "\" is not a JSON pointer: " + std::string(why),
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

Result<std::string> set_setting(std::string_view text, SettingsFormat format, std::string_view pointer,
                                std::string_view scalar) {
  const auto tokens = pointer_tokens(pointer);
  if (!tokens) return std::unexpected(tokens.error());
  auto changed = format == SettingsFormat::json ? set_json_setting(text, *tokens, scalar)
                                                : set_yaml_setting(text, *tokens, scalar);
  if (!changed) changed.error().message = std::string(pointer) + ": " + changed.error().message;
  return changed;
}

}  // namespace autoheal::workflows
