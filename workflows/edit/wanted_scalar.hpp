// A single value that is to be written into a JSON or YAML file, and how it is spelled there.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::workflows {

struct WantedScalar {
  enum class Kind { null, boolean, number, text } kind = Kind::null;
  std::string text;     // of a text: its characters; of all else: as it is written
  std::string as_json;  // as it was given
};

// From JSON text of a string, number, true, false or null; invalid for anything else.
[[nodiscard]] Result<WantedScalar> wanted_scalar(std::string_view json_text);

// Between double quotes, as JSON and YAML both read it.
[[nodiscard]] std::string double_quoted(std::string_view text);

// True if some YAML reader (of version 1.1 or 1.2) takes these characters, unquoted, for something else than text: a
// null, truth value, number, date, merge key.
[[nodiscard]] bool looks_special(std::string_view text);
// True if every YAML reader takes these characters, unquoted, for this text; in a flow collection fewer are safe.
[[nodiscard]] bool is_safe_plain(std::string_view text, bool in_flow);

// As YAML, in the style of the value that gives way: ' or ", or plain where all readers see the same. Invalid for a
// number that some of them take for text.
[[nodiscard]] Result<std::string> as_yaml(const WantedScalar& wanted, char old_quote, bool in_flow);

}  // namespace autoheal::workflows
