// The daemon performs what the watch asks for.
#include "autoheal/workflows/effects/open_writers.hpp"
#include "autoheal/workflows/supervision/test_engine.hpp"
#include "tools/autoheal/daemon/daemon.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace asio = boost::asio;
using namespace workflows;

namespace {

constexpr Duration report_after = std::chrono::seconds(1);  // changes of one moment are one report

}  // namespace

// Leftovers of a daemon's own tests carry it.
std::string Daemon::mark_of_tests(HealerServices& healer) { return healer.parts.ledger->id() + "/serve/"; }

void Daemon::pump() {
  if (stopping_) return;
  for (const WatchAct& act : watch_.take_acts(healer_.parts.clock.since_boot()))
    std::visit([this](const auto& one) { perform(one); }, act);
  wake_->set(watch_.next_wake());
  await_report();
  show_standing();
}

void Daemon::await_report() {
  if (report_waits_) return;
  report_waits_ = report_.changed();
  if (report_waits_) report_timer_->set(healer_.parts.clock.since_boot() + report_after);
}

void Daemon::perform(const StartTest& act) {
  if (auto engine = healer_.in_force.find_engine(act.engine)) return spawn(test(std::move(*engine)));
  TestReport gone;  // between two configurations
  gone.tested.engine = act.engine;
  watch_.tested(gone, {}, healer_.parts.clock.since_boot());
}

asio::awaitable<void> Daemon::test(EngineToHeal engine) {
  ++beat_.tests_run;
  ++beat_.tests[engine.spec->name];
  // A job outlives the daemon where that ends meanwhile; the healer waits for it.
  const auto job = [&healer = healer_, spec = engine.spec] {
    return test_engine(healer.workflows->surroundings(), *spec, mark_of_tests(healer) + spec->name + "/0", true);
  };
  const TestReport report = co_await healer_.jobs.on_pool(job);
  if (stopping_) co_return;
  if (report.tested.outcome != TestOutcome::passed && report.postponed.empty()) ++beat_.tests_failed;
  api_->steward->plugins.take(report.tested.engine, report.plugin_values);
  watch_.tested(report, switches_of(report.tested.engine), healer_.parts.clock.since_boot());
  processes_->look_again(report.tested.engine);
  pump();
}

void Daemon::perform(const StartHeal& act) { spawn(heal(act)); }

asio::awaitable<void> Daemon::heal(StartHeal act) {
  TestFailure failure;
  failure.error = act.error;
  failure.failed_dependency = act.failed_dependency;
  failure.flapping = act.flapping;
  failure.needs = act.needs;
  By by = by_daemon();
  std::string name = act.engine;
  const HealResult result =
      co_await healer_.workflows->trigger().heal_engine(std::move(name), std::move(failure), std::move(by));
  // Nobody else reports a trigger that never became a heal.
  if (!stopping_ && result.heal.empty()) {
    watch_.heal_ended(result, healer_.parts.clock.since_boot());
    pump();
  }
}

void Daemon::perform(const SkipHeal& act) {
  if (auto engine = healer_.in_force.find_engine(act.engine)) spawn(skip(act, std::move(*engine)));
}

asio::awaitable<void> Daemon::skip(SkipHeal act, EngineToHeal engine) {
  const std::string until = pause_of(act.engine, act.reason, act.until);
  tell(fmt::format("{} is not healed ({}{}): {}", act.engine, act.reason, until.empty() ? "" : " " + until, act.error),
       {.kind = NoteKind::not_healed, .engine = act.engine, .state = act.reason});
  By by = by_daemon();
  (void)co_await healer_.workflows->trigger().skip(std::move(engine), std::move(by), std::move(act.reason),
                                                   std::move(act.error));
}

void Daemon::perform(const EndHeal& act) {
  const auto& open = healer_.workflows->trigger().open_heals();
  const auto heal = open.find(act.engine);
  if (heal == open.end() || heal->second.empty()) return;
  By by = by_daemon();
  by.reason = "its service was stopped by hand";
  healer_.parts.runtime->runner().submit<Heal>(heal->second, Cancel{EndReason::held, by});
}

void Daemon::perform(const RecordOutcome& act) {
  tell(fmt::format("{} {}{}{}", act.tested.engine, name_of(act.tested.outcome),
                   act.tested.error.empty() ? "" : ": " + act.tested.error,
                   act.tested.reported.empty() ? "" : " (" + act.tested.reported + ")"),
       {.kind = NoteKind::tested, .engine = act.tested.engine, .state = std::string(name_of(act.tested.outcome))});
  report_.tested(act.tested);
  const engine::Encoded encoded = SelfTest::encode({}, act.tested);
  engine::NewEntry entry;
  entry.type = encoded.type;
  entry.dataversion = encoded.dataversion;
  entry.time = healer_.parts.clock.now();
  entry.actor = healer_.in_force.configuration()->settings.principals.actor;
  entry.subject = act.tested.engine;
  entry.data = encoded.data;
  spawn(record(std::move(entry)));
}

asio::awaitable<void> Daemon::record(engine::NewEntry entry) {
  const std::string type = entry.type;
  const auto recorded = co_await healer_.recording.record(std::move(entry));
  if (!recorded) tell(fmt::format("warning: {} could not be recorded: {}", type, recorded.error().message));
}

// As long as somebody has what was displaced open it is looked at again.
asio::awaitable<void> Daemon::settle_kept() {
  const bool waits = co_await kept_.settle();
  if (!stopping_ && waits) kept_timer_->set(healer_.parts.clock.since_boot() + quiet_after);
}

asio::awaitable<void> Daemon::write_report(DaemonReport::Due due) {
  const std::string folder = healer_.in_force.configuration()->settings.reports;
  const auto job = [folder, due = std::move(due), now = healer_.parts.clock.now()] {
    return write_daemon_report(folder, due, now);
  };
  const auto written = co_await healer_.jobs.on_pool(job);
  if (!written) tell("warning: " + written.error().message);
}

}  // namespace autoheal::cli
