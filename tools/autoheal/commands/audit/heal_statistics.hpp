// Statistics of the heals of a period: how many, how many of them certified, how fast. Pure; no floats, since JSON of
// ours has none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/store/audit/audit.hpp"

namespace autoheal::cli {

class HealTally {
 public:
  void add(const store::HealFigures& heal);

  std::uint64_t heals = 0, complete = 0, exhausted = 0, attempts = 0;
  [[nodiscard]] std::uint64_t open() const { return heals - complete - exhausted; }
  // The share of those that ended, in thousandths; empty where none did.
  [[nodiscard]] std::optional<std::uint64_t> success_permille() const;
  // From trigger to certificate, of those that were certified: the smallest time within which so many percent were.
  [[nodiscard]] std::optional<Duration> time_to_repair(unsigned percent) const;

 private:
  std::vector<Duration> took_;
};

struct HealStatistics {
  void add(const store::HealFigures& heal);

  HealTally all;
  std::map<std::string, HealTally> by_engine, by_strategy;
  std::map<std::string, std::uint64_t> reasons;  // of exhaustion
};

}  // namespace autoheal::cli
