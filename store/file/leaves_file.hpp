// Leaves as a file that any tool can read: one a line, in lower-case hex, in order; an empty line is an empty leaf.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::store {

// The line of one leaf, with its newline.
[[nodiscard]] std::string leaf_to_hex_line(std::string_view leaf);

// Hands each leaf of `text` to `take`, in order, and returns how many there are. invalid: a line that is no lower-case
// hex, by its number from 1, or a last line without its end; the leaves before it were handed over.
[[nodiscard]] Result<std::uint64_t> each_leaf(std::string_view text,
                                              const std::function<void(std::string_view leaf)>& take);

}  // namespace autoheal::store
