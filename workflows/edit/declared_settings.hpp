// The values that a configuration declares for one settings file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "autoheal/workflows/edit/wanted_scalar.hpp"

namespace autoheal::workflows {

// All that is to be set in the file, by the tokens of its pointers.
using DeclaredSettings = std::map<std::vector<std::string>, WantedScalar>;

}  // namespace autoheal::workflows
