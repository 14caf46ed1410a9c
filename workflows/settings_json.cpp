#include <charconv>
#include <nlohmann/json.hpp>

#include "workflows/settings_edit.hpp"

namespace autoheal::workflows {

namespace {

using nlohmann::json;

bool is_json_blank(char character) {
  return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

// Walks text that a full parser has accepted, so it only needs to find where values begin and end.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  struct Span {
    std::size_t begin = 0, end = 0;
  };

  Span value(std::size_t at) const {
    at = skip_blank(at);
    return {at, end_of_value(at)};
  }

  // Calls member(key, value) for each member of the object at `at` until it returns true; the closing brace otherwise.
  template <class Member>
  std::optional<std::size_t> object(std::size_t at, Member member) const {
    at = skip_blank(at + 1);
    while (text_[at] != '}') {
      const std::size_t key_end = end_of_string(at);
      const std::string key = json::parse(text_.substr(at, key_end - at)).get<std::string>();
      const Span found = value(skip_blank(key_end) + 1);
      if (member(key, found)) return std::nullopt;
      at = after_comma(found.end);
    }
    return at;
  }

  std::optional<Span> element(std::size_t at, std::size_t index) const {
    at = skip_blank(at + 1);
    for (std::size_t number = 0; text_[at] != ']'; ++number) {
      const Span found = value(at);
      if (number == index) return found;
      at = after_comma(found.end);
    }
    return std::nullopt;
  }

  std::size_t skip_blank(std::size_t at) const {
    while (at < text_.size() && is_json_blank(text_[at])) ++at;
    return at;
  }

 private:
  std::size_t after_comma(std::size_t at) const {
    at = skip_blank(at);
    return text_[at] == ',' ? skip_blank(at + 1) : at;
  }
  std::size_t end_of_string(std::size_t at) const {
    for (++at; text_[at] != '"'; ++at) {
      if (text_[at] == '\\') ++at;
    }
    return at + 1;
  }
  std::size_t end_of_value(std::size_t at) const {
    if (text_[at] == '"') return end_of_string(at);
    if (text_[at] != '{' && text_[at] != '[') {
      while (at < text_.size() && !is_json_blank(text_[at]) && text_[at] != ',' && text_[at] != '}' && text_[at] != ']')
        ++at;
      return at;
    }
    int depth = 0;
    do {
      if (text_[at] == '"') {
        at = end_of_string(at);
        continue;
      }
      depth += (text_[at] == '{' || text_[at] == '[') ? 1 : (text_[at] == '}' || text_[at] == ']') ? -1 : 0;
      ++at;
    } while (depth > 0);
    return at;
  }

  std::string_view text_;
};

// Asked before anything that recurses: comparing and copying a document does, reading it does not.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size() && depth <= deepest_settings; ++at) {
    const char one = text[at];
    if (in_string && one == '\\') {
      ++at;
    } else if (one == '"') {
      in_string = !in_string;
    } else if (!in_string) {
      depth += one == '{' || one == '[' ? 1 : one == '}' || one == ']' ? -1 : 0;
    }
  }
  return depth > deepest_settings;
}

std::optional<std::size_t> array_index(const std::string& token) {
  std::size_t index = 0;
  const auto [end, fault] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool leading_zero = token.size() > 1 && token[0] == '0';
  if (fault != std::errc() || end != token.data() + token.size() || leading_zero) return std::nullopt;
  return index;
}

// The new member, indented as the one before it.
std::string with_member(std::string_view text, std::size_t object, std::size_t brace, const std::string& key,
                        std::string_view scalar) {
  const Walker walker(text);
  std::size_t last_end = 0;
  std::size_t first_key = walker.skip_blank(object + 1);
  const bool empty = first_key == brace;
  (void)walker.object(object, [&](const std::string&, Walker::Span value) {
    last_end = value.end;
    return false;
  });
  const std::string member = json(key).dump() + ": " + std::string(scalar);
  std::string out(text);
  if (empty) {
    out.insert(object + 1, member);
  } else {
    const std::string gap(text.substr(object + 1, first_key - object - 1));
    out.insert(last_end, "," + (gap.empty() ? " " : gap) + member);
  }
  return out;
}

}  // namespace

Result<std::string> set_json_setting(std::string_view text, const std::vector<std::string>& tokens,
                                     std::string_view scalar) {
  json document = json::parse(text, nullptr, false);
  const json wanted = json::parse(scalar, nullptr, false);
  if (document.is_discarded())
    return failure(ErrorKind::invalid, "the file is not valid JSON, so no single value of it can be set");
  if (is_too_deep(text))
    return failure(ErrorKind::invalid,
                   "the file is nested deeper than " + std::to_string(deepest_settings) + " levels");
  if (wanted.is_discarded() || wanted.is_structured())
    return failure(ErrorKind::invalid, "the value is not a JSON scalar");

  const Walker walker(text);
  Walker::Span span = walker.value(0);
  json* node = &document;
  for (std::size_t depth = 0; depth < tokens.size(); ++depth) {
    const std::string& token = tokens[depth];
    if (node->is_object()) {
      std::optional<Walker::Span> found;  // of several equal keys parsers take the last
      const auto brace = walker.object(span.begin, [&](const std::string& key, Walker::Span value) {
        if (key == token) found = value;
        return false;
      });
      if (!found && depth + 1 == tokens.size()) {
        (*node)[token] = wanted;
        std::string changed = with_member(text, span.begin, *brace, token, scalar);
        if (json::parse(changed, nullptr, false) == document) return changed;
        return failure(ErrorKind::failed, "the key could not be added without changing other values");
      }
      if (!found) return failure(ErrorKind::invalid, "there is no \"" + token + "\" on the way to it");
      span = *found;
      node = &(*node)[token];
    } else if (node->is_array()) {
      const auto index = array_index(token);
      const auto found = index ? walker.element(span.begin, *index) : std::nullopt;
      if (!found) return failure(ErrorKind::invalid, "the list has no element " + token);
      span = *found;
      node = &(*node)[*index];
    } else {
      return failure(ErrorKind::invalid, "\"" + token + "\" would lie below a single value");
    }
  }
  if (*node == wanted && node->type() == wanted.type()) return std::string(text);
  *node = wanted;
  std::string changed(text);
  changed.replace(span.begin, span.end - span.begin, scalar);
  if (json::parse(changed, nullptr, false) != document) {
    return failure(ErrorKind::failed, "the value could not be set without changing others");
  }
  return changed;
}

}  // namespace autoheal::workflows
