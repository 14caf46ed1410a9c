#include "autoheal/store/format/json_check.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/plain_run.hpp"
#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::store {

namespace {

constexpr int deepest = 256;

class Check {
 public:
  Check(std::string_view text, std::vector<JsonMember>* members) : text_(text), members_(members) {}

  std::optional<std::string> problem() {
    if (value(0) && at_ != text_.size()) wrong("more than one value");
    return problem_;
  }

 private:
  bool wrong(std::string_view what) {
    problem_ = fmt::format("{} at byte {}", what, at_);
    return false;
  }

  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char expected) {
    if (next() != expected) return false;
    ++at_;
    return true;
  }

  bool value(int depth) {
    if (depth > deepest) return wrong("nesting that is too deep");
    switch (next()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool object(int depth) {
    ++at_;
    if (take('}')) return true;
    do {
      const std::size_t key = at_;
      if (!string()) return false;
      const std::size_t key_end = at_;
      if (!take(':')) return wrong("no colon");
      const std::size_t content = at_;
      if (!value(depth + 1)) return false;
      if (depth == 0 && members_ != nullptr)
        members_->push_back({text_.substr(key + 1, key_end - key - 2), text_.substr(content, at_ - content)});
    } while (take(','));
    if (!take('}')) return wrong("an object that does not end");
    return true;
  }

  bool array(int depth) {
    ++at_;
    if (take(']')) return true;
    do {
      if (!value(depth + 1)) return false;
    } while (take(','));
    if (!take(']')) return wrong("an array that does not end");
    return true;
  }

  bool string() {
    if (!take('"')) return wrong("no string");
    while (true) {
      at_ = end_of_plain_run(text_, at_);
      if (at_ == text_.size()) return wrong("a string that does not end");
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return wrong("a control character");
      const std::size_t length = utf8_sequence_at(text_, at_);
      if (length == 0) return wrong("invalid UTF-8");
      at_ += length;
      if (c == '\\' && !escape()) return false;
    }
  }

  bool escape() {
    if (take('"') || take('\\')) return true;
    constexpr std::string_view hex = "0123456789abcdef";
    const std::string_view code = text_.substr(at_, 5);
    if (code.size() == 5 && code.starts_with("u00") && hex.contains(code[3]) && hex.contains(code[4])) {
      at_ += code.size();
      return true;
    }
    return wrong("an escape other than \\\" \\\\ \\u00xx");
  }

  bool word(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return wrong("an unknown word");
    at_ += expected.size();
    return true;
  }

  bool number() {
    take('-');
    const std::size_t first = at_;
    while (next() >= '0' && next() <= '9') ++at_;
    if (at_ == first) return wrong("no value");
    if (text_[first] == '0' && at_ - first > 1) return wrong("a number with a leading zero");
    if (next() == '.' || next() == 'e' || next() == 'E') return wrong("a float");
    return true;
  }

  std::string_view text_;
  std::vector<JsonMember>* members_;
  std::size_t at_ = 0;
  std::optional<std::string> problem_;
};

}  // namespace

std::optional<std::string> json_problem(std::string_view text, std::vector<JsonMember>* members) {
  if (members != nullptr) members->clear();
  auto problem = Check(text, members).problem();
  if (problem && members != nullptr) members->clear();
  return problem;
}

std::string_view member_of(const std::vector<JsonMember>& members, std::string_view key) {
  for (const JsonMember& member : members) {
    if (member.key == key) return member.value;
  }
  return {};
}

}  // namespace autoheal::store
