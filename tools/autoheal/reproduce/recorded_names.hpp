// A course of a heal that was reproduced, in the words of the original: folders, links and trees are called otherwise
// where they were rebuilt, and that alone is no difference.
#pragma once

#include "autoheal/replay/compare/course.hpp"
#include "tools/autoheal/reproduce/rebuilt_place.hpp"

namespace autoheal::cli {

[[nodiscard]] replay::Course as_called_then(replay::Course here, const RebuiltPlace& place);

}  // namespace autoheal::cli
