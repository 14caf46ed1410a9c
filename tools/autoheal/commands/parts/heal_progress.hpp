// One line that tells a waiting person what is going on now.
#pragma once

#include <string>

#include "tools/autoheal/healer/healer.hpp"

namespace autoheal::cli {

// "3 of 8 tested · EnvRecon: Certifying (attempt 1)". Empty when nothing is going on.
[[nodiscard]] std::string heal_progress(HealerServices& healer, const std::string& run = {});

}  // namespace autoheal::cli
