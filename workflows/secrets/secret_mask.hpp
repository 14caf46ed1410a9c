// Takes secrets out of text that people or entries will see: values under secret names, and values that were read
// from a secret's file or stand in the configuration, also where a program printed them in another coding.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/secrets/coded_secret.hpp"
#include "autoheal/workflows/spec/secret_rules.hpp"

namespace autoheal::workflows {

// Thread-safe.
class SecretMask {
 public:
  explicit SecretMask(SecretRules rules);
  ~SecretMask();
  // Other names and patterns from now on; what was learned stays.
  void set_rules(SecretRules rules);
  // A value that must never be seen from now on; shorter than 4 bytes it is not a secret that could be kept. White
  // space around it does not count.
  void learn(std::string_view value);
  // `text` with "NAME=value" of secret names, matches of the patterns and learned values replaced by "***"; learned
  // ones also in base64, in hex, percent-coded and with backslashes.
  [[nodiscard]] std::string operator()(std::string_view text) const;
  // The values in `text` that are secret by the rules alone, without learned ones.
  [[nodiscard]] std::vector<std::string> found_in(std::string_view text) const;

 private:
  struct Compiled;
  [[nodiscard]] std::shared_ptr<const Compiled> compiled() const;

  std::shared_ptr<const Compiled> compiled_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, CodedSecret, std::less<>> learned_;
};

}  // namespace autoheal::workflows
