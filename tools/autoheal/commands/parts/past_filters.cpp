#include "tools/autoheal/commands/parts/past_filters.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::cli {

namespace {

Result<std::optional<Timestamp>> time_in_filter(const std::string& written, Timestamp now) {
  if (written.empty()) return std::nullopt;
  const auto time = parse_time_argument(written, now);
  if (!time) {
    return failure(ErrorKind::invalid, fmt::format("\"{}\" is not a time", written),
                   "expected RFC 3339, a date such as 2026-11-23, a period such as 2026, 2026Q3 or 2026-09, or an age "
                   "such as 24h");
  }
  return time;
}

}  // namespace

void add_time_range(const DeclaredCommand& command, TimeRangeOptions& options) {
  command.option("--since", options.since, "TIME",
                 "from this time on: RFC 3339, a date, a period such as 2026Q3 or 2026-09, or an age such as 24h");
  command.option("--until", options.until, "TIME", "before this time");
}

void add_engine_filter(const DeclaredCommand& command, std::string& engine) {
  command.option("--engine", engine, "NAME", "only of this engine");
}

void add_heal_filters(const DeclaredCommand& command, HealFilters& options) {
  add_engine_filter(command, options.engine);
  command.option("--state", options.state, "TEXT",
                 "only heals in this state: Triggered, Repairing, Certifying, Retrying, Complete, Exhausted");
  add_time_range(command, options.time);
}

Result<TimeRange> time_range_of(const TimeRangeOptions& options) {
  const Timestamp now = engine::SystemClock().now();
  const auto since = time_in_filter(options.since, now);
  AUTOHEAL_TRY(since);
  const auto until = time_in_filter(options.until, now);
  AUTOHEAL_TRY(until);
  return TimeRange{*since, *until};
}

Result<std::string> state_named(const std::string& written) {
  if (written.empty()) return std::string();
  for (const auto phase : {workflows::Phase::triggered, workflows::Phase::repairing, workflows::Phase::certifying,
                           workflows::Phase::retrying, workflows::Phase::complete, workflows::Phase::exhausted}) {
    if (ascii::same_without_case(written, name_of(phase))) return std::string(name_of(phase));
  }
  return failure(ErrorKind::invalid, fmt::format("\"{}\" is not a state", written),
                 "expected Triggered, Repairing, Certifying, Retrying, Complete or Exhausted");
}

}  // namespace autoheal::cli
