// Waits until nobody is at work on what an engine declares; looks at it and leaves the waiting to the caller.
#pragma once

#include <optional>

#include "autoheal/workflows/effects/heal_surroundings.hpp"

namespace autoheal::workflows {

// All given outlives it.
class UntilWritersAreDone {
 public:
  UntilWritersAreDone(const Probing& probing, const engine::Clock& clock, const EngineSpec& spec, EffectMark mark);

  // True if somebody was at work, is done, and the self-test did not hold while he was: then it may be he who made it
  // good. A self-test that held all the time tells nothing of the wrong that the heal is about. False at once if nobody
  // was at work. busy: he still is after longest_wait_for_writers. Nothing: to be called again after
  // look_at_writers_every. What was found stays.
  std::optional<Result<bool>> look();
  // No further look: busy where somebody was at work at the newest one.
  Result<bool> give_up();

 private:
  std::optional<Result<bool>> look_once();
  [[nodiscard]] Result<bool> busy() const;

  Probing probing_;
  const engine::Clock& clock_;
  const EngineSpec& spec_;
  EffectMark mark_;
  std::vector<std::string> paths_;
  std::vector<FileInWriting> writing_;
  std::optional<Duration> began_;
  std::optional<bool> held_;
  std::optional<Result<bool>> found_;
};

}  // namespace autoheal::workflows
