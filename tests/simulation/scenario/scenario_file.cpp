#include "tests/simulation/scenario/scenario_file.hpp"

#include <sstream>

namespace autoheal::simulation {

namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// The rest of a line behind its sign and one space.
std::string behind(const std::string& line) { return line.size() > 2 ? line.substr(2) : ""; }

void write_lines(std::string& out, const std::vector<std::string>& lines, const std::string& sign) {
  for (const std::string& line : lines) {
    out += line.empty() ? std::string(sign.substr(0, sign.find_last_not_of(' ') + 1)) : sign + line;
    out += '\n';
  }
}

}  // namespace

bool ends_by_deaths(const ScenarioStep& step) { return step.words == std::vector<std::string>{"without", "deaths"}; }

Result<Scenario> parse_scenario(const std::string& name, const std::string& text) {
  Scenario scenario;
  std::vector<std::string> comments;
  std::istringstream stream(text);
  std::size_t number = 0;
  bool in_step = false;  // no empty line since
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const auto wrong = [&](const std::string& why) {
      return failure(ErrorKind::invalid, name + ":" + std::to_string(number) + ": " + why);
    };
    if (line.find_first_not_of(' ') == std::string::npos) {
      in_step = false;
    } else if (line.starts_with("#")) {
      comments.push_back(behind(line));
    } else if (line.starts_with(">")) {
      if (!in_step) return wrong("an account, and no step above it");
      scenario.steps.back().account.push_back(behind(line));
    } else if (line.starts_with("  ")) {
      if (!in_step) return wrong("an indented line, and no step above it");
      if (!scenario.steps.back().account.empty()) return wrong("text below an account; it stands above it");
      scenario.steps.back().text.push_back(behind(line));
    } else {
      scenario.steps.push_back({number, std::move(comments), words_of(line), {}, {}});
      comments.clear();
      in_step = true;
    }
  }
  if (scenario.steps.empty()) return failure(ErrorKind::invalid, name + ": no step, so nothing is shown");
  scenario.closing_comments = std::move(comments);
  return scenario;
}

std::string text_of(const Scenario& scenario) {
  std::string out;
  for (const ScenarioStep& step : scenario.steps) {
    if (!out.empty()) out += '\n';
    write_lines(out, step.comments, "# ");
    std::string line;
    for (const std::string& word : step.words) line += (line.empty() ? "" : " ") + word;
    out += line + '\n';
    write_lines(out, step.text, "  ");
    write_lines(out, step.account, "> ");
  }
  if (!scenario.closing_comments.empty()) out += '\n';
  write_lines(out, scenario.closing_comments, "# ");
  return out;
}

}  // namespace autoheal::simulation
