#include "autoheal/workflows/supervision/test_when_written.hpp"

#include "autoheal/workflows/effects/open_writers.hpp"
#include "autoheal/workflows/supervision/self_test_effects.hpp"

namespace autoheal::workflows {

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
