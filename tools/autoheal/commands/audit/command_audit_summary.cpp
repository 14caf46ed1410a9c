// audit summary: what a period of healing came to.
#include <unistd.h>

#include <fmt/core.h>

#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/audit/audit_options.hpp"
#include "tools/autoheal/commands/audit/statistics_text.hpp"
#include "tools/autoheal/commands/parts/heal_list.hpp"
#include "tools/autoheal/commands/parts/past_filters.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* summary_example = R"(
Examples:
  autoheal audit summary --since 2026-09
  autoheal audit summary --since 2026Q3 --compare 2026Q2
A period (2026, 2026Q3, 2026-09) without --until means all of it. Heals that began in it are counted.
)";

struct AskedPeriod {
  std::string name;
  TimeRange range;
};

Result<AskedPeriod> asked_period(const TimeRangeOptions& options) {
  if (options.until.empty()) {
    if (const auto period = parse_period(options.since))
      return AskedPeriod{options.since, {period->begin, period->end}};
  }
  const auto range = time_range_of(options);
  AUTOHEAL_TRY(range);
  AskedPeriod asked{"all heals", *range};
  if (range->since) asked.name = "since " + format_timestamp_ms(*range->since);
  if (range->until) {
    asked.name = (range->since ? fmt::format("from {} to ", format_timestamp_ms(*range->since)) : "until ") +
                 format_timestamp_ms(*range->until);
  }
  return asked;
}

Result<AskedPeriod> compared_period(const AuditOptions& options) {
  const auto period = parse_period(options.compare);
  if (period) return AskedPeriod{options.compare, {period->begin, period->end}};
  return failure(ErrorKind::invalid, fmt::format("\"{}\" is not a period", options.compare),
                 "expected a year, a quarter or a month, such as 2026, 2026Q2 or 2026-09");
}

Result<StatisticsOfPeriod> statistics_of(const Past& past, const AskedPeriod& asked) {
  StatisticsOfPeriod statistics{asked.name, {}};
  const auto done =
      store::Audit(*past.ledger).figures(asked.range.since, asked.range.until, [&](const store::HealFigures& heal) {
        if (!heal.in_vault) return statistics.figures.add(heal);
        store::HealFigures known = heal;
        known.strategy = strategy_of(past, heal.heal);
        statistics.figures.add(known);
      });
  AUTOHEAL_TRY(done);
  return statistics;
}

int run_audit_summary(const Session& session, const AuditOptions& options) {
  const auto asked = asked_period(options.filters.time);
  if (!asked) return session.fail(asked.error());
  std::optional<AskedPeriod> other;
  if (!options.compare.empty()) {
    auto compared = compared_period(options);
    if (!compared) return session.fail(compared.error());
    other = std::move(*compared);
  }
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto now = statistics_of(*past, *asked);
  if (!now) return session.fail(now.error());
  std::optional<StatisticsOfPeriod> before;
  if (other) {
    auto compared = statistics_of(*past, *other);
    if (!compared) return session.fail(compared.error());
    before = std::move(*compared);
  }
  const StatisticsOfPeriod* old = before ? &*before : nullptr;
  if (session.console.json()) {
    session.console.data(statistics_json(*now, old));
  } else if (session.options.output == OutputFormat::csv) {
    print_statistics_csv(session.console, *now, old);
  } else {
    print_statistics(session.console, *now, old, isatty(STDOUT_FILENO) == 1);
  }
  return exit_done;
}

}  // namespace

void add_audit_summary(CommandLine& line, const std::shared_ptr<AuditOptions>& shared) {
  auto [command, options] = line.add("audit summary", "totals of a period of healing, also compared with another one",
                                     Needs::record, run_audit_summary, shared);
  command.footer(summary_example);
  add_time_range(command, options.filters.time);
  command.option("--compare", options.compare, "PERIOD", "the period it is compared with: 2026, 2026Q2 or 2026-09");
}

}  // namespace autoheal::cli
