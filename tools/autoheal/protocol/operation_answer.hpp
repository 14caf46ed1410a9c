// The answer of an operation, as JSON and back: the same text whether it came through the daemon's socket or from the
// command's own process.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/supervision/self_test.hpp"
#include "tools/autoheal/output/table.hpp"

namespace autoheal::cli {

// Each pair: made by the operation, read by the command. Reading fails (corrupt) on anything the maker did not make.

// Empty: the self-test passed, there was nothing to heal.
[[nodiscard]] std::string heal_answer(const std::optional<workflows::HealResult>& result);
[[nodiscard]] Result<std::optional<workflows::HealResult>> read_heal_answer(const std::string& text);

struct RunAnswer {
  workflows::SelfTestState run;
  std::string report;       // its exact text
  std::string report_path;  // or empty: it could not be written
  std::string problem;      // why not
};
[[nodiscard]] std::string run_answer(const RunAnswer& answer);
[[nodiscard]] Result<RunAnswer> read_run_answer(const std::string& text);

[[nodiscard]] std::string undo_answer(const std::map<unsigned, workflows::UndoOutcome>& undone);
struct UndoLine {
  unsigned number = 0;
  std::string status, message;
};
[[nodiscard]] Result<std::vector<UndoLine>> read_undo_answer(const std::string& text);

// The columns of the tables that `adopt` and `archive` answer with.
inline constexpr std::array adopted_columns = {"kind", "path", "digest"};
inline constexpr std::array archived_columns = {"first",           "last",  "entries", "blobs",
                                                "secrets_deleted", "bytes", "held_by", "file"};
[[nodiscard]] std::string table_answer(const Table& table);
[[nodiscard]] Result<Table> read_table_answer(const std::string& text);

// A sentence for people: {"said":"..."}.
[[nodiscard]] std::string said(const std::string& sentence);
[[nodiscard]] Result<std::string> read_said(const std::string& text);

}  // namespace autoheal::cli
