#include "tools/autoheal/steward/metric_table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace autoheal::cli {

namespace {

constexpr std::string_view own_prefix = "autoheal_";
constexpr std::array<std::string_view, 8> blocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

struct Sample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

std::optional<double> number_in(std::string_view text) {
  if (text == "+Inf") return INFINITY;
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes `{name="value",...}` off the beginning; false if it is none.
bool take_labels(std::string_view& rest, Sample& sample) {
  if (!rest.starts_with('{')) return true;
  rest.remove_prefix(1);
  while (!rest.starts_with('}')) {
    const auto equals = rest.find("=\"");
    if (equals == std::string_view::npos) return false;
    std::string name(rest.substr(0, equals)), value;
    std::size_t at = equals + 2;
    for (; at < rest.size() && rest[at] != '"'; ++at) {
      const bool escaped = rest[at] == '\\' && at + 1 < rest.size();
      if (escaped) ++at;
      value += escaped && rest[at] == 'n' ? '\n' : rest[at];
    }
    if (at >= rest.size()) return false;
    sample.labels.emplace_back(std::move(name), std::move(value));
    rest.remove_prefix(at + 1);
    if (rest.starts_with(',')) rest.remove_prefix(1);
  }
  rest.remove_prefix(1);
  return true;
}

std::optional<Sample> sample_in(std::string_view line) {
  Sample sample;
  const auto end = line.find_first_of("{ ");
  if (end == 0 || end == std::string_view::npos) return std::nullopt;
  sample.name = line.substr(0, end);
  line.remove_prefix(end);
  if (!take_labels(line, sample) || !line.starts_with(' ')) return std::nullopt;
  const auto value = number_in(line.substr(1, line.find(' ', 1) - 1));
  if (!value) return std::nullopt;
  sample.value = *value;
  return sample;
}

std::string without_prefix(std::string_view name) {
  if (name.starts_with(own_prefix)) name.remove_prefix(own_prefix.size());
  return std::string(name);
}

// The part of a histogram that a sample is; its row is the newest one of the same labels.
void take_part(std::vector<MetricRow>& rows, const std::string& metric, Sample sample) {
  const std::string part = sample.name.substr(metric.size());
  std::optional<double> bound;
  std::erase_if(sample.labels, [&](const auto& label) {
    if (label.first != "le") return false;
    bound = number_in(label.second);
    return true;
  });
  const std::string name = without_prefix(metric);
  auto row = std::ranges::find_if(
      rows, [&](const MetricRow& one) { return one.metric == name && one.labels == sample.labels; });
  if (row == rows.end()) {
    MetricRow made;
    made.metric = name;
    made.labels = std::move(sample.labels);
    made.is_histogram = true;
    row = rows.insert(rows.end(), std::move(made));
  }
  if (part == "_sum") row->sum = sample.value;
  if (part == "_count") row->value = sample.value;
  if (part != "_bucket" || !bound) return;
  double below = 0;
  for (const double count : row->counts) below += count;
  row->bounds.push_back(*bound);
  row->counts.push_back(std::max(0.0, sample.value - below));
}

}  // namespace

Result<std::vector<MetricRow>> metric_rows(std::string_view exposition) {
  std::vector<MetricRow> rows;
  std::string histogram;  // the newest family, if it is one
  while (!exposition.empty()) {
    const std::string_view line = exposition.substr(0, exposition.find('\n'));
    exposition.remove_prefix(std::min(line.size() + 1, exposition.size()));
    if (constexpr std::string_view type = "# TYPE "; line.starts_with(type)) {
      const std::string_view said = line.substr(type.size());
      histogram = said.ends_with(" histogram") ? said.substr(0, said.find(' ')) : "";
    }
    if (line.empty() || line.starts_with('#')) continue;
    auto sample = sample_in(line);
    if (!sample) return failure(ErrorKind::invalid, fmt::format("this line of the metrics cannot be read: {}", line));
    if (!histogram.empty() && sample->name.starts_with(histogram + "_")) {
      take_part(rows, histogram, std::move(*sample));
    } else {
      MetricRow row;
      row.metric = without_prefix(sample->name);
      row.labels = std::move(sample->labels);
      row.value = sample->value;
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string labels_text(const MetricRow& row) {
  std::string text;
  for (const auto& [name, value] : row.labels) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

std::string number_text(double number) {
  if (std::abs(number) < 1e15 && number == std::trunc(number)) return fmt::format("{:.0f}", number);
  return fmt::format("{:.6g}", number);
}

std::string sparkline(const std::vector<double>& counts) {
  const double highest = counts.empty() ? 0 : std::ranges::max(counts);
  std::string line;
  for (const double count : counts) {
    const auto steps = static_cast<double>(blocks.size());
    if (count <= 0) {
      line += ' ';
    } else {
      line += blocks.at(static_cast<std::size_t>(std::ceil(count / highest * steps)) - 1);
    }
  }
  return line;
}

}  // namespace autoheal::cli
