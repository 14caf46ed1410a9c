#include "autoheal/workflows/judge/settings_probe.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/workflows/judge/settings_judge.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::size_t longest_shown = 100;

std::string shown(const SettingSeen& seen) {
  std::string quoted;
  append_quoted(quoted, seen.text.substr(0, longest_shown));
  if (seen.text.size() > longest_shown) quoted += "...";
  switch (seen.kind) {
    case SettingSeen::Kind::null:
      return "null";
    case SettingSeen::Kind::list:
      return "a list";
    case SettingSeen::Kind::object:
      return "an object";
    case SettingSeen::Kind::text:
      return quoted;
    case SettingSeen::Kind::unclear:
      return seen.text.substr(0, longest_shown) + " (which readers of YAML do not agree on)";
    case SettingSeen::Kind::custom:
      return quoted + " (by a tag of its own)";
    default:
      return seen.text.substr(0, longest_shown);
  }
}

bool is_secret(const SecretRules& secrets, std::string_view pointer) {
  return is_secret_name(secrets, pointer.substr(pointer.rfind('/') + 1));
}

}  // namespace

std::string unlike_settings(std::string_view content, const SettingsProbe& probe, const SecretRules& secrets) {
  std::vector<std::string> pointers = probe.require;
  for (const auto& [pointer, wanted] : probe.equals) pointers.push_back(pointer);
  const auto read = read_settings(content, settings_format_of(probe.file), pointers);
  if (!read) return read.error().message;
  std::string problems;
  const auto add = [&](const std::string& problem) { problems += (problems.empty() ? "" : ", ") + problem; };
  for (std::size_t index = 0; index < probe.require.size(); ++index) {
    const auto& seen = (*read)[index];
    if (!seen) add(probe.require[index] + " is missing");
    if (seen && seen->kind == SettingSeen::Kind::null) add(probe.require[index] + " is null");
  }
  for (std::size_t index = 0; index < probe.equals.size(); ++index) {
    const auto& [pointer, wanted] = probe.equals[index];
    const auto& seen = (*read)[probe.require.size() + index];
    if (!seen) {
      add(pointer + " is missing");
    } else if (!seen->is(wanted)) {
      add(is_secret(secrets, pointer) ? pointer + " is not as declared"
                                      : fmt::format("{} is {}, not {}", pointer, shown(*seen), wanted));
    }
  }
  return problems;
}

}  // namespace autoheal::workflows
