#include "tools/autoheal/output/table.hpp"

#include <algorithm>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/output/printable.hpp"

namespace autoheal::cli {

namespace {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string json_row(const Table& table, const std::vector<std::string>& row) {
  JsonWriter out;
  out.begin_object();
  for (std::size_t index = 0; index < row.size(); ++index) out.field(table.columns[index], row[index]);
  return out.end_object().take();
}

void print_text(Console& console, const Table& table) {
  // Each row is one line on the screen, whatever stands in it.
  std::vector<std::vector<std::string>> rows = table.rows;
  std::vector<std::size_t> widths;
  for (const std::string& column : table.columns) widths.push_back(columns_of(column));
  for (auto& row : rows) {
    for (std::size_t index = 0; index < row.size(); ++index) {
      row[index] = printable(row[index]);
      widths[index] = std::max(widths[index], columns_of(row[index]));
    }
  }
  const auto line = [&](const std::vector<std::string>& row) {
    std::string text;
    for (std::size_t index = 0; index < row.size(); ++index) {
      text += row[index];
      if (index + 1 < row.size()) text += std::string(widths[index] - columns_of(row[index]) + 2, ' ');
    }
    return text;
  };
  console.data(console.paint(Tone::dim, line(table.columns)));
  for (const auto& row : rows) console.data(line(row));
}

}  // namespace

std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string csv_line(const std::vector<std::string>& row) {
  std::string line;
  for (std::size_t index = 0; index < row.size(); ++index) line += (index == 0 ? "" : ",") + csv_field(row[index]);
  return line;
}

void print(Console& console, const Table& table, OutputFormat format) {
  switch (format) {
    case OutputFormat::text:
      return print_text(console, table);
    case OutputFormat::csv:
      console.data(csv_line(table.columns));
      for (const auto& row : table.rows) console.data(csv_line(row));
      return;
    case OutputFormat::jsonl:
      for (const auto& row : table.rows) console.data(json_row(table, row));
      return;
    case OutputFormat::json:
      break;
  }
  std::string all = "[";
  for (const auto& row : table.rows) all += (all.size() == 1 ? "" : ",\n ") + json_row(table, row);
  console.data(all + "]");
}

}  // namespace autoheal::cli
