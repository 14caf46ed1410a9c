// Surgical edits of JSON and YAML files: only the bytes of the value at a pointer change; comments, order, indentation
// and quoting stay. Every result is read again and compared with what was wanted before it is given out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/result.hpp"

namespace autoheal::workflows {

enum class SettingsFormat { json, yaml };

inline constexpr int deepest_settings = 500;

// By the ending: .yaml and .yml are YAML, all else JSON.
[[nodiscard]] SettingsFormat settings_format_of(std::string_view path);

// The tokens of an RFC 6901 pointer; invalid where it does not begin with "/", has a wrong escape or is not UTF-8.
[[nodiscard]] Result<std::vector<std::string>> pointer_tokens(std::string_view pointer);

// `text` with the value at `pointer` set to `scalar` (JSON text of a string, number, true, false or null). A missing
// last key is added to its object; anything else that is missing is invalid, as is text that does not parse, is nested
// deeper than `deepest_settings` or grows without measure by its YAML aliases: it is somebody else's file.
// Unchanged, to the byte, where the value already is as wanted.
[[nodiscard]] Result<std::string> set_setting(std::string_view text, SettingsFormat format, std::string_view pointer,
                                              std::string_view scalar);

// The two behind it, for tokens of a pointer.
[[nodiscard]] Result<std::string> set_json_setting(std::string_view text, const std::vector<std::string>& tokens,
                                                   std::string_view scalar);
[[nodiscard]] Result<std::string> set_yaml_setting(std::string_view text, const std::vector<std::string>& tokens,
                                                   std::string_view scalar);

}  // namespace autoheal::workflows
