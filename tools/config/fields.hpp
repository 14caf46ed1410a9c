// The one table of what a configuration may say. The strict check, the help and the JSON Schema all read it; a field
// that is not here does not exist.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace autoheal::config {

enum class FieldType {
  text,      // quoted or plain, but not a number or truth value
  word,      // text without blanks: a name
  argument,  // of a command: text or a number
  boolean,
  integer,    // between minimum and maximum
  duration,   // 250ms, 5s, 2m, 1h or seconds; between minimum and maximum, in microseconds
  size,       // 64MiB, or bytes
  mode,       // octal permission bits
  owner,      // user:group
  target,     // a path below the engine's root
  pattern,    // such a path with * ? **
  source,     // a path relative to the file that names it
  regex,      // RE2
  url,        // http: or https:
  digest,     // 64 hex digits
  value,      // any scalar, as JSON
  env_value,  // text, a number, or {from: FILE}
  object,     // `shape`
  map,        // names to `shape`'s only field
};

struct Shape;

struct Field {
  std::string_view name;
  FieldType type;
  std::string_view help;
  bool list = false;  // of such values
  bool required = false;
  std::string_view fallback = {};                  // for help; the code's own defaults are the truth
  std::int64_t minimum = 0, maximum = 0;           // both 0: no limit
  std::span<const std::string_view> choices = {};  // of text
  const Shape* shape = nullptr;
  const Field* or_else = nullptr;  // another form that the value may have: a list, a group of keys or a scalar
};

struct Shape {
  std::string_view name;
  std::span<const Field> fields;
  std::span<const std::string_view> exactly_one_of = {};
};

// Of a whole file.
[[nodiscard]] const Shape& file_shape();

}  // namespace autoheal::config
