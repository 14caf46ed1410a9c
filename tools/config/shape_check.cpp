#include "tools/config/shape_check.hpp"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoheal/engine/base/durations.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/workflows/spec/secret_rules.hpp"
#include "tools/config/texts/scalars.hpp"
#include "tools/config/type_words.hpp"

namespace autoheal::config {

namespace {

constexpr std::size_t most_problems = 1'000;     // kept: a large file has room for a million
constexpr std::size_t longest_name_bytes = 255;  // what a file system takes

// A path below the root: relative, without "..", without control characters.
std::string wrong_with_target(const std::string& text) {
  if (text.empty()) return "is empty";
  if (text.front() == '/') return "is absolute";
  if (std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; })) return "has a control character";
  if (text.size() > 4096) return "is longer than 4096 bytes";
  std::string_view rest = text;
  while (true) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    if (part == "..") return "leads out of the engine's root";
    if (part.size() > longest_name_bytes) return "has a part of more than 255 bytes";
    if (part.empty() || part == ".") return text == "." ? "" : "has an empty or \".\" part";
    if (part == ".autoheal") return "lies in .autoheal, which is Autoheal's own";
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

class Check {
 public:
  Check(const std::string& file, std::vector<Problem>& problems) : file_(file), problems_(problems) {}

  void shape(const Node& node, const Shape& shape, const std::string& path) {
    if (node.kind != NodeKind::map)
      return expected(node, path, fmt::format("{} ({})", words_of(FieldType::object).expected, shape.name));
    bool all_known = true;
    for (std::size_t index = 0; index < node.keys.size(); ++index)
      all_known = known_key(node, index, shape, path) && all_known;
    for (const Field& field : shape.fields) {
      if (field.required && node.find(field.name) == nullptr) {
        add(node, path, fmt::format("\"{}\" is missing: {}", field.name, field.help));
      }
    }
    if (!shape.exactly_one_of.empty() && all_known) exactly_one(node, shape, path);
  }

 private:
  void add(const Node& node, const std::string& path, std::string message) {
    if (problems_.size() >= most_problems) return;
    problems_.push_back({file_, node.line, node.column, path, std::move(message)});
  }
  // The value under a secret name is never repeated.
  static bool is_secret(const std::string& path) {
    const workflows::SecretRules rules;
    std::size_t begin = 0;
    while (begin <= path.size()) {
      const std::size_t end = std::min(path.find_first_of(".[", begin), path.size());
      if (is_secret_name(rules, std::string_view(path).substr(begin, end - begin))) return true;
      begin = end + 1;
    }
    return false;
  }
  static std::string shown(const Node& node, const std::string& path) {
    return node.kind == NodeKind::scalar && is_secret(path) ? "something else" : describe(node);
  }
  static std::string quoted(const Node& node, const std::string& path) {
    return is_secret(path) ? "this" : "\"" + node.text + "\"";
  }
  void expected(const Node& node, const std::string& path, const std::string& what) {
    add(node, path, fmt::format("found {}, expected {}", shown(node, path), what));
  }

  static std::string below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  // False where the key is not in the table: its meaning is open, so nothing more is said about what is missing.
  bool known_key(const Node& node, std::size_t index, const Shape& shape, const std::string& path) {
    const Node& key = node.keys[index];
    const auto field = std::ranges::find(shape.fields, std::string_view(key.text), &Field::name);
    if (field != shape.fields.end()) {
      value(node.items[index], *field, below(path, key.text));
      return true;
    }
    std::vector<std::string> names;
    std::string all;
    for (const Field& one : shape.fields) {
      names.emplace_back(one.name);
      all += (all.empty() ? "" : ", ") + std::string(one.name);
    }
    const std::string meant = did_you_mean(key.text, names);
    add(key, path,
        fmt::format("unknown key \"{}\" in {}, expected one of: {}{}", key.text, shape.name, all,
                    meant.empty() ? "" : "; " + meant));
    return false;
  }

  void exactly_one(const Node& node, const Shape& shape, const std::string& path) {
    std::string all;
    int found = 0;
    for (const std::string_view name : shape.exactly_one_of) {
      all += (all.empty() ? "" : ", ") + std::string(name);
      if (node.find(name) != nullptr) ++found;
    }
    if (found != 1) {
      add(node, path,
          fmt::format("{} of {} is given, expected exactly one", found == 0 ? "none" : "more than one", all));
    }
  }

  // Whether the node is written as the field's values are, whatever it says.
  static bool has_form_of(const Node& node, const Field& field) {
    if (field.list) return node.kind == NodeKind::list;
    const bool keys = field.type == FieldType::object || field.type == FieldType::map;
    return node.kind == (keys ? NodeKind::map : NodeKind::scalar);
  }

  void value(const Node& node, const Field& field, const std::string& path) {
    if (field.or_else != nullptr && has_form_of(node, *field.or_else)) return value(node, *field.or_else, path);
    if (!field.list) return single(node, field, path);
    if (node.kind != NodeKind::list) return expected(node, path, "a list");
    if (field.type == FieldType::argument && node.items.empty())
      return add(node, path, "the list is empty, expected a program and its arguments");
    for (std::size_t index = 0; index < node.items.size(); ++index) {
      single(node.items[index], field, fmt::format("{}[{}]", path, index));
    }
  }

  void single(const Node& node, const Field& field, const std::string& path) {
    switch (field.type) {
      case FieldType::object:
        return shape(node, *field.shape, path);
      case FieldType::map:
        return map(node, field, path);
      case FieldType::env_value:
        if (node.kind == NodeKind::map) return from_file(node, path);
        break;
      default:
        break;
    }
    if (node.kind != NodeKind::scalar) return expected(node, path, expectation(field));
    scalar(node, field, path);
  }

