// What of an engine is watched: all that its test, its repair or its certificate depends on and that lies below its
// root.
#pragma once

#include "tools/host/watched_engine.hpp"
#include "workflows/engine_spec.hpp"

namespace autoheal::host {

// Pure. Each path once, in order of name.
[[nodiscard]] WatchedEngine watched_paths(const workflows::EngineSpec& spec);
// The processes of its service and of its process probes, each pidfile once.
[[nodiscard]] std::vector<WatchedProcess> watched_processes(const workflows::EngineSpec& spec);

}  // namespace autoheal::host
