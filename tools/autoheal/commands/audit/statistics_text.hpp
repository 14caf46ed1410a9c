// Statistics of heals as people, spreadsheets and programs want them; two periods stand side by side.
#pragma once

#include <string>

#include "tools/autoheal/commands/audit/heal_statistics.hpp"
#include "tools/autoheal/output/console.hpp"

namespace autoheal::cli {

struct StatisticsOfPeriod {
  std::string name;  // as people call it
  HealStatistics figures;
};

// `before` is what it is compared with, or nullptr. `bars`: draws them with blocks, for a terminal; else with signs
// that every pager shows.
void print_statistics(Console& console, const StatisticsOfPeriod& now, const StatisticsOfPeriod* before, bool bars);
void print_statistics_csv(Console& console, const StatisticsOfPeriod& now, const StatisticsOfPeriod* before);
[[nodiscard]] std::string statistics_json(const StatisticsOfPeriod& now, const StatisticsOfPeriod* before);

// `part` of `whole` as a bar of at most `columns`: blocks in eighths of a column, or number signs.
[[nodiscard]] std::string bar(std::uint64_t part, std::uint64_t whole, std::size_t columns, bool blocks);

}  // namespace autoheal::cli
