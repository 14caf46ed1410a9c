// Two heals side by side: where they first went different ways, then entry by entry.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autoheal/replay/text/timeline.hpp"

namespace autoheal::replay {

struct DiffRow {
  std::optional<std::size_t> left,
      right;          // indices of timeline lines; one of them is missing where only one heal has it
  bool same = false;  // in what they say; how long something took does not count
};

struct HealDiff {
  std::vector<DiffRow> rows;                       // all entries of both, in order
  std::optional<std::size_t> first;                // the row of the first difference
  std::vector<std::string> left_only, right_only;  // the lines that differ there
};

[[nodiscard]] HealDiff diff_of(const Timeline& left, const Timeline& right);

}  // namespace autoheal::replay
