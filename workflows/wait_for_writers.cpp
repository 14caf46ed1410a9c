#include "workflows/wait_for_writers.hpp"

#include "workflows/gather_evidence.hpp"
#include "workflows/self_test_effects.hpp"

namespace autoheal::workflows {

Result<bool> wait_for_writers(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark) {
  const auto paths = paths_with_content(spec);
  if (paths.empty()) return false;
  const Duration began = at.since_boot();
  std::optional<bool> held;
  while (true) {
    const auto writing = at.host.being_written(spec, paths, {});
    if (writing.empty()) return held && !*held;
    if (!held) held = all_hold(run_probes(at, spec, spec.self_test, mark));
    const bool too_long = at.since_boot() - began >= longest_wait_for_writers;
    if (too_long || !at.wait(look_at_writers_every)) {
      return failure(ErrorKind::busy, sentence_of(writing) + ": nothing was changed",
                     "it is repaired once that is done, or after 2 s without a change");
    }
  }
}

TestReport test_when_written(const HealSurroundings& at, const EngineSpec& spec, const EffectMark& mark) {
  const Duration began = at.since_boot();
  while (true) {
    TestReport report = test_engine(at, spec, mark);
    if (report.postponed.empty()) return report;
    const Duration waited = at.since_boot() - began;
    if (waited_enough(report.writing, waited)) return report;
    if (waited >= longest_wait_for_writers || !at.wait(look_at_writers_every)) {
      report.tested.outcome = TestOutcome::unknown;
      report.tested.error = report.postponed + ": not tested yet (" + report.tested.error + ")";
      return report;
    }
  }
}

}  // namespace autoheal::workflows
