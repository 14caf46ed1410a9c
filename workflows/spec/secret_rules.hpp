// The names that stand for secrets: configured once for the whole machine, and part of every engine's configuration, so
// that a heal is planned and replayed by the rules that it began under.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace autoheal::workflows {

struct SecretRules {
  std::vector<std::string> names = {"*PASSWORD*", "*SECRET*", "*TOKEN*", "*KEY", "*CREDENTIAL*", "*_DSN", "*_URL"};
  std::vector<std::string> patterns;  // RE2: what matches is masked
  friend bool operator==(const SecretRules&, const SecretRules&) = default;
};

// True if a value of this name is a secret; names compare without regard to case, and - counts as _.
[[nodiscard]] bool is_secret_name(const SecretRules& rules, std::string_view name);

}  // namespace autoheal::workflows
