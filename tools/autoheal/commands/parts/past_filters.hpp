// What --since, --until, --state and the like mean, for every command that asks the past.
#pragma once

#include <optional>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "tools/autoheal/command_line/options.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"

namespace autoheal::cli {

struct TimeRange {
  std::optional<Timestamp> since, until;  // `until` is excluded
};

// invalid: one of the two is no time.
[[nodiscard]] Result<TimeRange> time_range_of(const Options& options);
// The state's name as the ledger's views have it, whatever case it was written in; empty for an empty one. invalid: no
// state.
[[nodiscard]] Result<std::string> state_named(const std::string& written);

}  // namespace autoheal::cli
