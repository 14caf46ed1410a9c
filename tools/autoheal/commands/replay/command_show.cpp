// show: one heal, step by step, as a page, or as evidence.
#include <fmt/core.h>

#include <cstdio>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "autoheal/replay/text/timeline.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/commands/replay/show_files.hpp"
#include "tools/autoheal/output/heal_text.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* show_example = R"(
Examples:
  autoheal show last                                  step by step
  autoheal show last --plan                           what it changed, line by line
  autoheal show last --report heal.html               a page for people: what happened, what changed, what proves it
  autoheal show last --evidence heal.tar.gz           for a stranger, who checks it without your ledger:
  autoheal ledger check heal.tar.gz --key KEY         on any machine; `autoheal ledger key` prints KEY
)";

struct ShowOptions {
  std::string heal;
  bool plan = false;
  HealFiles files;
};

std::string tone_of(const Console& console, workflows::Phase phase) {
  const Tone tone = phase == workflows::Phase::complete    ? Tone::good
                    : phase == workflows::Phase::exhausted ? Tone::bad
                                                           : Tone::warning;
  return console.paint(tone, name_of(phase));
}

void print_timeline(Console& console, const replay::Timeline& timeline) {
  const auto& state = timeline.state;
  console.data(fmt::format("{}  {}  {}", console.paint(Tone::strong, printable(state.request->engine)),
                           tone_of(console, state.phase()), console.paint(Tone::dim, timeline.heal)));
  console.data(fmt::format("began {}, {}, {}", format_timestamp(state.request->began),
                           plural(state.attempt_number(), "attempt"),
                           seconds_text(timeline.lines.empty() ? Duration{0} : timeline.lines.back().since_began)));
  console.data("");
  for (std::size_t index = 0; index < timeline.lines.size(); ++index) {
    const auto& line = timeline.lines[index];
    const bool last = index + 1 == timeline.lines.size();
    char when[24];
    std::snprintf(when, sizeof when, "%+9.3f s", static_cast<double>(line.since_began.count()) / 1e6);
    console.data(console.paint(Tone::dim, when) + (last ? "  ● " : "  ○ ") + printable(line.sentence));
    for (const std::string& detail : line.details) {
      console.data("           " + console.paint(Tone::dim, last ? "      " : "  │   ") +
                   console.paint(Tone::dim, printable(detail)));
    }
  }
}

std::string timeline_json(const replay::Timeline& timeline) {
  JsonWriter out;
  out.begin_object()
      .field("heal_id", timeline.heal)
      .field("engine", timeline.state.request->engine)
      .field("state", name_of(timeline.state.phase()));
  out.field("attempts", timeline.state.attempt_number()).key("entries").begin_array();
  for (const auto& line : timeline.lines) {
    out.begin_object()
        .field("seq", line.entry.position.value)
        .field("time", format_timestamp(line.entry.time))
        .field("type", line.entry.type);
    out.field("state", name_of(line.phase)).field("text", line.sentence).key("details").begin_array();
    for (const std::string& detail : line.details) out.value(detail);
    out.end_array().end_object();
  }
  return out.end_array().end_object().take();
}

int run_show(const Session& session, const ShowOptions& options) {
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto heal = find_heal(*past->ledger, options.heal);
  if (!heal) return session.fail(heal.error());
  if (options.plan) return show_changes(session, *past, *heal);
  if (options.files.any()) return show_in_files(session, *past, *heal, options.files);
  const auto timeline = replay::timeline_of(*heal, *past->ledger, *past->vault);
  if (!timeline) return session.fail(timeline.error());
  if (session.console.json()) {
    session.console.data(timeline_json(*timeline));
  } else {
    print_timeline(session.console, *timeline);
  }
  return exit_done;
}

}  // namespace

void add_show(CommandLine& line) {
  auto [command, options] =
      line.add("show", "one heal as a timeline, as a page, or as evidence for a stranger", Needs::record, run_show);
  command.footer(show_example);
  add_heal_argument(command, options.heal).required();
  const auto plan = command.flag("--plan", options.plan, "what it planned, with the differences, and what came of it");
  command
      .option("--report", options.files.report, "FILE.html", "write one self-contained page for a browser or a printer")
      .excludes(plan);
  const auto evidence =
      command
          .option("--evidence", options.files.evidence, "FILE.tar",
                  "write entries, proofs, checkpoint, key and contents into one archive; .gz or .tgz: compressed")
          .excludes(plan);
  command
      .flag("--with-secrets", options.files.with_secrets,
            "with --evidence: also contents of env files and secrets, in clear")
      .goes_with(evidence);
}

}  // namespace autoheal::cli
