// Checks that entry data is as our own writer makes it: JSON without floats, with only the escapes that leaves may
// hold. One pass, because every entry of a ledger goes through it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autoheal::store {

// One of the outermost object's, as it is written: the key without its quotes, the value with whatever it has. Views
// into the text that was checked.
struct JsonMember {
  std::string_view key, value;
};

// The first fault of `text` and its byte, or nothing. Pure; nesting deeper than 256 is a fault. `members`, unless null,
// receives the members of the outermost object; it is empty for any other value and for faulty text.
[[nodiscard]] std::optional<std::string> json_problem(std::string_view text,
                                                      std::vector<JsonMember>* members = nullptr);

// The value of `key` as it is written; empty if it is not there.
[[nodiscard]] std::string_view member_of(const std::vector<JsonMember>& members, std::string_view key);

}  // namespace autoheal::store
