#include "tools/bench/support/figures.hpp"

#include <algorithm>
#include <cstdio>

namespace autoheal::bench {

namespace {

std::string with_decimals(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

}  // namespace

void write_figure(std::ostream& out, const Figure& figure) {
  out << R"({"case":")" << figure.name << R"(","value":)" << with_decimals(figure.value) << R"(,"unit":")"
      << figure.unit << '"';
  if (figure.aim > 0) out << R"(,"aim":)" << with_decimals(figure.aim);
  if (figure.floor > 0) {
    out << R"(,"floor":)" << with_decimals(figure.floor) << R"(,"ratio":)"
        << with_decimals(figure.value / figure.floor);
  }
  out << "}" << std::endl;
}

void write_conditions(std::ostream& out, const std::string& measured, const std::string& conditions) {
#ifdef NDEBUG
  const std::string build = "optimised build";
#else
  const std::string build = "debug build: its figures say little";
#endif
  out << R"({"measured":")" << measured << R"(","conditions":")" << conditions << "; " << build << "\"}" << std::endl;
}

double percentile(std::vector<double> values, double part) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

void write_percentiles(std::ostream& out, const std::string& name, const std::vector<double>& values_ms, Aims aims,
                       const std::vector<double>& floor_ms) {
  const auto floor = [&](double part) { return floor_ms.empty() ? 0 : percentile(floor_ms, part); };
  write_figure(out, {name + "_p50_ms", percentile(values_ms, 0.50), "ms", floor(0.50), aims.p50});
  write_figure(out, {name + "_p99_ms", percentile(values_ms, 0.99), "ms", floor(0.99), aims.p99});
  write_figure(out, {name + "_max_ms", percentile(values_ms, 1.00), "ms", floor(1.00), 0});
}

}  // namespace autoheal::bench
