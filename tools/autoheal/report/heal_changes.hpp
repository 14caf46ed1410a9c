// The changes that a heal planned, with the differences, and what came of them: for programs and for a terminal.
#pragma once

#include <string>

#include "tools/autoheal/output/console.hpp"
#include "tools/autoheal/report/heal_page.hpp"

namespace autoheal::cli {

// {"heal_id","engine","state","changes":[{"attempt","change","outcome","diff":["- old","+ new"]}]}. Pure; secrets are
// masked.
[[nodiscard]] std::string json_of_changes(const HealPage& page);

void print_changes(Console& console, const HealPage& page);

}  // namespace autoheal::cli
