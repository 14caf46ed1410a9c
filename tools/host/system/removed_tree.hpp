// Removes a folder with all its content.
#pragma once

#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::host {

// Removes `name` in the open folder with everything below it; free when it is not there. Follows no link.
[[nodiscard]] Result<void> remove_tree(int folder, const std::string& name);

}  // namespace autoheal::host
