// A scenario as a text file: what happens to an engine, step by step, and the account of what came of it. A person
// writes the steps; the simulator records the accounts, and from then on every run must give the same ones.
//
//   # A comment, about the file or about the step below it.
//   file etc/app.conf 0640
//     port = 80
//
//   pass 2m
//   > 0:01:00 Sample: the self-test fails: config: etc/app.conf differs
//
// A step is one line of words, then the lines of its text, each indented by two spaces. Lines that begin with ">"
// are its account. A text has no empty line.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::simulation {

struct ScenarioStep {
  std::size_t line = 0;  // in the file, from 1
  std::vector<std::string> comments, words, text, account;
};

// "without deaths": its end depends on where the process dies.
[[nodiscard]] bool ends_by_deaths(const ScenarioStep& step);

struct Scenario {
  std::vector<ScenarioStep> steps;
  std::vector<std::string> closing_comments;
};

// invalid: a line that belongs to no step; the message begins with "NAME:LINE: ".
[[nodiscard]] Result<Scenario> parse_scenario(const std::string& name, const std::string& text);
// The same file again; differs from what was read in empty lines alone.
[[nodiscard]] std::string text_of(const Scenario& scenario);

}  // namespace autoheal::simulation
