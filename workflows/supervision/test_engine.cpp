#include "autoheal/workflows/supervision/test_engine.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/contained.hpp"
#include "autoheal/workflows/effects/gather_evidence.hpp"
#include "autoheal/workflows/effects/open_writers.hpp"
#include "autoheal/workflows/effects/running_services.hpp"

namespace autoheal::workflows {

namespace {

// Networks and programs fail now and then; a file, what it holds or a process is as it is.
bool is_sure(const Probe& probe) {
  return std::holds_alternative<FileProbe>(probe.what) || std::holds_alternative<EnvProbe>(probe.what) ||
         std::holds_alternative<ProcessProbe>(probe.what) || std::holds_alternative<SettingsProbe>(probe.what) ||
         std::holds_alternative<LinkProbe>(probe.what);
}

// A file that was read while it was being written proves nothing.
void postpone_if_written(const HealSurroundings& at, const EngineSpec& spec, bool gone_too, TestReport& report) {
  const auto writing = at.host.being_written(spec, paths_with_content(spec), {gone_too, report.tested.took});
  report.postponed = sentence_of(writing);
  report.writing = state_of(writing);
}

// A service that does not run, or has just been started, explains what fails.
void look_at_service(const HealSurroundings& at, const EngineSpec& spec, TestReport& report) {
  report.held_back = held_back_service(at.host, spec);
  if (!spec.repair.service) return;
  const ServiceStatus status = at.host.service_status(spec, *spec.repair.service);
  report.packages_change = status.packages_change;
  report.no_pidfile = status.no_pidfile;
  report.stopped_by_hand = status.state == ServiceState::stopped_by_hand;
  report.sure = report.sure || is_dead(status.state);
  const bool young = status.state == ServiceState::running && status.lives > Duration{0} && status.lives < spec.grace;
  const bool passing = is_transitional(status.state);
  if (status.crashed) {
    report.grace = Duration{0};
    return;
  }
  if (is_dead(status.state) || young) report.grace = std::max(report.grace, spec.grace);
  if (passing) report.grace = std::max({report.grace, spec.grace, status.start_limit, status.stop_limit});
}

TestReport report_of(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark, bool gone_too) {
  TestReport report;
  EngineTested& tested = report.tested;
  tested.engine = spec.name;
  tested.outcome = TestOutcome::passed;
  const Duration began = at.clock.since_boot();
  const auto results = run_probes(at.probing(), spec, spec.self_test, mark);
  tested.took = at.clock.since_boot() - began;
  for (std::size_t index = 0; index < results.size(); ++index) {
    const ProbeResult& result = results[index];
    if (std::holds_alternative<PluginProbe>(spec.self_test[index].what))
      report.plugin_values[result.name] = performance_data(at.secrets.mask(result.printed));
    if (result.verdict == ProbeVerdict::pass) continue;
    if (!result.heal || result.verdict == ProbeVerdict::warning) {
      tested.reported += (tested.reported.empty() ? "" : "; ") + result.name + ": " + result.message;
      continue;
    }
    // A certain failure outweighs an unknown result.
    if (result.verdict == ProbeVerdict::fail) {
      tested.outcome = TestOutcome::failed;
      report.sure = report.sure || is_sure(spec.self_test[index]);
      report.grace = std::max(report.grace, spec.self_test[index].grace);
    }
    if (tested.outcome == TestOutcome::passed) tested.outcome = TestOutcome::unknown;
    tested.error += (tested.error.empty() ? "" : "; ") + result.name + ": " + result.message;
    report.failing.push_back(result.name);
  }
  if (tested.outcome != TestOutcome::failed) return report;
  look_at_service(at, spec, report);
  postpone_if_written(at, spec, gone_too, report);
  return report;
}

}  // namespace

TestReport test_engine(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark, bool gone_too) {
  auto report = contained("self-test", [&] { return report_of(at, spec, mark, gone_too); });
  if (report) return std::move(*report);
  TestReport unknown;
  unknown.tested = {spec.name, TestOutcome::unknown, sentence_of(report.error()), Duration{0}};
  return unknown;
}

TestReport test_when_written(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark) {
  const Duration began = at.clock.since_boot();
  while (true) {
    TestReport report = test_engine(at, spec, mark);
    if (report.postponed.empty()) return report;
    const Duration waited = at.clock.since_boot() - began;
    if (waited_enough(report.writing, waited)) return report;
    if (waited >= longest_wait_for_writers || !at.scheduling.wait(look_at_writers_every)) {
      report.tested.outcome = TestOutcome::unknown;
      report.tested.error = fmt::format("{}: not tested yet ({})", report.postponed, report.tested.error);
      return report;
    }
  }
}

}  // namespace autoheal::workflows
