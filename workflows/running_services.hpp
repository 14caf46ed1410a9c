// Which of the services that a plan may touch run now.
#pragma once

#include "workflows/host.hpp"

namespace autoheal::workflows {

// Fills `services`, `service_running` and `running`. One of which nobody tells counts as running: it can be restarted
// whatever it does.
void observe_services(Host& host, const EngineSpec& spec, Observation& observation);

}  // namespace autoheal::workflows
