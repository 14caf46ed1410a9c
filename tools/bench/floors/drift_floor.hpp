// The bare work of one repaired file: an inotify event, read and hashed, written anew, synced, renamed, its folder
// synced, read once more, and four durable commits around it. Nothing else.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

struct DriftTimes {
  std::vector<double> right_ms, complete_ms;
};

// `heal_texts`: the data of one heal's entries. The edits are those of the measurement, in a folder of their own.
[[nodiscard]] Result<DriftTimes> drift_floor(const std::filesystem::path& folder, std::size_t trials,
                                             const std::vector<std::string>& heal_texts);

}  // namespace autoheal::bench
