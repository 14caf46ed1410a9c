// Restrictions of this process that its children inherit and cannot take off: a sandbox. It is meant for the healer,
// but would apply to the services that a heal starts, too.
#pragma once

#include <set>
#include <string>

namespace autoheal::host {

// In the words of a unit file; empty if there is none, or nobody may look.
[[nodiscard]] std::set<std::string> inherited_bounds();

}  // namespace autoheal::host
