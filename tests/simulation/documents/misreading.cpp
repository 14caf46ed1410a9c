#include "tests/simulation/documents/misreading.hpp"

#include <sstream>
#include <string_view>

namespace autoheal::simulation {

namespace {

bool assigns(std::string_view line, std::string_view name) {
  if (line.starts_with("export ")) line.remove_prefix(7);
  return line.starts_with(name) && line.substr(name.size()).starts_with('=');
}

constexpr std::string_view digits = "0123456789";

}  // namespace

std::string edited_by_lines(const std::string& before) {
  std::istringstream lines(before);
  std::string edited, line;
  bool found = false;
  while (std::getline(lines, line)) {
    if (assigns(line, "OLD_SECRET")) continue;
    const bool is_port = assigns(line, "PORT");
    edited += is_port ? (line.starts_with("export ") ? "export PORT=8080" : "PORT=8080") : line;
    edited += '\n';
    found = found || is_port;
  }
  return found ? edited : edited + "PORT=8080\n";
}

std::string edited_at_first_match(const std::string& before) {
  for (std::size_t at = before.find("port"); at != std::string::npos; at = before.find("port", at + 1)) {
    const std::size_t value = before.find_first_not_of("\": ", at + 4);
    if (value == std::string::npos || digits.find(before[value]) == std::string_view::npos) continue;
    const std::size_t end = before.find_first_not_of(digits, value);
    return before.substr(0, value) + "8080" + (end == std::string::npos ? "" : before.substr(end));
  }
  return before;
}

std::string edited_with_numbers_rewritten(const std::string& planned) {
  const std::size_t at = planned.find("1.10");
  return at == std::string::npos ? planned : planned.substr(0, at + 3) + planned.substr(at + 4);
}

}  // namespace autoheal::simulation
