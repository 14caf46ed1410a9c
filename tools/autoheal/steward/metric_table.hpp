// The metrics as a table for people: made of the text that Prometheus reads, so that both say the same, also of metrics
// that are added later and of a daemon of another version.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

// One series; a histogram is one, too.
struct MetricRow {
  std::string metric;  // without "autoheal_"
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;  // of a histogram: how many were counted
  bool is_histogram = false;
  double sum = 0;                      // this and what follows: of a histogram
  std::vector<double> bounds, counts;  // each bucket alone; the last bound is infinite
};

// In the order of the text. invalid, with the line: it is no exposition text 0.0.4.
[[nodiscard]] Result<std::vector<MetricRow>> metric_rows(std::string_view exposition);

// "strategy=arie outcome=complete".
[[nodiscard]] std::string labels_text(const MetricRow& row);
// "3", "0.512", "21641560064"; without an exponent where it can be read without.
[[nodiscard]] std::string number_text(double number);
// One block for each count, as high as it is beside the largest; a blank for none. UTF-8.
[[nodiscard]] std::string sparkline(const std::vector<double>& counts);

}  // namespace autoheal::cli
