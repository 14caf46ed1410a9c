// `heal --dry-run`: observes, plans and asks Truth, with everything kept in memory: nothing is touched or recorded.
#pragma once

#include "tools/autoheal/session.hpp"

namespace autoheal::cli {

// 0: the plan would be certified; 1: it would be refused, or could not be made.
int dry_run(const Session& session, const workflows::EngineSpec& spec);

}  // namespace autoheal::cli
