// Words for the type of a field: in the help, in the reference page, and in a message that expects one.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "tools/config/fields.hpp"

namespace autoheal::config {

struct TypeWords {
  FieldType type;
  std::string_view in_help, in_reference, expected;  // empty: it is shown in another way
};

inline constexpr std::array<TypeWords, 19> type_words = {{
    {FieldType::text, "text", "text", "a text"},
    {FieldType::word, "text", "name", "a name without blanks, / or control characters"},
    {FieldType::argument, "text", "argument", "a text or a number"},
    {FieldType::boolean, "true/false", "true or false", "true or false"},
    {FieldType::integer, "number", "whole number", "a whole number"},
    {FieldType::duration, "duration", "duration", "a duration such as 250ms, 5s, 2m or 1h"},
    {FieldType::size, "size", "size", "a size such as 64MiB"},
    {FieldType::mode, "mode", "mode", "permission bits in quotes, such as \"0640\""},
    {FieldType::owner, "user:group", "user:group", "user:group"},
    {FieldType::target, "path below root", "target", "a path below the engine's root"},
    {FieldType::pattern, "path pattern below root", "target pattern", "a path below the engine's root"},
    {FieldType::source, "path", "path", "a path"},
    {FieldType::regex, "expression", "expression", "a regular expression (RE2)"},
    {FieldType::url, "URL", "URL", "a URL that begins with http:// or https://"},
    {FieldType::digest, "SHA-256", "SHA-256", "64 lower-case hex digits"},
    {FieldType::value, "", "scalar", "a text, number, true, false or null"},
    {FieldType::env_value, "", "secret value", "a text, or {from: FILE}"},
    {FieldType::object, "", "", "a group of keys"},
    {FieldType::map, "names: values", "mapping", "a group of names and values"},
}};

static_assert(std::ranges::all_of(type_words, [at = 0](const TypeWords& one) mutable {
  return static_cast<int>(one.type) == at++;
}));

constexpr const TypeWords& words_of(FieldType type) { return type_words[static_cast<std::size_t>(type)]; }

}  // namespace autoheal::config
