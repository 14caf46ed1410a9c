// The output of a measurement: one JSON line per figure, with the figure it is compared with.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace autoheal::bench {

struct Figure {
  std::string name;
  double value = 0;
  const char* unit = "";
  double floor = 0;  // what the bare work took in the same run; 0: none was measured
  double aim = 0;    // what we want to reach; 0: none
};

void write_figure(std::ostream& out, const Figure& figure);
// Conditions of the figures that follow.
void write_conditions(std::ostream& out, const std::string& measured, const std::string& conditions);

// `part` from 0 to 1; `values` are not empty.
[[nodiscard]] double percentile(std::vector<double> values, double part);

// Figures <name>_p50_ms, <name>_p99_ms and <name>_max_ms of `values_ms`; the floors' own where they are given.
struct Aims {
  double p50 = 0, p99 = 0;
};
void write_percentiles(std::ostream& out, const std::string& name, const std::vector<double>& values_ms, Aims aims,
                       const std::vector<double>& floor_ms);

}  // namespace autoheal::bench
