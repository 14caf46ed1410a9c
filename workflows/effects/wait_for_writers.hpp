// Tells when nobody writes the files that an engine declares any more; the caller waits between two looks.
#pragma once

#include <optional>

#include "autoheal/workflows/effects/heal_surroundings.hpp"

namespace autoheal::workflows {

// All given outlives it.
class UntilWritersAreDone {
 public:
  UntilWritersAreDone(const Probing& probing, const engine::Clock& clock, const EngineSpec& spec, EffectMark mark);

  // True if a writer was at work, is done, and the self-test failed meanwhile: then the writer may have repaired it. A
  // self-test that held all the time says nothing about the failure that the heal is about. False at once if nobody was
  // at work. busy: the writer is still at work after longest_wait_for_writers. Empty: call again after
  // look_at_writers_every. A result stays.
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
