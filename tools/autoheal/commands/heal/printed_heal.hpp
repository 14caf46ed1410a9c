// The end of a heal, as the commands print it.
#pragma once

#include "autoheal/workflows/heal/heal_result.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

void print_heal_result(const Session& session, const workflows::HealResult& result);

}  // namespace autoheal::cli
