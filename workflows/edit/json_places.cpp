#include "autoheal/workflows/edit/json_places.hpp"

#include <fmt/core.h>

#include <optional>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/workflows/text/settings_format.hpp"
#include "autoheal/workflows/text/text_places.hpp"

namespace autoheal::workflows {

namespace {

using Done = Result<void>;

bool is_json_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_word_part(char c) { return ascii::is_letter_or_digit(c) || std::string_view("_.+-").contains(c); }

std::optional<unsigned> hex4(std::string_view digits) {
  return digits.size() < 4 ? std::nullopt : parse_number<unsigned>(digits.substr(0, 4), 16);
}

class JsonReader {
 public:
  JsonReader(std::string_view text, const std::vector<std::string>& tokens) : text_(text), tokens_(tokens) {}

  Result<JsonWay> read() {
    AUTOHEAL_TRY(check_is_text(text_));
    at_ = byte_order_mark(text_);
    skip_blank();
    if (at_ == text_.size())
      return failure(ErrorKind::invalid, "the file is empty, so it has no value that could be set",
                     "restore the whole file with `files`");
    AUTOHEAL_TRY(value(0));
    skip_blank();
    if (at_ < text_.size()) return std::unexpected(behind_the_end());
    return std::move(way_);
  }

 private:
  static constexpr std::size_t off_the_way = static_cast<std::size_t>(-1);

  // `matched`: how many tokens lead to this value, or that it does not lie on the way.
  Done value(std::size_t matched) {
    JsonStep step;
    step.begin = at_;
    if (matched != off_the_way) {
      way_.steps.resize(matched);
      way_.steps.push_back(step);
    }
    if (auto done = content(step, matched); !done) return done;
    step.end = at_;
    if (matched != off_the_way) way_.steps[matched] = step;
    return {};
  }

  Done content(JsonStep& step, std::size_t matched) {
    const char first = peek();
    if (first == '{' || first == '[') {
      step.kind = first == '{' ? JsonStep::Kind::object : JsonStep::Kind::list;
      if (++depth_ > deepest_settings) {
        return failure(ErrorKind::invalid, fmt::format("the file is nested deeper than {} levels at {}",
                                                       deepest_settings, place_in(text_, at_)));
      }
      auto done = first == '{' ? object(step, matched) : list(step, matched);
      --depth_;
      return done;
    }
    step.kind = first == '"'                             ? JsonStep::Kind::text
                : first == '-' || ascii::is_digit(first) ? JsonStep::Kind::number
                                                         : JsonStep::Kind::word;
    if (step.kind == JsonStep::Kind::text) return string();
    return step.kind == JsonStep::Kind::number ? number() : word();
  }

  Done object(JsonStep& step, std::size_t matched) {
    std::size_t gap = ++at_;
    skip_blank();
    if (peek() == '}') return end_of_container();
    while (true) {
      if (peek() == '}') return wrong("a comma stands before the closing brace", "take the comma out");
      step.gap_begin = gap;
      step.key_begin = at_;
      if (peek() != '"') return no_key();
      if (auto done = string(); !done) return done;
      step.key_end = at_;
      skip_blank();
      if (peek() != ':') return wrong("a colon is missing behind the name");
      ++at_;
      skip_blank();
      step.value_begin = at_;
      const bool on_way = matched != off_the_way && matched < tokens_.size() &&
                          json_string(text_.substr(step.key_begin, step.key_end - step.key_begin)) == tokens_[matched];
      if (auto done = value(on_way ? matched + 1 : off_the_way); !done) return done;
      step.last_end = at_;
      ++step.members;
      skip_blank();
      if (peek() == '}') return end_of_container();
      if (peek() != ',') return no_comma("}");
      gap = ++at_;
      skip_blank();
    }
  }

  Done list(JsonStep& step, std::size_t matched) {
    ++at_;
    skip_blank();
    if (peek() == ']') return end_of_container();
    while (true) {
      if (peek() == ']') return wrong("a comma stands before the closing bracket", "take the comma out");
      const bool on_way =
          matched != off_the_way && matched < tokens_.size() && std::to_string(step.members) == tokens_[matched];
      if (auto done = value(on_way ? matched + 1 : off_the_way); !done) return done;
      ++step.members;
      skip_blank();
      if (peek() == ']') return end_of_container();
      if (peek() != ',') return no_comma("]");
      ++at_;
      skip_blank();
    }
  }

  Done string() {
    for (++at_; peek() != '"'; ++at_) {
      if (at_ >= text_.size()) return wrong("the file ends within a text");
      if (peek() == '\n' || peek() == '\r') return wrong("a line ends within a text", "write it as \\n");
      if (peek() == '\t') return wrong("a tab stands within a text", "write it as \\t");
      if (static_cast<unsigned char>(peek()) < 0x20) return wrong("a control character stands within a text");
      if (peek() != '\\') continue;
      if (auto done = escape(); !done) return done;
    }
    ++at_;
    return {};
  }

