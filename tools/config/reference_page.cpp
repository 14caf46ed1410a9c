// Writes the configuration reference in docs/configuration.md from the table of fields.
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/config/describe_fields.hpp"
#include "tools/config/type_words.hpp"

namespace autoheal::config {

namespace {

constexpr std::string_view introduction = R"(# Configuration reference

<!-- Generated. Do not edit: change the table in the source, then run
     autoheal config help --markdown > docs/configuration.md -->

This page lists every key of `autoheal.yaml`. `autoheal config help` prints the same list in a terminal, `autoheal config
schema` prints it as a JSON Schema for editors, and `autoheal config check` checks a file.

## The file

Autoheal reads the file named by `-c FILE`, else by `$AUTOHEAL_CONFIG`, else `./autoheal.yaml`, else
`/etc/autoheal/autoheal.yaml`. The file is one YAML document of at most 1 MiB in UTF-8 with line feeds. Unknown keys,
duplicate keys, aliases, anchors and tags are errors. The file must belong to root or to the user who runs Autoheal, and
only they and their own groups may be able to write it. Each error names file, line, column and key, says what was
expected, and often what you may have meant.

`include` names at most 64 more files, which hold only `version` and `engines`.

These environment variables override the file. An invalid value is an error.

| variable | overrides |
| --- | --- |
| `AUTOHEAL_CONFIG` | which file is read |
| `AUTOHEAL_LEDGER` | `ledger` |
| `AUTOHEAL_MAX_RETRIES` | `healing.max_retries`, for every engine |
| `AUTOHEAL_RETRY_DELAY` | `healing.retry_delay`, for every engine |
| `AUTO_HEAL_ON` | `healing.enabled`: true or false, 1 or 0, on or off, yes or no |

## Types

| type | written as |
| --- | --- |
| text | a string; quote it if YAML would read it as a number or a truth value |
| name | text without blanks, slashes and control characters, at most 255 bytes |
| argument | a string, a number or a truth value |
| duration | `250ms`, `5s`, `2m`, `1h`, or seconds as a number; fractions have at most six digits |
| size | bytes as a number, or with `KiB`, `MiB`, `GiB` or `TiB` |
| mode | permission bits in octal, quoted: `"0640"` |
| user:group | two names, or numbers, joined by a colon |
| target | a path relative to the engine's `root`, without `..`; it lies below `root` |
| target pattern | a target with `*` and `?`, which stop at a slash, and `**`, which does not |
| path | a path relative to the folder of the file that names it, or an absolute path |
| expression | a regular expression in RE2 syntax, matched against each line |
| URL | begins with `http://` or `https://` |
| SHA-256 | 64 lower-case hex digits |
| scalar | a string, a number, `true`, `false` or `null` |
| secret value | text or a number, or `{from: FILE}` to read it from a file |
| program | a list of arguments; the first one names the program. No shell is involved |

A program named without a slash is looked up when the file is read, in `/usr/local/sbin`, `/usr/local/bin`, `/usr/sbin`,
`/usr/bin`, `/sbin` and `/bin`, never in `$PATH`. A program with a slash is relative to the file that names it.

## Keys
)";

struct Group {
  const Shape* shape;
  std::vector<std::string> places;
};

void collect(const Shape& shape, const std::string& place, std::vector<Group>& groups) {
  auto group = std::ranges::find(groups, &shape, &Group::shape);
  if (group == groups.end()) group = groups.insert(groups.end(), Group{&shape, {}});
  group->places.push_back(place);
  for (const Field& field : shape.fields) {
    const std::string inner = (place.empty() ? "" : place + ".") + std::string(field.name);
    if (field.type == FieldType::object) collect(*field.shape, inner + (field.list ? "[]" : ""), groups);
    const Shape* other = field.or_else != nullptr ? field.or_else->shape : nullptr;
    if (other != nullptr && other != field.shape) collect(*other, inner, groups);
  }
}

// As text of a table's cell: what Markdown would take for a tag, emphasis or the cell's end is escaped.
std::string cell(std::string_view text) {
  std::string out;
  bool code = false;
  for (const char c : text) {
    if (c == '`') code = !code;
    if (c == '|' || (!code && (c == '<' || c == '*' || c == '['))) out += '\\';
    out += c;
  }
  return out;
}

std::string anchor(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, ' ', '-');
  return out;
}

