// An engine's configuration as canonical JSON text and back: what the vault keeps and whose digest every heal names.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::workflows {

// The same specification always gives the same bytes.
[[nodiscard]] std::string encode_engine_spec(const EngineSpec& spec);
// corrupt: not something that encode_engine_spec wrote (or a later version of it).
[[nodiscard]] Result<EngineSpec> decode_engine_spec(std::string_view text);

}  // namespace autoheal::workflows
