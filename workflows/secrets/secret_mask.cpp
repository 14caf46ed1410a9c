#include "autoheal/workflows/secrets/secret_mask.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <utility>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/workflows/text/glob.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::string_view mask = "***";
constexpr std::size_t shortest_secret_bytes = 4;

// Upper case, with _ for -.
std::string comparable(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c == '-' ? '_' : ascii::to_upper(c); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// Overlapping ranges become one.
std::string without(std::string_view text, std::vector<TextRange> ranges) {
  if (ranges.empty()) return std::string(text);
  std::ranges::sort(ranges);
  std::string out;
  std::size_t done = 0;
  for (const auto& [begin, end] : ranges) {
    if (begin >= done) out.append(text, done, begin - done).append(mask);
    done = std::max(done, end);
  }
  return out.append(text, done);
}

TextRange range_of(std::string_view text, const re2::StringPiece& part) {
  const auto begin = static_cast<std::size_t>(part.data() - text.data());
  return {begin, begin + part.size()};
}

// Forms that are secrets under any rules. Compiling the expressions takes longer than searching most texts.
struct Forms {
  // Name and value; quotes around the value stay, so that JSON stays JSON.
  RE2 assignment{R"(([A-Za-z_][A-Za-z0-9_.-]*)\\?["']?\s*[=:]\s*)"
                 R"((?:\\?"((?:[^"\\\n]|\\.)*)|'((?:[^'\\\n]|\\.)*)|([^\s"',;]+(?:[,;][^\s"',;]+)*)))"};
  RE2 flag{R"(--?([A-Za-z][A-Za-z0-9_-]*)\s+([^\s-]\S*))"};
  // Secrets in any context, as the only group: RFC 3986 user information, RFC 7235 credentials, private keys.
  std::array<RE2, 4> always{
      RE2(R"([A-Za-z][A-Za-z0-9+.-]*://([^\s/@:]*:[^\s/@]+)@)"),
      RE2(R"((?i)authorization\\?["']?\s*[=:]\s*\\?["']?(?:[a-z]+[ \t]+)?([^\s"',;]+))"),
      RE2(R"((?i)\b(?:bearer|basic)[ \t]+([A-Za-z0-9._~+/=-]{8,}))"),
      RE2(R"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----((?s:.*?))(?:-----END|\z))"),
  };
};

const Forms& forms() {
  static const Forms all;
  return all;
}

}  // namespace

bool is_secret_name(const SecretRules& rules, std::string_view name) {
  const std::string wanted = comparable(name);
  return std::ranges::any_of(rules.names,
                             [&](const std::string& pattern) { return glob_matches(comparable(pattern), wanted); });
}

struct SecretMask::Compiled {
  SecretRules rules;
  std::deque<RE2> patterns;

  void find(std::string_view text, std::vector<TextRange>& found) const {
    find_assignments(text, found);
    find_flags(text, found);
    for (const RE2& one : forms().always) {
      re2::StringPiece rest(text.data(), text.size()), secret;
      while (RE2::FindAndConsume(&rest, one, &secret)) {
        if (!secret.empty()) found.push_back(range_of(text, secret));
      }
    }
    for (const RE2& pattern : patterns) find_pattern(text, pattern, found);
    if (!patterns.empty() && text.find("\r\n") != std::string_view::npos) find_before_returns(text, found);
  }

 private:
  void find_assignments(std::string_view text, std::vector<TextRange>& found) const {
    re2::StringPiece rest(text.data(), text.size()), name, in_double, in_single, bare;
    while (RE2::FindAndConsume(&rest, forms().assignment, &name, &in_double, &in_single, &bare)) {
      const re2::StringPiece& value = !bare.empty() ? bare : !in_single.empty() ? in_single : in_double;
      if (is_secret_name(rules, {name.data(), name.size()})) {
        if (!value.empty()) found.push_back(range_of(text, value));
      } else if (!value.empty()) {
        // "answer: token=...": what follows a plain name may begin with a secret one.
        rest = re2::StringPiece(value.data(), static_cast<std::size_t>(text.data() + text.size() - value.data()));
      }
    }
  }

  void find_flags(std::string_view text, std::vector<TextRange>& found) const {
    re2::StringPiece rest(text.data(), text.size()), name, value;
    while (RE2::FindAndConsume(&rest, forms().flag, &name, &value)) {
      if (is_secret_name(rules, {name.data(), name.size()})) found.push_back(range_of(text, value));
    }
  }

  // The same places once more, with \r\n as the end of a line: `$` stands before it.
  void find_before_returns(std::string_view text, std::vector<TextRange>& found) const {
    std::string lines(text);
    for (auto at = lines.find("\r\n"); at != std::string::npos; at = lines.find("\r\n", at)) lines[at] = '\n';
    for (const RE2& pattern : patterns) find_pattern(lines, pattern, found);
  }

  static void find_pattern(std::string_view text, const RE2& pattern, std::vector<TextRange>& found) {
    const re2::StringPiece whole(text.data(), text.size());
    re2::StringPiece match;
    std::size_t from = 0;
    while (pattern.ok() && from < text.size() && pattern.Match(whole, from, text.size(), RE2::UNANCHORED, &match, 1)) {
      const TextRange range = range_of(text, match);
      if (!match.empty()) found.push_back(range);
      from = std::max(range.second, from + 1);
    }
  }
};

SecretMask::SecretMask(SecretRules rules) { set_rules(std::move(rules)); }

void SecretMask::set_rules(SecretRules rules) {
  auto made = std::make_shared<Compiled>();
  RE2::Options options;
  options.set_log_errors(false);
  // `^` and `$` are a line's, as in every other expression of the configuration.
  for (const std::string& pattern : rules.patterns) made->patterns.emplace_back("(?m)" + pattern, options);
  made->rules = std::move(rules);
  const std::lock_guard lock(mutex_);
  compiled_ = std::move(made);
}

SecretMask::~SecretMask() = default;

std::shared_ptr<const SecretMask::Compiled> SecretMask::compiled() const {
  const std::shared_lock lock(mutex_);
  return compiled_;
}

void SecretMask::learn(std::string_view value) {
  value = trimmed(value);
  if (value.size() < shortest_secret_bytes || value == mask) return;
  const std::lock_guard lock(mutex_);
  if (!learned_.contains(value)) learned_.emplace(value, CodedSecret(value));
}

std::string SecretMask::operator()(std::string_view text) const {
  if (text.empty()) return {};
  std::vector<TextRange> found;
  compiled()->find(text, found);
  TextViews views(text);
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [value, coded] : learned_) coded.find(views, found);
  }
  return without(text, std::move(found));
}

std::vector<std::string> SecretMask::found_in(std::string_view text) const {
  std::vector<TextRange> found;
  compiled()->find(text, found);
  std::vector<std::string> values;
  for (const auto& [begin, end] : found) {
    const std::string& value = values.emplace_back(text.substr(begin, end - begin));
    // The password of user information, by itself.
    const auto colon = value.find(':');
    if (end < text.size() && text[end] == '@' && colon != std::string::npos) {
      std::string password = value.substr(colon + 1);
      values.push_back(std::move(password));
    }
  }
  return values;
}

}  // namespace autoheal::workflows
