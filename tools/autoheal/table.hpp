// Rows as people, spreadsheets and programs want them: aligned text, CSV, JSON.
#pragma once

#include <string>
#include <vector>

#include "tools/autoheal/console.hpp"

namespace autoheal::cli {

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

// Text: aligned columns; csv: RFC 4180; json: an array of objects; jsonl: one object per line.
void print(Console& console, const Table& table, OutputFormat format);

}  // namespace autoheal::cli
