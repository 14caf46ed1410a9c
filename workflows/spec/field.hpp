// A key of a configuration as people see it: name, type, limits, help and default.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace autoheal::workflows {

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

// The default of a key: a sentence, or the value that the struct has.
class Fallback {
 public:
  constexpr Fallback() = default;
  constexpr Fallback(std::string_view words) : words_(words) {}
  constexpr Fallback(const char* words) : words_(words) {}
  constexpr explicit Fallback(std::string (*of_struct)()) : of_struct_(of_struct) {}

  [[nodiscard]] constexpr bool is_given() const { return !words_.empty() || of_struct_ != nullptr; }
  // Empty where nothing is to be said.
  [[nodiscard]] std::string text() const { return of_struct_ != nullptr ? of_struct_() : std::string(words_); }

 private:
  std::string_view words_;
  std::string (*of_struct_)() = nullptr;
};

struct Shape;

struct Field {
  std::string_view name = {};
  FieldType type = FieldType::text;
  std::string_view help = {};
  bool list = false;  // of such values
  bool required = false;
  Fallback fallback = {};
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

}  // namespace autoheal::workflows
