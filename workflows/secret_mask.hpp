// Takes secrets out of text that people or entries will see: values under secret names, and values that were read
// from a secret's file.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace autoheal::workflows {

struct SecretRules {
  std::vector<std::string> names = {"*PASSWORD*", "*SECRET*", "*TOKEN*", "*KEY", "*CREDENTIAL*", "*_DSN", "*_URL"};
  std::vector<std::string> patterns;  // RE2: what matches is masked
};

// True if a value of this name is a secret; names compare without regard to case.
[[nodiscard]] bool is_secret_name(const SecretRules& rules, std::string_view name);

// Thread-safe.
class SecretMask {
 public:
  explicit SecretMask(SecretRules rules);
  ~SecretMask();
  // Other names and patterns from now on; what was learned stays.
  void set_rules(SecretRules rules);
  // A value that must never be seen from now on; shorter than 4 bytes it is not a secret that could be kept.
  void learn(const std::string& value);
  // `text` with "NAME=value" of secret names, matches of the patterns and learned values replaced by "***".
  [[nodiscard]] std::string operator()(std::string_view text) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
  mutable std::mutex mutex_;
  std::set<std::string> learned_;
};

}  // namespace autoheal::workflows
