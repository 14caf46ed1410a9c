// Reads one flat JSON object of numbers, plain strings and lists of plain strings: all that proof files hold. Strict
// where a document tree would be lenient: no key twice, no escapes, no floats, nothing after the object. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace autoheal::store {

using FlatValue = std::variant<std::uint64_t, std::string, std::vector<std::string>>;
using FlatObject = std::map<std::string, FlatValue, std::less<>>;

// Nothing if `json` is anything else. Numbers are below 2^63, strings printable ASCII, lists of at most `max_items`.
[[nodiscard]] std::optional<FlatObject> parse_flat_json(std::string_view json, std::size_t max_items);

}  // namespace autoheal::store
