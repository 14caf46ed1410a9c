// A probe's program that cannot be started says something about the service only if the engine repairs that program.
// Any other one may just be replaced by an upgrade, and no repair of the engine would bring it back.
#pragma once

#include <string>

#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::host {

// Whether `program`, an absolute path, is a target of one of the engine's repairs, or is below or behind one.
[[nodiscard]] bool is_repaired(const workflows::EngineSpec& spec, const std::string& program);

}  // namespace autoheal::host
