#include "workflows/wait_for_writers.hpp"

#include <utility>

#include "workflows/gather_evidence.hpp"
#include "workflows/self_test_effects.hpp"

namespace autoheal::workflows {

UntilWritersAreDone::UntilWritersAreDone(const HealSurroundings& at, const EngineSpec& spec, EffectMark mark)
    : at_(at), spec_(spec), mark_(std::move(mark)), paths_(paths_with_content(spec)) {
  if (paths_.empty()) found_ = false;
}

std::optional<Result<bool>> UntilWritersAreDone::look() {
  if (!found_) found_ = look_once();
  return found_;
}

Result<bool> UntilWritersAreDone::give_up() {
  if (!found_) found_ = busy();
  return *found_;
}

std::optional<Result<bool>> UntilWritersAreDone::look_once() {
  if (!began_) began_ = at_.since_boot();
  writing_ = at_.host.being_written(spec_, paths_, {});
  if (writing_.empty()) return held_ && !*held_;
  if (!held_) held_ = all_hold(run_probes(at_, spec_, spec_.self_test, mark_));
  if (at_.since_boot() - *began_ >= longest_wait_for_writers) return busy();
  return std::nullopt;
}

Result<bool> UntilWritersAreDone::busy() const {
  return failure(ErrorKind::busy, sentence_of(writing_) + ": nothing was changed",
                 "it is repaired once that is done, or after 2 s without a change");
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
