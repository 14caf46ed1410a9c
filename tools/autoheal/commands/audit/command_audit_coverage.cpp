// audit coverage: was it switched off? When each engine was tested and healed, and every gap with its cause.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/large_data.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/replay/coverage/coverage.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/audit/audit_options.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"
#include "tools/autoheal/daemon/daemon_entries.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* coverage_example = R"(
Example:
  autoheal audit coverage --since 2026-10-01 --until 2026-11-01 --engine EnvRecon
says how much of October it was tested and healed, and lists every gap with its cause: stopped, killed, host off,
not configured, switched off, observed, or held, by whom and why. What daemons wrote into the ledger is counted;
before a kill, their last entry is at most 5 minutes old.
)";

using replay::EngineCoverage;
using replay::Gap;

Result<Timestamp> time_of(const std::string& text, Timestamp now) {
  if (const auto time = parse_time_argument(text, now)) return *time;
  return failure(ErrorKind::invalid, fmt::format("\"{}\" is not a time", printable(text)),
                 "expected RFC 3339, a date such as 2026-11-23, or an age such as 24h");
}

// "98.61 %", rounded down: 100 is whole.
std::string percent(Duration part, Duration whole) {
  using std::chrono::milliseconds;
  const long long all = std::chrono::ceil<milliseconds>(whole).count();
  if (all <= 0) return "-";
  const long long hundredths = std::chrono::floor<milliseconds>(part).count() * 10'000 / all;
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%02lld %%", hundredths / 100, hundredths % 100);
  return text;
}

