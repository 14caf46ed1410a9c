// Derives the watched paths of an engine: everything below its root that its test, its repair or its certificate
// depends on.
#pragma once

#include <optional>
#include <set>

#include "autoheal/workflows/spec/engine_spec.hpp"
#include "tools/host/watch/watched_engine.hpp"

namespace autoheal::host {

// Each path once, in order of name. For pidfiles also the links that lead to them now (linked_place.hpp).
[[nodiscard]] WatchedEngine watched_paths(const workflows::EngineSpec& spec);
// Pidfiles that links lead to in /run, where that is not below the root.
[[nodiscard]] std::optional<WatchedEngine> watched_in_run(const workflows::EngineSpec& spec);
// The units of systemd that its service and its probes name, as they are given.
[[nodiscard]] std::set<std::string> watched_units(const workflows::EngineSpec& spec);
// The processes of its service and of its process probes, each pidfile once.
[[nodiscard]] std::vector<WatchedProcess> watched_processes(const workflows::EngineSpec& spec);

}  // namespace autoheal::host
