// A strict reader of JSON that finds begin and end of the values on the way to a pointer. It keeps only that way, so
// that a large file costs no more than its bytes; what is not JSON is named by place and reason.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::workflows {

// A value on the way.
struct JsonStep {
  enum class Kind { object, list, text, number, word } kind = Kind::word;
  std::size_t begin = 0, end = 0;
  std::size_t members = 0;  // of an object; of a list, its elements
  // The last member of an object: the blanks before its key and around its colon, and its end.
  std::size_t gap_begin = 0, key_begin = 0, key_end = 0, value_begin = 0, last_end = 0;
  [[nodiscard]] bool is_container() const { return kind == Kind::object || kind == Kind::list; }
};

struct JsonWay {
  std::vector<JsonStep> steps;  // from the whole document down; one more than tokens where all of them were found
};

// If several members have one name, the last counts, as it does for parsers.
[[nodiscard]] Result<JsonWay> find_json(std::string_view text, const std::vector<std::string>& tokens);

// The characters of a string that `find_json` has accepted, with its quotes.
[[nodiscard]] std::string json_string(std::string_view quoted);

}  // namespace autoheal::workflows