  // Ends on the last character of the escape.
  Done escape() {
    const std::string_view rest = text_.substr(at_ + 1);
    if (rest.empty() || !std::string_view("\"\\/bfnrtu").contains(rest[0]))
      return wrong("JSON has no such escape", "write a backslash as \\\\");
    if (rest[0] != 'u') {
      ++at_;
      return {};
    }
    const auto code = hex4(rest.substr(1));
    if (!code) return wrong("\\u is not followed by four hexadecimal digits");
    if (*code >= 0xD800 && *code < 0xE000) {
      const auto low = rest.substr(5).starts_with("\\u") ? hex4(rest.substr(7)) : std::nullopt;
      if (*code >= 0xDC00 || !low || *low < 0xDC00 || *low > 0xDFFF)
        return wrong("half of a surrogate pair stands alone, which is no character for most readers",
                     "write the character itself, or both halves");
      at_ += 6;
    }
    at_ += 5;
    return {};
  }

  Done number() {
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    if (!ascii::is_digit(peek())) return bad_number(begin);
    if (peek() == '0' && ascii::is_digit(peek(1))) return bad_number(begin, "a number must not begin with 0");
    skip_digits();
    if (peek() == '.') {
      ++at_;
      if (!ascii::is_digit(peek())) return bad_number(begin);
      skip_digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!ascii::is_digit(peek())) return bad_number(begin);
      skip_digits();
    }
    return is_word_part(peek()) ? bad_number(begin) : Done{};
  }

  Done bad_number(std::size_t begin, std::string_view why = "JSON does not write a number like this") {
    at_ = begin;
    return wrong(why, "write it in decimal digits, or in quotes if it is meant as text");
  }

  Done word() {
    for (const std::string_view known : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(known) || is_word_part(peek(known.size()))) continue;
      at_ += known.size();
      return {};
    }
    if (at_ >= text_.size()) return wrong("the file ends where a value should stand");
    if (is_comment()) return comment();
    if (peek() == ',' || peek() == '}' || peek() == ']') return wrong("a value is missing");
    if (peek() == '\'') return wrong("a text stands in single quotes", "JSON has double quotes alone");
    return wrong("this is no value of JSON", "JSON knows texts in double quotes, numbers, true, false and null");
  }

  bool is_comment() const { return peek() == '#' || (peek() == '/' && (peek(1) == '/' || peek(1) == '*')); }
  Done comment() const {
    return wrong("a comment stands here, and JSON has none (some programs read JSON with comments; others do not)",
                 "take the comments out, or restore the whole file with `files`");
  }
  Done no_key() const {
    if (is_comment()) return comment();
    if (at_ >= text_.size()) return wrong("the file ends within an object");
    if (peek() == '\'') return wrong("a name stands in single quotes", "JSON has double quotes alone");
    return wrong("a name in double quotes is missing");
  }
  Done no_comma(std::string_view closing) const {
    if (is_comment()) return comment();
    if (at_ >= text_.size()) return wrong("the file ends before the closing " + std::string(closing));
    return wrong("neither a comma nor the closing " + std::string(closing) + " stands behind the value");
  }
  Error behind_the_end() const {
    if (is_comment()) return comment().error();
    return wrong("text stands behind the end of the document",
                 "take it out; of several documents in one file no value can be set")
        .error();
  }

  Done wrong(std::string_view why, std::string hint = {}) const {
    return failure(ErrorKind::invalid, fmt::format("the file is not valid JSON at {}: {}", place_in(text_, at_), why),
                   std::move(hint));
  }

  Done end_of_container() {
    ++at_;
    return {};
  }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void skip_blank() {
    while (is_json_blank(peek())) ++at_;
  }
  void skip_digits() {
    while (ascii::is_digit(peek())) ++at_;
  }

  std::string_view text_;
  const std::vector<std::string>& tokens_;
  JsonWay way_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<JsonWay> find_json(std::string_view text, const std::vector<std::string>& tokens) {
  return JsonReader(text, tokens).read();
}

std::string json_string(std::string_view quoted) {
  std::string out;
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    constexpr std::string_view names = "bfnrt", characters = "\b\f\n\r\t";
    const char name = text[++at];
    if (const auto known = names.find(name); known != std::string_view::npos) {
      out += characters[known];
    } else if (name != 'u') {
      out += name;
    } else {
      unsigned code = hex4(text.substr(at + 1)).value_or(0);
      at += 4;
      if (code >= 0xD800 && code < 0xDC00) {
        code = 0x10000 + ((code - 0xD800) << 10U) + (hex4(text.substr(at + 3)).value_or(0) - 0xDC00);
        at += 6;
      }
      append_utf8(out, code);
    }
  }
  return out;
}

}  // namespace autoheal::workflows
