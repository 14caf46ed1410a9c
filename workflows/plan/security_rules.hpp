// The few rules of modes that repair, preflight and scan must read alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/plan/observation.hpp"

namespace autoheal::workflows {

// A mode within `max_mode`. A folder that a class of users may read they may also enter, so that "0640" does not lock
// it.
[[nodiscard]] constexpr FileMode mode_within(FileMode mode, FileMode max_mode, TargetKind kind) {
  if (kind == TargetKind::folder) max_mode |= (max_mode & 0444U) >> 2U;
  return mode & max_mode;
}

[[nodiscard]] constexpr bool is_setid(FileMode mode, TargetKind kind) {
  return kind == TargetKind::file && (mode & 06000U) != 0;
}

// A hint after findings about files that give their runner the rights of another user.
inline constexpr std::string_view allowed_as_setid = "; `allow_setid: true` under `certify.security` allows that";

// File capabilities grant as setuid does. Where no security is declared they stay what they are: a repair gives none.
[[nodiscard]] inline bool judges_capabilities(const SecuritySpec& policy) {
  return !policy.allow_setid && !policy.paths.empty();
}

// The first of `patterns` that occurs in a line of `content` (line_expressions.hpp); empty if none does. An unreadable
// pattern counts as found, since what cannot be checked is not certified.
[[nodiscard]] std::optional<std::string> forbidden_in(std::string_view content,
                                                      const std::vector<std::string>& patterns);
// `content` without the lines in which one of `patterns` occurs. invalid: a pattern that is none.
[[nodiscard]] Result<std::string> without_forbidden_lines(std::string_view content,
                                                          const std::vector<std::string>& patterns);

}  // namespace autoheal::workflows
