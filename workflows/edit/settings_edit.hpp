// Surgical edits of JSON and YAML files: only the bytes of the value at a pointer change; comments, order, indentation,
// line ends and quoting stay. Whether an edit is right is not for the editor to say: `settings_judge` reads both texts.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/text/settings_format.hpp"

namespace autoheal::workflows {

// Pointers (RFC 6901) with their values as JSON text of a string, number, true, false or null.
using SettingValues = std::vector<std::pair<std::string, std::string>>;

// The tokens of an RFC 6901 pointer; invalid if it does not begin with "/", has a wrong escape or is not UTF-8.
[[nodiscard]] Result<std::vector<std::string>> pointer_tokens(std::string_view pointer);

struct EditedSettings {
  std::string text;
  std::vector<std::string> changed;  // the pointers that were not as wanted
};

// `text` with all values set, each as it is written in `set` (1.10 stays 1.10). A missing last key is added to its
// object; a null in the place of that object becomes one. Anything else that is missing is invalid, as is text that is
// not wholly understood, with line and column; and a YAML place that stands in others, too (by an alias or a merge)
// unless those are set to the same. A value that is as wanted already stays byte for byte. In a YAML stream of several
// documents, the edit is made in the one document that has the value's parent; if several have it (the top level: all),
// the edit is refused.
[[nodiscard]] Result<EditedSettings> set_settings(std::string_view text, SettingsFormat format,
                                                  const SettingValues& set);
// One value alone.
[[nodiscard]] Result<std::string> set_setting(std::string_view text, SettingsFormat format, std::string_view pointer,
                                              std::string_view scalar);

}  // namespace autoheal::workflows
