// A root with many files that hold the same, spread over engines.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace autoheal::bench {

inline constexpr std::size_t files_per_folder = 100;

// Makes `files` files below `folder`/root and a configuration in which `engines` engines watch and repair them, each
// its own part; tested every 5 minutes. The files, in order.
[[nodiscard]] std::vector<std::filesystem::path> lay_out_files(const std::filesystem::path& folder, std::size_t files,
                                                               std::size_t engines);

}  // namespace autoheal::bench
