#include "autoheal/workflows/text/expression_samples.hpp"

#include <re2/re2.h>

#include <algorithm>

#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::workflows {

namespace {

using Texts = std::vector<std::string>;

constexpr std::size_t most_texts = 24;
constexpr std::size_t longest_text = 4096;
constexpr unsigned deepest_group = 200;

// Those that say most come first, the line end last.
std::string_view characters() {
  static const std::string all = [] {
    std::string ordered = "a0A -_/.=:,;\"'x1B#@";
    for (int value = 1; value < 256; ++value) {
      const char one = static_cast<char>(value);
      if (one != '\n' && ordered.find(one) == std::string::npos) ordered += one;
    }
    return ordered + '\0' + '\n';
  }();
  return all;
}

Texts joined(const Texts& left, const Texts& right) {
  Texts both;
  for (const std::string& first : left) {
    for (const std::string& second : right) {
      if (both.size() < most_texts && first.size() + second.size() <= longest_text) both.push_back(first + second);
    }
  }
  return both;
}

void add(Texts& into, const Texts& more) {
  for (const std::string& one : more) {
    if (into.size() < most_texts && std::ranges::find(into, one) == into.end()) into.push_back(one);
  }
}

class Samples {
 public:
  explicit Samples(std::string_view pattern) : rest_(pattern) {}

  Texts branches(unsigned depth = 0) {
    Texts all = sequence(depth);
    while (rest_.starts_with('|')) {
      rest_.remove_prefix(1);
      add(all, sequence(depth));
    }
    return all;
  }

 private:
  Texts sequence(unsigned depth) {
    Texts all = {""};
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      const Texts one = atom(depth);
      all = joined(all, repeated(one));
    }
    return all;
  }

  Texts atom(unsigned depth) {
    switch (rest_.front()) {
      case '(':
        return group(depth);
      case '[':
        return one_of(taken(length_of_class()));
      case '\\':
        return escaped();
      case '^':
      case '$':
        rest_.remove_prefix(1);
        return {""};
      case '.':
        rest_.remove_prefix(1);
        return {"a"};
      default:
        return {std::string(taken(1))};
    }
  }

  Texts group(unsigned depth) {
    rest_.remove_prefix(1);
    if (depth > deepest_group) {
      rest_ = {};
      return {};
    }
    if (rest_.starts_with('?')) {
      // "(?i)", "(?i:", "(?P<name>", "(?<name>"
      const auto end = rest_.find_first_of(rest_.starts_with("?P<") || rest_.starts_with("?<") ? ">" : ":)");
      const bool flags_alone = end != std::string_view::npos && rest_[end] == ')';
      rest_.remove_prefix(std::min(end, rest_.size() - 1) + 1);
      if (flags_alone) return {""};
    }
    Texts inner = branches(depth + 1);
    if (rest_.starts_with(')')) rest_.remove_prefix(1);
    return inner;
  }

  Texts escaped() {
    if (rest_.size() < 2) return {std::string(taken(rest_.size()))};
    switch (rest_[1]) {
      case 'b':
      case 'B':
      case 'A':
      case 'z':
        rest_.remove_prefix(2);
        return {""};
      case 'Q': {
        rest_.remove_prefix(2);
        const auto end = std::min(rest_.find("\\E"), rest_.size());
        std::string quoted(taken(end));
        rest_.remove_prefix(std::min<std::size_t>(2, rest_.size()));
        return {quoted};
      }
      case 'E':
        rest_.remove_prefix(2);
        return {""};
      case 'p':
      case 'P':
      case 'x': {
        const bool braces = rest_.size() > 2 && rest_[2] == '{';
        const auto end = braces ? std::min(rest_.find('}'), rest_.size() - 1) + 1 : rest_[1] == 'x' ? 4 : 3;
        return one_of(taken(std::min<std::size_t>(end, rest_.size())));
      }
      default:
        return one_of(taken(length_of_escape()));
    }
  }

  // "\n", "\.", "\d", "\123"
  [[nodiscard]] std::size_t length_of_escape() const {
    std::size_t length = 2;
    const auto is_octal = [&](std::size_t at) { return at < rest_.size() && rest_[at] >= '0' && rest_[at] <= '7'; };
    if (is_octal(1)) {
      while (length < 4 && is_octal(length)) ++length;
    }
    return length;
  }

  [[nodiscard]] std::size_t length_of_class() const {
    std::size_t at = 1;
    if (at < rest_.size() && rest_[at] == '^') ++at;
    if (at < rest_.size() && rest_[at] == ']') ++at;  // as its first member it is one
    while (at < rest_.size() && rest_[at] != ']') {
      const bool named = rest_.substr(at, 2) == "[:";
      const auto end = named ? rest_.find(":]", at + 2) : std::string_view::npos;
      at += end != std::string_view::npos ? end + 2 - at : rest_[at] == '\\' ? 2 : 1;
    }
    return std::min(at + 1, rest_.size());
  }

  // One character: RE2 itself says which ones these are.
  static Texts one_of(std::string_view expression) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(RE2::Options::EncodingLatin1);
    const RE2 alone(re2::StringPiece(expression.data(), expression.size()), options);
    if (!alone.ok()) return {};
    for (const char& one : characters()) {
      if (RE2::FullMatch(re2::StringPiece(&one, 1), alone)) return {std::string(1, one)};
    }
    return {};
  }

  Texts repeated(const Texts& one) {
    if (rest_.empty()) return one;
    unsigned least = 1;
    if (rest_.front() == '*' || rest_.front() == '?') {
      least = 0;
      rest_.remove_prefix(1);
    } else if (rest_.front() == '+') {
      rest_.remove_prefix(1);
    } else if (const std::size_t length = length_of_count(least); length > 0) {
      rest_.remove_prefix(length);
    } else {
      return one;
    }
    if (rest_.starts_with('?')) rest_.remove_prefix(1);  // as few as possible
    Texts all = {""};
    for (unsigned count = 0; count < least; ++count) all = joined(all, one);
    if (least == 0) add(all, one);
    return repeated(all);
  }

  // "{2}", "{2,}", "{2,5}"; 0 for a brace that is only a character.
  std::size_t length_of_count(unsigned& least) const {
    if (!rest_.starts_with('{')) return 0;
    const auto end = rest_.find('}');
    if (end == std::string_view::npos) return 0;
    std::string_view more = rest_.substr(1, end - 1);
    const auto count = take_number<unsigned>(more);
    const bool is_count = count && (more.empty() || more.front() == ',') &&
                          more.find_first_not_of("0123456789", 1) == std::string_view::npos;
    least = is_count ? *count : 1;
    return is_count ? end + 1 : 0;
  }

  std::string_view taken(std::size_t length) {
    const std::string_view text = rest_.substr(0, length);
    rest_.remove_prefix(text.size());
    return text;
  }

  std::string_view rest_;
};

}  // namespace

std::vector<std::string> samples_of(std::string_view pattern) { return Samples(pattern).branches(); }

}  // namespace autoheal::workflows
