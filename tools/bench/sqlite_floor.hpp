// What the same record costs bare SQLite: four commits and eight entries per heal, grouped as the heals are.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/result.hpp"

namespace autoheal::bench {

// `data`: the eight texts of one heal's entries. Heals per second at best when `callers` of them share each commit;
// WAL, synchronous=FULL, prepared statements, checkpoints as the store makes them.
[[nodiscard]] Result<double> sqlite_floor(const std::filesystem::path& file, std::size_t callers, std::size_t count,
                                          const std::vector<std::string>& data);

}  // namespace autoheal::bench
