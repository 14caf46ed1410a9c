#include "tools/simulator/scenarios.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/simulation/scenario/run_scenario.hpp"

namespace autoheal::simulator {

namespace {

int told_fault(const std::string& sentence) {
  std::cerr << "error: " << sentence << '\n';
  return 2;
}

int run_one(const std::string& file, bool record) {
  std::ifstream stream(file);
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf())) return told_fault(file + " cannot be read");
  const auto scenario = simulation::parse_scenario(file, text.str());
  if (!scenario) return told_fault(scenario.error().message);
  const auto run = simulation::run_scenario(file, *scenario);
  if (!run) return told_fault(run.error().message);
  if (record) {
    std::ofstream out(file);
    out << text_of(run->told);
    if (!out.flush()) return told_fault(file + " cannot be written");
    std::cout << file << ": recorded, " << run->heal_entries << " entries of heals\n";
    return 0;
  }
  for (const std::string& line : run->differences) std::cout << line << '\n';
  if (run->differences.empty()) std::cout << file << ": as it is written\n";
  return run->differences.empty() ? 0 : 1;
}

}  // namespace

int run_scenarios(const std::vector<std::string>& files, bool record) {
  int worst = 0;
  for (const std::string& file : files) worst = std::max(worst, run_one(file, record));
  return worst;
}

}  // namespace autoheal::simulator
