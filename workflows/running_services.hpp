// Which of the services that a plan may touch run now.
#pragma once

#include "workflows/host.hpp"

namespace autoheal::workflows {

// Fills `service_running` and `running`. A service without a pidfile counts as running: it can be restarted whatever it
// does.
void observe_services(Host& host, const EngineSpec& spec, Observation& observation);

}  // namespace autoheal::workflows
