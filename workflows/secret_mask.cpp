#include "workflows/secret_mask.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <deque>

#include "workflows/glob.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::string_view mask = "***";
constexpr std::size_t shortest_secret_bytes = 4;

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

void replace_all(std::string& text, const std::string& value) {
  for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + mask.size())) {
    text.replace(at, value.size(), mask);
  }
}

}  // namespace

bool is_secret_name(const SecretRules& rules, std::string_view name) {
  const std::string wanted = upper(name);
  return std::ranges::any_of(rules.names,
                             [&](const std::string& pattern) { return glob_matches(upper(pattern), wanted); });
}

struct SecretMask::Compiled {
  SecretRules rules;
  RE2 assignment{R"(([A-Za-z_][A-Za-z0-9_]*)(\s*[=:]\s*)("[^"\n]*"|'[^'\n]*'|[^\s"',;]+))"};
  RE2 credentials_in_url{R"(([A-Za-z][A-Za-z0-9+.-]*://)[^\s/@:]*:[^\s/@]+@)"};
  std::deque<RE2> patterns;
};

SecretMask::SecretMask(SecretRules rules) { set_rules(std::move(rules)); }

void SecretMask::set_rules(SecretRules rules) {
  auto compiled = std::make_shared<Compiled>();
  RE2::Options options;
  options.set_log_errors(false);
  for (const std::string& pattern : rules.patterns) compiled->patterns.emplace_back(pattern, options);
  compiled->rules = std::move(rules);
  const std::lock_guard lock(mutex_);
  compiled_ = std::move(compiled);
}

SecretMask::~SecretMask() = default;

void SecretMask::learn(const std::string& value) {
  if (value.size() < shortest_secret_bytes) return;
  const std::lock_guard lock(mutex_);
  learned_.insert(value);
}

std::string SecretMask::operator()(std::string_view text) const {
  const auto compiled = [this] {
    const std::lock_guard lock(mutex_);
    return compiled_;
  }();
  std::string out;
  re2::StringPiece rest(text.data(), text.size());
  re2::StringPiece name, between, value;
  const char* done = text.data();
  while (RE2::FindAndConsume(&rest, compiled->assignment, &name, &between, &value)) {
    if (!is_secret_name(compiled->rules, {name.data(), name.size()})) continue;
    out.append(done, static_cast<std::size_t>(value.data() - done));
    out += mask;
    done = value.data() + value.size();
  }
  out.append(done, static_cast<std::size_t>(text.data() + text.size() - done));
  RE2::GlobalReplace(&out, compiled->credentials_in_url, R"(\1***@)");
  for (const RE2& pattern : compiled->patterns) {
    if (pattern.ok()) RE2::GlobalReplace(&out, pattern, std::string(mask));
  }
  const std::lock_guard lock(mutex_);
  for (const std::string& secret : learned_) replace_all(out, secret);
  return out;
}

}  // namespace autoheal::workflows
