// Says whether an edit of a settings file is right, by reading both whole texts with other libraries than the editor's:
// what every other pointer means is what it meant before, and what was set means the new value, for readers of YAML 1.1
// and 1.2 alike. It shares no code with the editor, so what the editor misreads is not certified.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/text/settings_format.hpp"

namespace autoheal::workflows {

// The reasons why `after` is not `before` with `set` (pointers and JSON text of scalars); none: it is right.
[[nodiscard]] std::vector<std::string> judge_settings(std::string_view before, std::string_view after,
                                                      SettingsFormat format,
                                                      const std::vector<std::pair<std::string, std::string>>& set);

// The value at a pointer.
struct SettingSeen {
  // unclear: YAML readers differ on it (yes, 017, 1_000); custom: it has a tag that only its program understands.
  enum class Kind { null, boolean, number, text, list, object, unclear, custom } kind = Kind::null;
  std::string text;  // of a scalar, a number as it is written
  // Whether it is this string, number, true, false or null (JSON text). A number is the same if it is written the same.
  [[nodiscard]] bool is(std::string_view wanted) const;
};

// In the order of the pointers; empty if nothing is there. Invalid where the text is not wholly understood, or a
// pointer could mean several of the documents in it.
[[nodiscard]] Result<std::vector<std::optional<SettingSeen>>> read_settings(std::string_view text,
                                                                            SettingsFormat format,
                                                                            const std::vector<std::string>& pointers);
[[nodiscard]] Result<std::optional<SettingSeen>> read_setting(std::string_view text, SettingsFormat format,
                                                              std::string_view pointer);

}  // namespace autoheal::workflows
