#include "autoheal/workflows/supervision/brakes.hpp"

#include <algorithm>

#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal::workflows {

namespace {
constexpr Duration hour = std::chrono::hours(1);
}

bool concerns_others(std::string_view reason) {
  using enum EndReason;
  return reason == name_of(dependency_failed) || reason == name_of(held) || reason == name_of(disabled);
}

void Brakes::passed() {
  failures_in_row_ = 0;
  cooldown_ = Duration{0};
  cools_until_.reset();
}

bool Brakes::failed_enough(const HealingSpec& healing, bool sure) {
  ++failures_in_row_;
  return sure || failures_in_row_ >= healing.fail_after;
}

void Brakes::exhausted(const HealingSpec& healing, Duration now) {
  cooldown_ = cooldown_ == Duration{0} ? healing.cooldown : std::max(healing.cooldown, cooldown_ * 2);
  cooldown_ = std::min(cooldown_, std::max(longest_cooldown, healing.cooldown));
  cools_until_ = now + cooldown_;
}

std::optional<Duration> Brakes::cools_until(Duration now) const {
  return cools_until_ && now < *cools_until_ ? cools_until_ : std::nullopt;
}

void Brakes::reset() {
  cooldown_ = Duration{0};
  cools_until_.reset();
  quiet_until_.reset();
  heals_.clear();
}

bool Brakes::flaps(const HealingSpec& healing, Duration now) {
  while (!heals_.empty() && heals_.front() + hour <= now) heals_.pop_front();
  return heals_.size() >= healing.max_heals_per_hour;
}

void Brakes::suppress(Duration now) { quiet_until_ = now + hour; }

std::optional<Duration> Brakes::quiet_until(Duration now) const {
  return quiet_until_ && now < *quiet_until_ ? quiet_until_ : std::nullopt;
}

}  // namespace autoheal::workflows
