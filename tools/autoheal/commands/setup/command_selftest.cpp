// selftest: tests every engine once, heals what fails, writes the report.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/output/heal_text.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"
#include "tools/autoheal/session/session.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {

struct SelftestOptions {
  std::vector<std::string> engines;
  std::optional<bool> heals;
};

using namespace workflows;

void print_engine(const Session& session, const SelfTestState& run, const std::string& name) {
  const auto tested = run.tested.find(name);
  if (tested == run.tested.end()) return;
  Console& console = session.console;
  if (tested->second.outcome == TestOutcome::passed) {
    const std::string& reported = tested->second.reported;
    return console.data("✅ " + printable(name) + (reported.empty() ? "" : "  (" + printable(reported) + ")"));
  }
  const auto healed = run.healed.find(name);
  const std::string mark = healed != run.healed.end() ? console.paint(Tone::warning, "⚠️ auto-heal launched")
                                                      : console.paint(Tone::bad, "❌ failed");
  console.data(fmt::format("{}  {}  {}", mark, printable(name), printable(tested->second.error)));
  if (healed == run.healed.end()) return;
  const HealResult result = result_of(name, healed->second);
  console.data("   " + line_of(console, result));
  for (const std::string& line : lines_below(result)) console.data("      " + line);
}

void print(const Session& session, const SelfTestState& run, const std::string& text, const std::string& where) {
  if (session.console.json()) {
    std::string_view shown = text;
    shown.remove_suffix(1);  // data() ends the line
    return session.console.data(shown);
  }
  for (const EngineToTest& engine : run.facts.engines) print_engine(session, run, engine.name);
  const SelfTestCompleted& summary = *run.completed;
  const Tone tone = summary.status == "Stable" ? Tone::good : Tone::bad;
  session.console.data("");
  session.console.data(fmt::format("{}: {} of {} engines verified, {} healed or tried, {}",
                                   session.console.paint(tone, summary.status), summary.engines_verified,
                                   summary.engines_total, summary.autoheal_invocations, seconds_text(summary.runtime)));
  session.console.note("report: " + where);
  session.console.note(
      fmt::format("ledger: {}   more: autoheal heals, autoheal show last", session.configuration.settings.ledger));
}

int exit_code_of_run(const SelfTestState& run) {
  const std::string& status = run.completed->status;
  return status == "Stable" ? exit_done : status == "Degraded" ? exit_failed : exit_run_failed;
}

int print_run(const Session& session, const std::string& text) {
  const auto answer = read_run_answer(text);
  if (!answer) return session.fail(answer.error());
  print(session, answer->run, answer->report, answer->report_path.empty() ? "not written" : answer->report_path);
  if (!answer->problem.empty()) return session.fail({ErrorKind::unavailable, answer->problem, {}});
  return exit_code_of_run(answer->run);
}

int run_selftest(const Session& session, const SelftestOptions& options) {
  OperationBody body;
  body.engines = options.engines;
  body.heals = options.heals;
  return perform_operation(session, "selftest", std::move(body),
                           [&session](const std::string& answer) { return print_run(session, answer); });
}

}  // namespace

void add_selftest(CommandLine& line) {
  auto [command, options] =
      line.add("selftest", "test every engine once, heal what fails, write the report", Needs::daemon, run_selftest);
  const auto heals = command.flag("--heal", options.heals, true, "heal what fails: the default where you may");
  command.flag("--no-heal", options.heals, false, "only test").excludes(heals);
  command.option("--engine", options.engines, "NAME", "only this engine and what it needs; may be repeated")
      .takes_several();
}

}  // namespace autoheal::cli