  void map(const Node& node, const Field& field, const std::string& path) {
    // A single text here may be a secret: it is not repeated.
    if (node.kind == NodeKind::scalar) return add(node, path, "found a single value, expected " + expectation(field));
    if (node.kind != NodeKind::map) return expected(node, path, expectation(field));
    for (std::size_t index = 0; index < node.keys.size(); ++index) {
      value(node.items[index], field.shape->fields.front(), below(path, node.keys[index].text));
    }
  }

  void from_file(const Node& node, const std::string& path) {
    if (node.keys.size() == 1 && node.keys[0].text == "from" && node.items[0].kind == NodeKind::scalar &&
        !node.items[0].text.empty())
      return;
    expected(node, path, std::string(words_of(FieldType::env_value).expected));
  }

  static std::string expectation(const Field& field) {
    if (field.type == FieldType::integer) return std::string(words_of(field.type).expected) + range(field);
    if (field.choices.empty()) return std::string(words_of(field.type).expected);
    std::string all;
    for (const std::string_view choice : field.choices) all += (all.empty() ? "" : ", ") + std::string(choice);
    return "one of: " + all;
  }

  static std::string range(const Field& field) {
    if (field.minimum == 0 && field.maximum == 0) return {};
    return fmt::format(" from {} to {}", field.minimum, field.maximum);
  }

  void scalar(const Node& node, const Field& field, const std::string& path) {
    const ScalarType type = type_of(node);
    const std::string& text = node.text;
    bool fits = type == ScalarType::text;
    switch (field.type) {
      case FieldType::boolean:
        fits = type == ScalarType::boolean;
        break;
      case FieldType::value:
        fits = true;
        break;
      case FieldType::argument:
        fits = type != ScalarType::null;
        break;  // `true` and `false` are programs, too
      case FieldType::env_value:
        fits = type == ScalarType::text || type == ScalarType::number;
        break;
      case FieldType::integer:
        return integer(node, field, path);
      case FieldType::duration:
        return a_duration(node, field, path);
      case FieldType::size:
        fits = (type != ScalarType::null && type != ScalarType::boolean && in_range(parse_size(text), field));
        break;
      case FieldType::mode:
        fits = fits && parse_mode(text).has_value();
        break;
      case FieldType::owner:
        fits = fits && std::ranges::count(text, ':') == 1 && text.front() != ':' && text.back() != ':' &&
               text.find_first_of(" \t/") == std::string::npos;
        break;
      case FieldType::digest:
        fits = fits && text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
        break;
      case FieldType::url:
        fits = fits && (text.starts_with("http://") || text.starts_with("https://")) &&
               text.find_first_of(" \t\r\n") == std::string::npos;
        break;
      case FieldType::source:
        fits = fits && !text.empty() && text.find('\0') == std::string::npos;
        break;
      case FieldType::word:
        fits = fits && is_word(text);
        break;
      case FieldType::regex:
        return fits ? regex(node, path) : expected(node, path, expectation(field));
      case FieldType::target:
      case FieldType::pattern:
        if (const auto wrong = fits ? wrong_with_target(text) : ""; !wrong.empty()) {
          return add(node, path,
                     fmt::format("{} {}, expected a path below the engine's root", quoted(node, path), wrong));
        }
        break;
      default:
        if (fits && !field.choices.empty()) return choose(node, field, path);
    }
    if (!fits)
      expected(
          node, path,
          expectation(field) + (type != ScalarType::text && field.type == FieldType::text ? "; put it in quotes" : ""));
  }

  static bool is_word(const std::string& text) {
    return !text.empty() && text.size() <= 255 &&
           std::ranges::none_of(text, [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '/'; });
  }
  static bool in_range(const std::optional<std::uint64_t>& number, const Field& field) {
    return number && (field.maximum == 0 || (static_cast<std::int64_t>(*number) >= field.minimum &&
                                             static_cast<std::int64_t>(*number) <= field.maximum));
  }

  void integer(const Node& node, const Field& field, const std::string& path) {
    const auto number = type_of(node) == ScalarType::number ? parse_number<std::int64_t>(node.text) : std::nullopt;
    if (!number || (field.maximum != 0 && (*number < field.minimum || *number > field.maximum)))
      expected(node, path, expectation(field));
  }

  void a_duration(const Node& node, const Field& field, const std::string& path) {
    const auto time = parse_duration(node.text);
    if (!time || type_of(node) == ScalarType::null) return expected(node, path, expectation(field));
    if (field.maximum != 0 && (time->count() < field.minimum || time->count() > field.maximum)) {
      expected(node, path,
               fmt::format("a duration from {}ms to {}h", field.minimum / 1000, field.maximum / 3'600'000'000));
    }
  }

  void regex(const Node& node, const std::string& path) {
    RE2::Options options;
    options.set_log_errors(false);
    const RE2 expression(node.text, options);
    if (!expression.ok())
      add(node, path,
          fmt::format("{} is not a regular expression (RE2){}", quoted(node, path),
                      is_secret(path) ? "" : ": " + expression.error()));
  }

  void choose(const Node& node, const Field& field, const std::string& path) {
    if (std::ranges::find(field.choices, std::string_view(node.text)) != field.choices.end()) return;
    const std::vector<std::string> choices(field.choices.begin(), field.choices.end());
    const std::string meant = did_you_mean(node.text, choices);
    expected(node, path, expectation(field) + (meant.empty() ? "" : "; " + meant));
  }

  const std::string& file_;
  std::vector<Problem>& problems_;
};

}  // namespace

void check_shape(const Node& node, const Shape& shape, const std::string& file, const std::string& path,
                 std::vector<Problem>& problems) {
  Check(file, problems).shape(node, shape, path);
}

}  // namespace autoheal::config
