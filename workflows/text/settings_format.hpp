// The kinds of settings files; shared by the editor and its judge, which share nothing else.
#pragma once

#include <cstddef>
#include <string_view>

namespace autoheal::workflows {

enum class SettingsFormat { json, yaml };

// By the ending: .yaml and .yml are YAML, all else JSON.
[[nodiscard]] constexpr SettingsFormat settings_format_of(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") ? SettingsFormat::yaml : SettingsFormat::json;
}

// Limits on outside input, asked before anything is parsed.
inline constexpr int deepest_settings = 500;
inline constexpr std::size_t largest_settings_bytes = 16U << 20U;

}  // namespace autoheal::workflows
