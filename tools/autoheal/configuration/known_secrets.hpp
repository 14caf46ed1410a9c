// Teaches the mask what must never be seen: secrets that the configuration holds, and those that its engines' files
// hold right now.
#pragma once

#include "autoheal/workflows/effects/heal_secrets.hpp"
#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::cli {

// The secrets of all engines: literals, and those on disk.
void learn_secrets(const config::Configuration& settings, workflows::SecretMask& mask);

// The `{from: FILE}`s of one engine and, under secret names, the values of its env files. A file that
// cannot be read is left to those who need it. Blocks; thread-safe.
void learn_secrets_on_disk(const workflows::EngineSpec& spec, workflows::SecretMask& mask);

// The secrets of a process that heals.
class KnownSecrets final : public workflows::HealSecrets {
 public:
  explicit KnownSecrets(const workflows::SecretRules& rules) : mask_(rules) {}

  [[nodiscard]] std::string mask(std::string_view text) const override { return mask_(text); }
  void learn(std::string_view secret) override { mask_.learn(secret); }
  void learn_from_files(const workflows::EngineSpec& spec) override { learn_secrets_on_disk(spec, mask_); }
  // Adds the literals, names and patterns of a configuration; secrets learned before stay.
  void take(const config::Configuration& settings) {
    learn_secrets(settings, mask_);
    mask_.set_rules(settings.secrets);
  }

 private:
  workflows::SecretMask mask_;
};

}  // namespace autoheal::cli
