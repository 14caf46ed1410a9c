// Filters of the commands that ask the past: --engine, --state, --since, --until.
#pragma once

#include <optional>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"

namespace autoheal::cli {

struct TimeRangeOptions {
  std::string since, until;
};
struct HealFilters {
  std::string engine, state;
  TimeRangeOptions time;
};

struct TimeRange {
  std::optional<Timestamp> since, until;  // `until` is excluded
};

void add_time_range(const DeclaredCommand& command, TimeRangeOptions& options);
void add_engine_filter(const DeclaredCommand& command, std::string& engine);
void add_heal_filters(const DeclaredCommand& command, HealFilters& options);

// invalid: one of the two is no time.
[[nodiscard]] Result<TimeRange> time_range_of(const TimeRangeOptions& options);
// The state's name as the ledger's views have it, whatever case it was written in; empty for an empty one. invalid: no
// state.
[[nodiscard]] Result<std::string> state_named(const std::string& written);

}  // namespace autoheal::cli
