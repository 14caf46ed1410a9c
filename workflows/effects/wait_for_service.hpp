// Steps back while somebody else is starting a service: a repair begins only when nothing is under way.
#pragma once

#include <optional>

#include "autoheal/workflows/effects/heal_surroundings.hpp"

namespace autoheal::workflows {

inline constexpr Duration look_at_service_every = std::chrono::milliseconds(50);

// Goes on while the process of the service has just begun and its self-test does not pass yet; at most its grace. A
// unit of systemd is decided at once, because systemd knows what is under way. All given outlives it.
class BroughtUpByOthers {
 public:
  BroughtUpByOthers(const Probing& probing, const engine::Clock& clock, const EngineSpec& spec, EffectMark mark);

  // True: the self-test failed at first and passes now, so somebody else has brought it up. Empty: call again after
  // look_at_service_every. A result stays.
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
