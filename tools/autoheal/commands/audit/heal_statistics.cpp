#include "tools/autoheal/commands/audit/heal_statistics.hpp"

#include <algorithm>

namespace autoheal::cli {

void HealTally::add(const store::HealFigures& heal) {
  ++heals;
  attempts += heal.attempts;
  if (heal.ending == "heal.exhausted") ++exhausted;
  if (heal.ending != "heal.completed") return;
  ++complete;
  took_.push_back(heal.took);
}

std::optional<std::uint64_t> HealTally::success_permille() const {
  const std::uint64_t ended = complete + exhausted;
  if (ended == 0) return std::nullopt;
  return (complete * 1000 + ended / 2) / ended;
}

std::optional<Duration> HealTally::time_to_repair(unsigned percent) const {
  if (took_.empty()) return std::nullopt;
  std::vector<Duration> sorted = took_;
  const std::size_t rank = (sorted.size() * percent + 99) / 100;  // nearest rank, from 1
  const auto place = sorted.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::ranges::nth_element(sorted, place);
  return *place;
}

void HealStatistics::add(const store::HealFigures& heal) {
  all.add(heal);
  by_engine[heal.engine].add(heal);
  by_strategy[heal.strategy.empty() ? "unknown" : heal.strategy].add(heal);
  if (heal.ending == "heal.exhausted") ++reasons[heal.reason.empty() ? "unknown" : heal.reason];
}

}  // namespace autoheal::cli
