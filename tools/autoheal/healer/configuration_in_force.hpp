// The rules of today: the configuration, and the holds and adopted baselines that the ledger tells of.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "autoheal/workflows/effects/heal_policy.hpp"
#include "autoheal/workflows/supervision/auto_heal_trigger.hpp"
#include "autoheal/workflows/supervision/holds.hpp"
#include "tools/autoheal/healer/healer_parts.hpp"

namespace autoheal::cli {

// Thread-safe. The parts outlive it.
class ConfigurationInForce final : public workflows::HealPolicy {
 public:
  using Engines = std::map<std::string, workflows::EngineToHeal>;

  ConfigurationInForce(const HealerParts& parts, ConfigurationPtr configuration)
      : parts_(parts), configuration_(std::move(configuration)) {}

  [[nodiscard]] ConfigurationPtr configuration() const;
  [[nodiscard]] std::optional<workflows::EngineToHeal> find_engine(const std::string& name) const;
  // The hold that counts for an engine now.
  [[nodiscard]] std::optional<workflows::Hold> hold_on(const std::string& engine) const;

  [[nodiscard]] workflows::CurrentPolicy current(const std::string& engine,
                                                 const std::string& principal) const override;
  [[nodiscard]] std::string role_of(const std::string& principal) const override;
  [[nodiscard]] bool may_change(const std::string& principal) const override;
  [[nodiscard]] std::optional<workflows::Adopted> adopted(const std::string& engine) const override;

  // Heals under way keep the configuration that they began with.
  void set(ConfigurationPtr configuration, Engines engines);
  // Holds and baselines from now on are those in the ledger. Blocks.
  [[nodiscard]] Result<void> read_ledger();

 private:
  const HealerParts& parts_;
  mutable std::mutex mutex_;  // guards the rest
  ConfigurationPtr configuration_;
  Engines engines_;
  std::map<std::string, workflows::Adopted> adopted_;
  workflows::Holds holds_;
};

}  // namespace autoheal::cli
