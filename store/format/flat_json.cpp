#include "autoheal/store/format/flat_json.hpp"

#include <functional>

#include "autoheal/store/format/canonical_text.hpp"

namespace autoheal::store {

namespace {

class Reader {
 public:
  Reader(std::string_view text, std::size_t max_items) : text_(text), max_items_(max_items) {}

  std::optional<FlatObject> whole() {
    FlatObject object;
    if (!take('{')) return std::nullopt;
    if (!take('}')) {
      do {
        if (!member(object)) return std::nullopt;
      } while (take(','));
      if (!take('}')) return std::nullopt;
    }
    skip_blanks();
    if (at_ != text_.size()) return std::nullopt;
    return object;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }

  bool take(char expected) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }

  bool member(FlatObject& object) {
    auto key = string();
    if (!key || !take(':')) return false;
    auto content = value();
    return content && object.emplace(std::move(*key), std::move(*content)).second;
  }

  std::optional<FlatValue> value() {
    skip_blanks();
    const char next = at_ < text_.size() ? text_[at_] : '\0';
    if (next == '"') return wrapped(string());
    if (next == '[') return wrapped(list());
    return wrapped(number());
  }

  template <class T>
  static std::optional<FlatValue> wrapped(std::optional<T> read) {
    if (!read) return std::nullopt;
    return FlatValue(std::move(*read));
  }

  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    const std::size_t first = at_;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') return std::string(text_.substr(first, at_++ - first));
      if (c < ' ' || c > '~' || c == '\\') return std::nullopt;
    }
    return std::nullopt;
  }

  std::optional<std::uint64_t> number() {
    const std::size_t first = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return number_from_decimal(text_.substr(first, at_ - first));
  }

  std::optional<std::vector<std::string>> list() {
    std::vector<std::string> items;
    ++at_;  // the bracket that told what it is
    if (take(']')) return items;
    do {
      auto item = string();
      if (!item || items.size() == max_items_) return std::nullopt;
      items.push_back(std::move(*item));
    } while (take(','));
    if (!take(']')) return std::nullopt;
    return items;
  }

  std::string_view text_;
  std::size_t max_items_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<FlatObject> parse_flat_json(std::string_view json, std::size_t max_items) {
  return Reader(json, max_items).whole();
}

}  // namespace autoheal::store