std::string type_name(FieldType type) { return std::string(words_of(type).in_reference); }

std::string duration_text(std::int64_t us) {
  constexpr std::int64_t second = 1'000'000;
  if (us >= 3600 * second && us % (3600 * second) == 0) return std::to_string(us / (3600 * second)) + "h";
  if (us % second == 0) return std::to_string(us / second) + "s";
  return fmt::format("{}ms", us / 1000);
}

std::string size_text(std::int64_t bytes) {
  constexpr std::int64_t tebibyte = std::int64_t{1} << 40;
  if (bytes % tebibyte == 0) return fmt::format("{}TiB", bytes / tebibyte);
  return fmt::format("{}KiB", bytes / 1024);
}

std::string bound(const Field& field, std::int64_t number) {
  if (field.type == FieldType::duration) return duration_text(number);
  if (field.type == FieldType::size) return size_text(number);
  return std::to_string(number);
}

std::string link_to(const Shape& shape) { return fmt::format("[{}](#{})", shape.name, anchor(shape.name)); }

std::string choices_text(std::span<const std::string_view> choices) {
  std::string text;
  for (std::size_t index = 0; index < choices.size(); ++index) {
    const bool last = index + 1 == choices.size();
    text += (index == 0 ? "`" : last ? " or `" : ", `") + std::string(choices[index]) + "`";
  }
  return text;
}

std::string value_text(const Field& field) {
  std::string text = field.choices.empty() ? type_name(field.type) : choices_text(field.choices);
  if (field.type == FieldType::object) text = link_to(*field.shape);
  if (field.type == FieldType::map) {
    const Field& inner = field.shape->fields.front();
    text += fmt::format(" of names to {}{}s", inner.list ? "lists of " : "", type_name(inner.type));
  }
  if (field.list && field.type == FieldType::argument) {
    text = "program";
  } else if (field.list) {
    text = fmt::format("list of {}{}", text, field.type == FieldType::object ? "" : "s");
  }
  if (field.minimum != field.maximum)
    text += fmt::format(", {} to {}", bound(field, field.minimum), bound(field, field.maximum));
  if (field.or_else == nullptr) return text;
  return text + (field.or_else->shape == field.shape && field.shape != nullptr ? " or a single one"
                                                                               : " or " + value_text(*field.or_else));
}

std::string places_text(const Group& group) {
  std::string text;
  for (const std::string& place : group.places) text += (text.empty() ? "`" : ", `") + place + "`";
  return text.empty() || text == "``" ? "The top level of the file." : fmt::format("At {}.", text);
}

std::string section(const Group& group) {
  std::string out = fmt::format("\n### {}\n\n{}\n", group.shape->name, places_text(group));
  std::string one_of;
  for (const std::string_view name : group.shape->exactly_one_of)
    one_of += (one_of.empty() ? "`" : ", `") + std::string(name) + "`";
  if (!one_of.empty()) out += fmt::format("\nExactly one of {} is given.\n", one_of);
  out += "\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const Field& field : group.shape->fields) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", field.name, value_text(field),
                       field.required ? "required" : cell(field.fallback.text()), cell(field.help));
  }
  return out;
}

}  // namespace

std::string reference_page() {
  std::vector<Group> groups;
  collect(file_shape(), {}, groups);
  std::string out(introduction);
  for (const Group& group : groups) out += section(group);
  out.pop_back();  // the caller ends the last line
  return out;
}

}  // namespace autoheal::config
