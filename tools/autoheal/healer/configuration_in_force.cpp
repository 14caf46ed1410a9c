#include "tools/autoheal/healer/configuration_in_force.hpp"

#include "autoheal/workflows/supervision/adopted_baseline.hpp"

namespace autoheal::cli {

ConfigurationPtr ConfigurationInForce::configuration() const {
  const std::lock_guard lock(mutex_);
  return configuration_;
}

std::optional<workflows::EngineToHeal> ConfigurationInForce::find_engine(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = engines_.find(name);
  return found == engines_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<workflows::Hold> ConfigurationInForce::hold_on(const std::string& engine) const {
  const std::lock_guard lock(mutex_);
  return holds_.of(engine, parts_.clock.now());
}

workflows::CurrentPolicy ConfigurationInForce::current(const std::string& engine, const std::string& principal) const {
  workflows::CurrentPolicy policy;
  policy.may_change = may_change(principal);
  const auto current = configuration();
  const auto found = find_engine(engine);
  if (!found) {
    policy.must_end = workflows::EndReason::engine_removed;
  } else if (!current->settings.healing.enabled || !found->spec->healing.enabled) {
    policy.must_end = workflows::EndReason::disabled;
  } else if (hold_on(engine)) {
    policy.must_end = workflows::EndReason::held;
  }
  return policy;
}

std::string ConfigurationInForce::role_of(const std::string& principal) const {
  return std::string(name_of(configuration()->settings.principals.role_of(principal)));
}

bool ConfigurationInForce::may_change(const std::string& principal) const {
  return allows(configuration()->settings.principals.role_of(principal), workflows::Permission::heal);
}

std::optional<workflows::Adopted> ConfigurationInForce::adopted(const std::string& engine) const {
  const std::lock_guard lock(mutex_);
  const auto found = adopted_.find(engine);
  return found == adopted_.end() ? std::nullopt : std::optional(found->second);
}

void ConfigurationInForce::set(ConfigurationPtr configuration, Engines engines) {
  const std::lock_guard lock(mutex_);
  configuration_ = std::move(configuration);
  engines_ = std::move(engines);
}

Result<void> ConfigurationInForce::read_ledger() {
  auto holds = workflows::holds_in(*parts_.ledger);
  AUTOHEAL_TRY(holds);
  auto adopted = workflows::adopted_baselines(*parts_.ledger, *parts_.vault);
  const std::lock_guard lock(mutex_);
  holds_ = std::move(*holds);
  if (adopted) adopted_ = std::move(*adopted);
  return {};
}

}  // namespace autoheal::cli
