// The test result that a manual trigger may bring along: small, outside input, checked.
#pragma once

#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

inline constexpr std::size_t largest_test_result_bytes = 64 * 1024;

// The failure, from {engine, action?, result?, error?} in `file` ("-": stdin). invalid: too large, not that shape, or
// of another engine than `engine`.
[[nodiscard]] Result<std::string> read_test_result(const std::string& file, const std::string& engine);

}  // namespace autoheal::cli
