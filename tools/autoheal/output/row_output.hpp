// Rows that are printed as they come, however many there are: aligned text, CSV or JSON.
#pragma once

#include <string>
#include <vector>

#include "tools/autoheal/output/console.hpp"

namespace autoheal::cli {

class RowOutput {
 public:
  struct Column {
    std::string name;
    std::size_t width = 0;  // of text, at least; wider ones push the others
  };

  RowOutput(Console& console, std::vector<Column> columns, OutputFormat format);

  void row(const std::vector<std::string>& cells);
  // Prints the end. Text without a row has none.
  void end();
  [[nodiscard]] std::size_t rows() const { return rows_; }

 private:
  void text_row(const std::vector<std::string>& cells);

  Console& console_;
  std::vector<Column> columns_;
  OutputFormat format_;
  std::size_t rows_ = 0;
  std::string held_;  // of JSON: the newest row, until it is known whether a comma follows
};

}  // namespace autoheal::cli
