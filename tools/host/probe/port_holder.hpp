// Finds the program that listens on the port of a network probe: the service, or one that certainly does not belong to
// it. In doubt it is unknown: the service may be behind a socket that systemd, a proxy or another machine holds.
#pragma once

#include <sys/types.h>

#include "autoheal/workflows/plan/port_finding.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::host {

// `main_process` is that of the service; 0: it is not known. Thread-safe.
[[nodiscard]] workflows::PortFinding find_port_holder(const workflows::Probe& probe, long main_process);

}  // namespace autoheal::host
