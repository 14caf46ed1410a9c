// Who listens at the place where a network probe asks: the service, or somebody who is known to be none of it. Only
// what is known counts: behind a socket that systemd, a proxy or another machine holds the service may well be.
#pragma once

#include <sys/types.h>

#include "autoheal/workflows/plan/port_finding.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::host {

// `main_process` is that of the service; 0: it is not known. Thread-safe.
[[nodiscard]] workflows::PortFinding find_port_holder(const workflows::Probe& probe, long main_process);

}  // namespace autoheal::host