// "2d 3h 5m", from the largest unit that counts; seconds below an hour.
std::string span_text(Duration span) {
  const long long seconds = span.count() / 1'000'000;
  char text[64];
  if (seconds >= 86'400) {
    std::snprintf(text, sizeof text, "%lldd %lldh %lldm", seconds / 86'400, seconds / 3600 % 24, seconds / 60 % 60);
  } else if (seconds >= 3600) {
    std::snprintf(text, sizeof text, "%lldh %lldm", seconds / 3600, seconds / 60 % 60);
  } else if (seconds >= 60) {
    std::snprintf(text, sizeof text, "%lldm %llds", seconds / 60, seconds % 60);
  } else {
    const long long milliseconds = span.count() / 1'000 % 1'000;
    std::snprintf(text, sizeof text, "%lld.%03llds", seconds, milliseconds);
  }
  return text;
}

std::string sentence_of(const Gap& gap) {
  switch (gap.cause) {
    case replay::GapCause::no_daemon:
      return "no daemon had run yet";
    case replay::GapCause::stopped:
      return "stopped" + (gap.detail.empty() ? "" : " (" + gap.detail + ")");
    case replay::GapCause::killed:
      return "killed: it ended without a word, the host ran on";
    case replay::GapCause::host_off:
      return "host off: it was started anew";
    case replay::GapCause::silent:
      return gap.detail.empty() ? "no word since: killed, hanging, or the host is off" : "silent; " + gap.detail;
    case replay::GapCause::not_configured:
      return "not configured: " + gap.detail;
    case replay::GapCause::fell_behind:
      return "fell behind: " + gap.detail;
    case replay::GapCause::switched_off:
      return "tested, healing switched off: " + gap.detail;
    case replay::GapCause::observed:
      return "tested, only observed: " + gap.detail;
    case replay::GapCause::held:
      break;
  }
  return "tested, held " + gap.detail;
}

void print_text(Console& console, const std::vector<EngineCoverage>& all) {
  for (const EngineCoverage& one : all) {
    const std::string tests = one.tests_due == 0 ? fmt::format("{} tests, none due by schedule", one.tests_done)
                                                 : fmt::format("{} of {} tests due", one.tests_done, one.tests_due);
    console.data(fmt::format("{}  tested {}  healed {}  {}", console.paint(Tone::strong, printable(one.engine)),
                             percent(one.period - one.untested, one.period),
                             percent(one.period - one.unhealed, one.period), tests));
    for (const Gap& gap : one.gaps) {
      const Tone tone = replay::is_untested(gap.cause) ? Tone::bad : Tone::warning;
      std::string line =
          fmt::format("  {}  to  {}  {}  {}", format_timestamp_ms(gap.from), format_timestamp_ms(gap.until),
                      span_text(gap.until - gap.from), console.paint(tone, printable(sentence_of(gap))));
      if (gap.latest_from > gap.from)
        line += fmt::format("; began between {} and {}", format_timestamp_ms(gap.from),
                            format_timestamp_ms(gap.latest_from));
      console.data(line);
    }
  }
}

void write(JsonWriter& out, const Gap& gap) {
  out.begin_object().field("cause", name_of(gap.cause)).field("from", format_timestamp(gap.from));
  if (gap.latest_from > gap.from) out.field("latest_from", format_timestamp(gap.latest_from));
  out.field("until", format_timestamp(gap.until)).field("lasted_us", gap.until - gap.from);
  out.field("tested", !replay::is_untested(gap.cause)).optional_field("detail", gap.detail).end_object();
}

void print_json(Console& console, const std::vector<EngineCoverage>& all, const replay::CoverageQuestion& asked) {
  JsonWriter out;
  out.begin_object().field("since", format_timestamp(asked.since)).field("until", format_timestamp(asked.until));
  out.key("engines").begin_array();
  for (const EngineCoverage& one : all) {
    out.begin_object().field("engine", one.engine).field("period_us", one.period);
    out.field("tested_us", one.period - one.untested).field("healed_us", one.period - one.unhealed);
    out.field("tests_due", one.tests_due).field("tests_done", one.tests_done).key("gaps").begin_array();
    for (const Gap& gap : one.gaps) write(out, gap);
    out.end_array().end_object();
  }
  console.data(out.end_array().end_object().take());
}

// A row for each gap.
Table table_of_coverage(const std::vector<EngineCoverage>& all) {
  Table table{{"engine", "cause", "from", "latest_from", "until", "lasted_us", "tested", "detail"}, {}};
  for (const EngineCoverage& one : all) {
    for (const Gap& gap : one.gaps) {
      table.rows.push_back({one.engine, std::string(name_of(gap.cause)), format_timestamp(gap.from),
                            format_timestamp(gap.latest_from), format_timestamp(gap.until),
                            std::to_string((gap.until - gap.from).count()),
                            replay::is_untested(gap.cause) ? "no" : "yes", gap.detail});
    }
  }
  return table;
}

Result<std::vector<engine::Entry>> entries_of_daemons(const Past& past) {
  auto entries = past.ledger->read_stream("ledger", 1);
  if (!entries) return entries;
  for (engine::Entry& entry : *entries) {
    auto whole = engine::lengthen(*past.vault, entry.data);
    AUTOHEAL_TRY(whole);
    entry.data = std::move(*whole);
  }
  return entries;
}

// Heartbeats of before that moment are archived; without them a daemon that ran would look silent.
Result<Timestamp> told_again_from(const Past& past, const std::vector<engine::Entry>& entries) {
  const auto archived = archived_ranges(*past.ledger);
  AUTOHEAL_TRY(archived);
  if (archived->empty()) return Timestamp::min();
  const engine::Position last{archived->back().last};
  const auto first = std::ranges::find_if(entries, [&](const engine::Entry& entry) {
    return entry.position > last && (entry.type == "node.heartbeat" || entry.type == "node.started");
  });
  return first == entries.end() ? engine::SystemClock().now() : first->time;
}

Result<replay::CoverageQuestion> question_of(const HealFilters& options, const std::vector<engine::Entry>& entries) {
  replay::CoverageQuestion asked;
  asked.now = engine::SystemClock().now();
  asked.since = entries.empty() ? asked.now : entries.front().time;
  asked.until = asked.now;
  asked.boot_id = boot_id();
  asked.engine = options.engine;
  for (const auto& [text, into] :
       {std::pair(&options.time.since, &asked.since), std::pair(&options.time.until, &asked.until)}) {
    if (text->empty()) continue;
    const auto time = time_of(*text, asked.now);
    AUTOHEAL_TRY(time);
    *into = *time;
  }
  asked.until = std::min(asked.until, asked.now);
  if (asked.since < asked.until || entries.empty()) return asked;
  return failure(ErrorKind::invalid, "nothing lies between --since and --until", "for example: --since 7d");
}

int run_audit_coverage(const Session& session, const AuditOptions& options) {
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto entries = entries_of_daemons(*past);
  if (!entries) return session.fail(entries.error());
  auto asked = question_of(options.filters, *entries);
  if (!asked) return session.fail(asked.error());
  const auto told_from = told_again_from(*past, *entries);
  if (!told_from) return session.fail(told_from.error());
  if (asked->since < *told_from) {
    asked->since = std::min(*told_from, asked->until);
    session.console.note(
        fmt::format("what daemons reported before {} is archived (`autoheal ledger stats` says where) and not counted",
                    format_timestamp_ms(*told_from)));
  }
  const auto all = coverage_of(*entries, *asked);
  if (all.empty() && !options.filters.engine.empty()) {
    return session.fail({ErrorKind::not_found,
                         fmt::format("no daemon of that time had an engine \"{}\"", printable(options.filters.engine)),
                         "`autoheal audit coverage` without --engine lists those that there were"});
  }
  if (session.options.output == OutputFormat::json) {
    print_json(session.console, all, *asked);
  } else if (session.options.output != OutputFormat::text) {
    print(session.console, table_of_coverage(all), session.options.output);
  } else if (all.empty()) {
    session.console.note("no daemon has run in that time");
  } else {
    print_text(session.console, all);
  }
  return exit_done;
}

}  // namespace

void add_audit_coverage(CommandLine& line, const std::shared_ptr<AuditOptions>& shared) {
  auto [command, options] = line.add("audit coverage", "was it switched off? every gap in testing and healing",
                                     Needs::record, run_audit_coverage, shared);
  command.footer(coverage_example);
  add_engine_filter(command, options.filters.engine);
  command.option("--since", options.filters.time.since, "TIME", "from this time on (default: the first entry)");
  command.option("--until", options.filters.time.until, "TIME", "before this time (default: now)");
}

}  // namespace autoheal::cli
