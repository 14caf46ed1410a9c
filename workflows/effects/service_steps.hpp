// The two steps of a restart that is made of `stop` and `start`: what was stopped has ended before the next is started,
// and who starts is not misled by what has ended.
#pragma once

#include <optional>
#include <string>

#include "autoheal/workflows/effects/host.hpp"

namespace autoheal::workflows {

// Made before a `stop` runs: which process is to end by it.
class StopStep {
 public:
  StopStep(Host& host, const EngineSpec& spec, const Act& act);
  // Once it ran. Tells what had to be done for that; empty if the stop sufficed, or if the process is not known.
  [[nodiscard]] std::string see_it_end();

 private:
  struct Known {
    EngineSpec owner;
    ServiceRepair service;
    ServiceStatus before;
  };
  Host& host_;
  std::optional<Known> known_;
};

// Whether what just started the service of `act` did nothing, since a process that had ended, and of which its parent
// had not heard yet, looked like the service; and that is over now.
[[nodiscard]] bool is_worth_another_start(Host& host, const EngineSpec& spec, const Act& act, const EffectMark& mark);

}  // namespace autoheal::workflows
