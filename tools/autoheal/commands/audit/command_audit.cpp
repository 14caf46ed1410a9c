// audit: what happened, entry by entry, in the ledger's order.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "autoheal/store/format/leaf.hpp"
#include "autoheal/workflows/heal/heal_table.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/audit/audit_options.hpp"
#include "tools/autoheal/commands/parts/heal_list.hpp"
#include "tools/autoheal/commands/parts/ledger_watch.hpp"
#include "tools/autoheal/commands/parts/past_filters.hpp"
#include "tools/autoheal/commands/parts/place_in_ledger.hpp"
#include "tools/autoheal/output/row_output.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* audit_example = R"(
Examples:
  autoheal audit --engine nginx --since 24h
  autoheal audit --type heal.exhausted --limit 100 --newest
  autoheal audit --actor alice --since 2026-09 -o csv
  autoheal audit --follow -o jsonl
Entries are printed in the order of the ledger, whatever their times say. Filters are combined and taken literally.
)";

constexpr std::uint64_t most_entries = 1'000'000;
constexpr std::uint64_t entries_on_a_screen = 1'000;  // where no --limit says how many

// Whether a heal as a whole passes the filter; kept for the newest heals, since the entries of one are neighbours.
class HealFacts {
 public:
  HealFacts(const Past& past, std::string strategy, std::string open_state)
      : past_(past), strategy_(std::move(strategy)), open_state_(std::move(open_state)) {}

  [[nodiscard]] bool is_asked() const { return !strategy_.empty() || !open_state_.empty(); }
  [[nodiscard]] bool pass(const engine::Entry& entry) {
    if (!entry.type.starts_with("heal.") || entry.stream == "ledger") return false;
    if (known_.size() > most_known) known_.clear();
    const auto [known, is_new] = known_.try_emplace(entry.stream, false);
    if (is_new) known->second = find(entry.stream);
    return known->second;
  }

 private:
  static constexpr std::size_t most_known = 10'000;

  [[nodiscard]] bool find(const std::string& heal) const {
    if (!strategy_.empty() && strategy_of(past_, heal) != strategy_) return false;
    if (open_state_.empty()) return true;
    const auto entries = past_.ledger->read_stream(heal, 1);
    if (!entries) return false;
    auto phase = workflows::Phase::none;
    for (const engine::Entry& entry : *entries) phase = workflows::phase_after(phase, entry.type).value_or(phase);
    return name_of(phase) == open_state_;
  }

  const Past& past_;
  std::string strategy_, open_state_;
  std::unordered_map<std::string, bool> known_;
};

struct Asked {
  store::EntryFilter filter;
  std::string open_state;
};

Result<Asked> what_is_asked(const AuditOptions& options, const Past& past) {
  Asked asked;
  store::EntryFilter& filter = asked.filter;
  const auto range = time_range_of(options.filters.time);
  AUTOHEAL_TRY(range);
  const auto state = state_named(options.filters.state);
  AUTOHEAL_TRY(state);
  if (!options.heal.empty()) {
    auto heal = find_heal(*past.ledger, options.heal);
    AUTOHEAL_TRY(heal);
    filter.stream = std::move(*heal);
  }
  filter.since = range->since;
  filter.until = range->until;
  filter.subject = options.filters.engine;
  filter.actor = options.actor;
  filter.type = options.type;
  filter.type_begins_so = options.type.ends_with('*');
  if (filter.type_begins_so) filter.type.pop_back();
  if (*state == "Complete") filter.stream_has = "heal.completed";
  if (*state == "Exhausted") filter.stream_has = "heal.exhausted";
  filter.stream_is_open = !state->empty() && filter.stream_has.empty();
  if (filter.stream_is_open) asked.open_state = *state;
  return asked;
}

Result<void> check_audit(const AuditOptions& options, OutputFormat output) {
  if (options.limit && (*options.limit == 0 || *options.limit > most_entries)) {
    return failure(ErrorKind::invalid, fmt::format("--limit {} is not possible", *options.limit),
                   fmt::format("expected 1 to {}; --after goes on from there", most_entries));
  }
  if (options.newest && (options.follow || options.limit.value_or(1) > store::most_newest)) {
    return failure(ErrorKind::invalid, fmt::format("--newest goes with a --limit of at most {}", store::most_newest),
                   "without --follow; --limit 10 --newest tells the last ten");
  }
  if (options.follow && (output == OutputFormat::json || options.limit)) {
    return failure(ErrorKind::invalid, "--follow has no end", "use -o jsonl, csv or text, and no --limit");
  }
  return {};
}

class Printer {
 public:
  Printer(const Session& session, const Past& past)
      : session_(session), past_(past), rows_(session.console, columns(session.options.output), format(session)) {}

