// Whether entry data is what our own writer makes: JSON without floats, with the few escapes that leaves may hold. One
// pass, since every entry of a ledger goes through it.
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

// What is wrong with `text` and at which byte, or nothing. Pure; nesting deeper than 256 is wrong. `members`, unless it
// is null, is filled with what the outermost object holds; it is empty for any other value, and for wrong text.
[[nodiscard]] std::optional<std::string> json_problem(std::string_view text,
                                                      std::vector<JsonMember>* members = nullptr);

// The value of `key` as it is written; empty where it is not there.
[[nodiscard]] std::string_view member_of(const std::vector<JsonMember>& members, std::string_view key);

}  // namespace autoheal::store
