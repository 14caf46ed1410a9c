#include <boost/asio/awaitable.hpp>
#include <set>

#include "tools/autoheal/commands.hpp"
#include "tools/autoheal/heal_progress.hpp"
#include "tools/autoheal/heal_text.hpp"
#include "tools/autoheal/printable.hpp"
#include "tools/autoheal/report.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

using namespace workflows;

// The engines asked for and all that they need; all of them where none was asked for.
Result<std::vector<EngineToTest>> engines_of_run(const Session& session) {
  const auto& engines = session.configuration.settings.engines;
  std::set<std::string> wanted;
  std::vector<std::string> todo = session.options.engines;
  for (const EngineSpec& spec : engines) {
    if (session.options.engines.empty()) todo.push_back(spec.name);
  }
  while (!todo.empty()) {
    const std::string name = todo.back();
    todo.pop_back();
    const EngineSpec* spec = session.configuration.find(name);
    if (spec == nullptr)
      return failure(ErrorKind::not_found, "there is no engine \"" + name + "\"", "`autoheal engines` lists them");
    if (!wanted.insert(name).second) continue;
    todo.insert(todo.end(), spec->depends_on.begin(), spec->depends_on.end());
  }
  std::vector<EngineToTest> run;
  for (const EngineSpec& spec : engines) {
    if (wanted.contains(spec.name)) run.push_back({spec.name, spec.depends_on});
  }
  return run;
}

void print_engine(const Session& session, const SelfTestState& run, const std::string& name) {
  const auto tested = run.tested.find(name);
  if (tested == run.tested.end()) return;
  Console& console = session.console;
  if (tested->second.outcome == TestOutcome::passed) return console.data("✅ " + printable(name));
  const auto healed = run.healed.find(name);
  const std::string mark = healed != run.healed.end() ? console.paint(Tone::warning, "⚠️ auto-heal launched")
                                                      : console.paint(Tone::bad, "❌ failed");
  console.data(mark + "  " + printable(name) + "  " + printable(tested->second.error));
  if (healed == run.healed.end()) return;
  console.data("   " + line_of(console, result_of(name, healed->second)));
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
  session.console.data(session.console.paint(tone, summary.status) + ": " + std::to_string(summary.engines_verified) +
                       " of " + std::to_string(summary.engines_total) + " engines verified, " +
                       std::to_string(summary.autoheal_invocations) + " healed or tried, " +
                       seconds_text(summary.runtime));
  session.console.note("report: " + where);
  session.console.note("ledger: " + session.configuration.settings.ledger +
                       "   more: autoheal heals, autoheal show last");
}

int exit_code_of_run(const SelfTestState& run) {
  const std::string& status = run.completed->status;
  return status == "Stable" ? exit_done : status == "Degraded" ? exit_failed : exit_run_failed;
}

asio::awaitable<int> run_it(const Session& session, Healer& healer, std::vector<EngineToTest> engines,
                            std::string& run_stream) {
  SelfTestStarted facts;
  facts.test_id = report_id(session.configuration.settings.reports, healer.clock().now());
  facts.engines = std::move(engines);
  facts.heals = session.options.heals.value_or(allows(session.configuration.principal.role, Permission::heal));
  facts.by = session.by();
  SelfTestInput begin =
      BeginSelfTest{std::move(facts)};  // named: g++ 12 destroys braced temporaries of a co_await twice
  const auto stream = co_await healer.runtime().start<SelfTest>(std::move(begin));
  if (!stream) co_return session.fail(stream.error());
  run_stream = *stream;
  const auto run = co_await healer.runtime().finished<SelfTest>(*stream);
  if (!run) co_return session.fail(run.error());
  const std::string text = report_of(*run);
  const auto report = write_report(session.configuration.settings.reports, run->facts.test_id, text);
  print(session, *run, text, report ? report->string() : "not written");
  if (!report) co_return session.fail(report.error());
  co_return exit_code_of_run(*run);
}

}  // namespace

int command_selftest(const Session& session) {
  if (const int refused = session.require(Permission::run_self_test, "run self-tests"); refused != exit_done)
    return refused;
  if (session.options.heals.value_or(false)) {
    if (const int refused = session.require(Permission::heal, "heal"); refused != exit_done) return refused;
  }
  auto engines = engines_of_run(session);
  if (!engines) return session.fail(engines.error());
  auto healer = Healer::open(session.configuration, session.console);
  if (!healer) return session.fail(healer.error());
  std::string run_stream;
  (*healer)->progress = [&] { return heal_progress(**healer, run_stream); };
  return (*healer)->run([&] { return run_it(session, **healer, std::move(*engines), run_stream); });
}

}  // namespace autoheal::cli
