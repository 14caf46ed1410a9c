// Rows as people, spreadsheets and programs want them: aligned text, CSV, JSON.
#pragma once

#include <string>
#include <vector>

#include "tools/autoheal/output/console.hpp"

namespace autoheal::cli {

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

// Text: aligned columns; csv: RFC 4180; json: an array of objects; jsonl: one object per line.
void print(Console& console, const Table& table, OutputFormat format);

// How many columns `text` takes on a terminal; every character counts as one.
[[nodiscard]] std::size_t columns_of(const std::string& text);
// One line of RFC 4180, without its end.
[[nodiscard]] std::string csv_line(const std::vector<std::string>& row);

}  // namespace autoheal::cli
