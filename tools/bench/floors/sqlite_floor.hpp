// The cost of the same record in bare SQLite: four commits and eight entries per heal, grouped as the heals are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace autoheal::bench {

// A table of entries as the ledger has it, and nothing around it: WAL, synchronous=FULL, prepared statements,
// checkpoints as the store makes them. One thread.
class BareLedger {
 public:
  static constexpr std::size_t commits_per_heal = 4;

  // `heal_texts`: the data of one heal's entries, in order; a quarter of them goes into each commit.
  [[nodiscard]] static Result<std::unique_ptr<BareLedger>> open(const std::filesystem::path& file,
                                                                std::vector<std::string> heal_texts);
  ~BareLedger();
  BareLedger(const BareLedger&) = delete;
  BareLedger& operator=(const BareLedger&) = delete;

  // The `commit`th commit (from 0) of the heals that `callers` have in their `round`th go; durable when it returns.
  [[nodiscard]] Result<void> commit(std::size_t round, std::size_t commit, std::size_t callers);

 private:
  BareLedger() = default;
  [[nodiscard]] bool run(const char* sql);

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::vector<std::string> texts_;
  std::int64_t seq_ = 0;
};

// Heals per second at best when `callers` of them share each commit.
[[nodiscard]] Result<double> sqlite_floor(const std::filesystem::path& file, std::size_t callers, std::size_t count,
                                          const std::vector<std::string>& data);

}  // namespace autoheal::bench
