// Secrets that an engine's configuration holds or names: literals where a reference would be better, and the files of
// references. Pure.
#pragma once

#include <string>
#include <vector>

#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::workflows {

// Values under secret names (env values, environments, headers, settings, variables of tests), in arguments, URLs and
// bodies, by the engine's own rules. `rules` is a mask of them.
[[nodiscard]] std::vector<std::string> secret_literals(const EngineSpec& spec, const SecretMask& rules);

// Absolute paths of every `{from: FILE}`.
[[nodiscard]] std::vector<std::string> secret_files(const EngineSpec& spec);

}  // namespace autoheal::workflows
