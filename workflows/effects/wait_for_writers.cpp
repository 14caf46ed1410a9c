#include "autoheal/workflows/effects/wait_for_writers.hpp"

#include <utility>

#include "autoheal/workflows/effects/gather_evidence.hpp"
#include "autoheal/workflows/effects/open_writers.hpp"

namespace autoheal::workflows {

UntilWritersAreDone::UntilWritersAreDone(const Probing& probing, const engine::Clock& clock, const EngineSpec& spec,
                                         EffectMark mark)
    : probing_(probing), clock_(clock), spec_(spec), mark_(std::move(mark)), paths_(paths_with_content(spec)) {
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
  if (!began_) began_ = clock_.since_boot();
  writing_ = probing_.host.being_written(spec_, paths_, {});
  if (writing_.empty()) return held_ && !*held_;
  if (!held_) held_ = all_hold(run_probes(probing_, spec_, spec_.self_test, mark_));
  if (clock_.since_boot() - *began_ >= longest_wait_for_writers) return busy();
  return std::nullopt;
}

Result<bool> UntilWritersAreDone::busy() const {
  return failure(ErrorKind::busy, sentence_of(writing_) + ": nothing was changed",
                 "it is repaired once that is done, or after 2 s without a change");
}

}  // namespace autoheal::workflows
