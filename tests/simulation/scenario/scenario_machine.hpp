// The machine of a scenario: performs its steps with the real configuration reader, watch, heals, bus and runtime on
// the simulated host, and gives the account of each step.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "tests/simulation/scenario/scenario_file.hpp"
#include "tests/support/files/temporary_folder.hpp"
#include "tests/support/worlds/simulated_daemon.hpp"

namespace autoheal::simulation {

class ScenarioMachine {
 public:
  // The process dies right after so many entries of heals were written, once; 0: only where the scenario says so.
  explicit ScenarioMachine(std::size_t dies_after_entries = 0);

  // The account of that step. invalid: the step is none, or cannot be taken here; the message says why.
  [[nodiscard]] Result<std::vector<std::string>> take(const ScenarioStep& step);

  [[nodiscard]] std::size_t heal_entries() const { return heal_entries_; }
  // The files and services, and how each heal ended: the same however often the process died on the way.
  [[nodiscard]] std::string outcome() const;

 private:
  struct Verb;
  using Words = std::vector<std::string>;
  static const std::vector<Verb>& verbs();

  Result<void> act(const ScenarioStep& step);
  Result<void> configure(const ScenarioStep& step);
  void write_source(const std::string& name, const std::string& content) const;
  Result<void> start();
  void make_daemon();
  void die();
  Result<void> pass(Duration time);
  void wrote_down(const autoheal::testing::Happening& happening);
  void touched(const std::string& path);
  void unit_stopped_by_hand(const std::string& unit);
  [[nodiscard]] std::vector<std::string> account();

  Result<void> change_file(const ScenarioStep& step);
  Result<void> install_program(const ScenarioStep& step);
  Result<void> set_world(const ScenarioStep& step);
  Result<void> do_as_person(const ScenarioStep& step);
  Result<void> take_as_told(const ScenarioStep& step);
  Result<void> show(const ScenarioStep& step);

  autoheal::testing::TemporaryFolder folder_;  // of the configuration
  std::string engines_, settings_;             // of the configuration, as text
  autoheal::testing::HealWorld world_;
  autoheal::testing::History history_;
  std::vector<workflows::EngineSpec> specs_;
  std::vector<ScenarioStep> at_entries_;  // steps that wait for an entry of a type
  std::vector<std::string> shown_;
  std::size_t told_ = 0, heal_entries_ = 0, dies_after_entries_ = 0;
  std::map<std::string, std::string> last_tests_;  // of engines, as they were told
  std::map<std::string, workflows::testing::SimulatedHost::Descriptor> writers_;
  std::set<std::string> unobserved_;
  std::unique_ptr<autoheal::testing::SimulatedDaemon> daemon_;
};

}  // namespace autoheal::simulation
