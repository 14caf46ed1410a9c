// Two texts, line by line: what a plan would change, for a person's eyes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace autoheal::replay {

// Lines that go as "- ...", lines that come as "+ ...", up to two lines around them as "  ...", "  ..." between places
// far from each other. Empty if both are the same; one sentence where either is binary. At most `most_lines`, then
// "...".
[[nodiscard]] std::vector<std::string> content_diff(std::string_view before, std::string_view after,
                                                    std::size_t most_lines = 60);

}  // namespace autoheal::replay
