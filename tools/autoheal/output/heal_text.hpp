// Results of heals as people see them.
#pragma once

#include <string>
#include <vector>

#include "autoheal/workflows/heal/heal_result.hpp"
#include "tools/autoheal/output/console.hpp"

namespace autoheal::cli {

// "✅ certified   EnvRecon  arie, 1 attempt, 0.123 s   0193..."
[[nodiscard]] std::string line_of(const Console& console, const workflows::HealResult& result);
// For a heal that failed: why, and what to do next, each on a line of its own; else nothing.
[[nodiscard]] std::vector<std::string> lines_below(const workflows::HealResult& result);
// Exit code of a single heal.
[[nodiscard]] int exit_code_of(const workflows::HealResult& result);
[[nodiscard]] std::string seconds_text(Duration took);

}  // namespace autoheal::cli
