// Steps back where somebody else is bringing a service up: a repair begins only with what has come to rest.
#pragma once

#include <optional>

#include "autoheal/workflows/effects/heal_surroundings.hpp"

namespace autoheal::workflows {

inline constexpr Duration look_at_service_every = std::chrono::milliseconds(50);

// Goes on while the process of the service has just begun and its self-test does not pass yet; at most its grace. Of a
// unit of systemd it is decided at once: that one knows itself what is under way. All given outlives it.
class BroughtUpByOthers {
 public:
  BroughtUpByOthers(const Probing& probing, const engine::Clock& clock, const EngineSpec& spec, EffectMark mark);

  // True: the self-test failed at first and passes now, so somebody else has brought it up. Nothing: to be called again
  // after look_at_service_every. What was found stays.
  std::optional<bool> look();
  // No further look.
  bool give_up();

 private:
  std::optional<bool> look_once();

  Probing probing_;
  const engine::Clock& clock_;
  const EngineSpec& spec_;
  EffectMark mark_;
  std::optional<Duration> began_;
  bool failed_ = false;
  std::optional<bool> found_;
};

}  // namespace autoheal::workflows
