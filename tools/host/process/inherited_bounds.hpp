// What this process may not do that the first one may, and whoever it starts inherits: a sandbox, which cannot be taken
// off again. Meant for the healer, it is on the services that a heal starts, too.
#pragma once

#include <set>
#include <string>

namespace autoheal::host {

// In words that stand in a unit file; empty where there is none, or nobody may look.
[[nodiscard]] std::set<std::string> inherited_bounds();

}  // namespace autoheal::host