  void entry(const engine::Entry& entry) {
    last = entry.position;
    if (session_.options.output == OutputFormat::jsonl)
      return session_.console.data(store::leaf_line(past_.ledger->id(), entry));
    std::vector<std::string> cells = {std::to_string(entry.position.value),
                                      format_timestamp(entry.time),
                                      entry.type,
                                      entry.stream.size() == 36 ? entry.stream : "",
                                      entry.subject,
                                      entry.actor};
    if (session_.options.output != OutputFormat::text) cells.push_back(entry.data);
    rows_.row(cells);
  }
  void end() {
    if (session_.options.output != OutputFormat::jsonl) rows_.end();
  }

  engine::Position last;  // that was printed

 private:
  static OutputFormat format(const Session& session) { return session.options.output; }
  // Data is too wide for a screen; all other forms have it. jsonl prints nothing here.
  static std::vector<RowOutput::Column> columns(OutputFormat output) {
    std::vector<RowOutput::Column> all = {{"seq", 6},   {"time", 27},   {"type", 26},
                                          {"heal", 36}, {"engine", 10}, {"actor", 8}};
    if (output != OutputFormat::text) all.push_back({"data", 0});
    return all;
  }

  const Session& session_;
  const Past& past_;
  RowOutput rows_;
};

void tell_how_to_go_on(const Session& session, const AuditOptions& options, std::uint64_t given,
                       const store::EntryWindow& window, engine::Position last) {
  if (options.newest || !window.limit || given < *window.limit) return;
  session.console.note(fmt::format("there may be more: the same with --after {}", last.value));
}

// Prints what comes, until a signal: its exit code.
int follow(const Session& session, const AuditOptions& options, Past past, store::EntryWindow window) {
  if (auto possible = check_place_to_follow_from(past, "--after", window.after.value); !possible)
    return session.fail(possible.error());
  LedgerWatch watch(session.configuration.settings.ledger);
  Printer printer(session, past);
  while (true) {
    auto asked = what_is_asked(options, past);
    if (!asked) return session.fail(asked.error());
    HealFacts facts(past, options.strategy, asked->open_state);
    if (facts.is_asked()) asked->filter.passes = [&](const engine::Entry& entry) { return facts.pass(entry); };
    const auto head = past.ledger->head();
    if (!head) return session.fail(head.error());
    window.last = *head;
    const auto given = store::Audit(*past.ledger).entries(asked->filter, window, [&](const engine::Entry& entry) {
      printer.entry(entry);
      return true;
    });
    if (!given) return session.fail(given.error());
    if (std::fflush(stdout) != 0) return exit_internal;
    window.after = std::max(window.after, *head);
    if (const int signal = watch.wait(longest_without_a_look)) return 128 + signal;
    if (!past.ledger->id().empty()) continue;
    auto again = open_past(session.configuration);  // there was no ledger yet
    if (!again) return session.fail(again.error());
    past = std::move(*again);
  }
}

int run_audit(const Session& session, const AuditOptions& options) {
  if (auto possible = check_audit(options, session.options.output); !possible) return session.fail(possible.error());
  auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  auto asked = what_is_asked(options, *past);
  if (!asked) return session.fail(asked.error());
  store::EntryWindow window;
  window.after.value = options.after.value_or(0);
  if (options.follow) return follow(session, options, std::move(*past), window);
  window.newest = options.newest;
  window.limit = options.limit;
  if (!window.limit && session.options.output == OutputFormat::text) window.limit = entries_on_a_screen;
  HealFacts facts(*past, options.strategy, asked->open_state);
  if (facts.is_asked()) asked->filter.passes = [&](const engine::Entry& entry) { return facts.pass(entry); };
  Printer printer(session, *past);
  const auto given = store::Audit(*past->ledger).entries(asked->filter, window, [&](const engine::Entry& entry) {
    printer.entry(entry);
    return true;
  });
  if (!given) return session.fail(given.error());
  printer.end();
  tell_how_to_go_on(session, options, *given, window, printer.last);
  return exit_done;
}

}  // namespace

void add_audit(CommandLine& line) {
  const auto shared = std::make_shared<AuditOptions>();
  auto [command, options] = line.add("audit", "what happened, from the ledger; -o jsonl prints the exact export lines",
                                     Needs::record, run_audit, shared);
  command.footer(audit_example);
  add_heal_filters(command, options.filters);
  command.option("--heal", options.heal, "HEAL", "only of this heal");
  command.option("--actor", options.actor, "NAME", "only what this principal did");
  command.option("--type", options.type, "TYPE", "only this type of entry; heal.* means all that begin so");
  command.option("--strategy", options.strategy, "NAME", "only heals of this strategy");
  command.option("--limit", options.limit, "N", "at most so many entries (text: 1000)");
  command.option("--after", options.after, "SEQ", "only entries after this sequence number").not_negative();
  command.flag("--newest", options.newest, "with --limit: the last ones instead of the first");
  command.flag("--follow", options.follow, "prints new entries as they come, until a signal");
  add_audit_coverage(line, shared);
  add_audit_summary(line, shared);
}

}  // namespace autoheal::cli
