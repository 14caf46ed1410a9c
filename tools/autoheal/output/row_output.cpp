#include "tools/autoheal/output/row_output.hpp"

#include <algorithm>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/output/table.hpp"

namespace autoheal::cli {

RowOutput::RowOutput(Console& console, std::vector<Column> columns, OutputFormat format)
    : console_(console), columns_(std::move(columns)), format_(format) {
  if (format_ != OutputFormat::csv) return;
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.name);
  console_.data(csv_line(names));
}

void RowOutput::row(const std::vector<std::string>& cells) {
  const bool is_first = rows_++ == 0;
  if (format_ == OutputFormat::csv) return console_.data(csv_line(cells));
  if (format_ == OutputFormat::text) {
    if (is_first) {
      std::vector<std::string> names;
      for (const Column& column : columns_) names.push_back(column.name);
      text_row(names);
    }
    return text_row(cells);
  }
  JsonWriter out;
  out.begin_object();
  for (std::size_t index = 0; index < cells.size(); ++index) out.field(columns_[index].name, cells[index]);
  std::string json = out.end_object().take();
  if (format_ == OutputFormat::jsonl) return console_.data(json);
  if (!is_first) console_.data(held_ + ",");
  held_ = (is_first ? "[" : " ") + json;
}

void RowOutput::end() {
  if (format_ == OutputFormat::json) console_.data((rows_ == 0 ? "[" : held_) + "]");
}

void RowOutput::text_row(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t index = 0; index < cells.size(); ++index) {
    const std::string cell = printable(cells[index]);
    line += cell;
    columns_[index].width = std::max(columns_[index].width, columns_of(cell));
    if (index + 1 < cells.size()) line += std::string(columns_[index].width - columns_of(cell) + 2, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  console_.data(rows_ == 1 && cells.front() == columns_.front().name ? console_.paint(Tone::dim, line) : line);
}

}  // namespace autoheal::cli
