// heals: the heals of the ledger as one line each.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/heal_list.hpp"
#include "tools/autoheal/commands/parts/past_filters.hpp"
#include "tools/autoheal/output/row_output.hpp"
#include "tools/autoheal/session/session.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {

constexpr std::uint64_t most_heals = 1'000'000;
constexpr std::uint64_t heals_on_a_screen = 50;  // where no --limit says how many

struct HealsOptions {
  HealFilters filters;
  std::optional<std::uint64_t> limit;
  std::string before;
};

Result<store::HealFilter> filter_of(const HealsOptions& options, const Past& past, OutputFormat output) {
  const auto range = time_range_of(options.filters.time);
  AUTOHEAL_TRY(range);
  auto state = state_named(options.filters.state);
  AUTOHEAL_TRY(state);
  store::HealFilter filter;
  filter.engine = options.filters.engine;
  filter.state = std::move(*state);
  filter.since = range->since;
  filter.until = range->until;
  filter.newest = options.limit;
  if (!filter.newest && output == OutputFormat::text) filter.newest = heals_on_a_screen;
  if (options.before.empty()) return filter;
  auto before = find_heal(*past.ledger, options.before);
  AUTOHEAL_TRY(before);
  filter.before = std::move(*before);
  if (!filter.newest) filter.newest = most_heals;
  return filter;
}

void tell_what_is_left_out(const Session& session, std::size_t rows, std::uint64_t newest) {
  if (rows == 0) session.console.note("no heals");
  if (rows == newest) session.console.note(fmt::format("the newest {}; --limit N shows more", newest));
}

std::string shown(const std::string& time) {
  const auto parsed = parse_timestamp(time);
  return parsed ? format_timestamp_ms(*parsed) : time;
}

int run_heals(const Session& session, const HealsOptions& options) {
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto filter = filter_of(options, *past, session.options.output);
  if (!filter) return session.fail(filter.error());
  RowOutput rows(session.console,
                 {{"heal", 36},
                  {"engine", 10},
                  {"strategy", 8},
                  {"state", 9},
                  {"attempts", 8},
                  {"reason", 6},
                  {"actor", 8},
                  {"began", 24},
                  {"newest", 24}},
                 session.options.output);
  const auto listed = list_heals(*past, *filter, [&](const store::AuditedHeal& heal) {
    rows.row({heal.heal, heal.engine, heal.strategy, heal.state, std::to_string(heal.attempts), heal.reason, heal.actor,
              shown(heal.started), newest_time_of(*past, heal)});
    return true;
  });
  if (!listed) return session.fail(listed.error());
  rows.end();
  if (session.options.output == OutputFormat::text) tell_what_is_left_out(session, rows.rows(), *filter->newest);
  return exit_done;
}

}  // namespace

void add_heals(CommandLine& line) {
  auto [command, options] = line.add("heals", "list heals, newest last", Needs::record, run_heals);
  add_heal_filters(command, options.filters);
  command.option("--limit", options.limit, "N", "the newest so many (text: 50)").within(1, most_heals);
  command.option("--before", options.before, "HEAL", "only heals that come before this one in the list");
}

}  // namespace autoheal::cli
