#include "tests/simulation/scenario/scenario_account.hpp"

#include <re2/re2.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "autoheal/replay/text/timeline.hpp"

namespace autoheal::simulation {

using autoheal::testing::Happening;

namespace {

// "0:01:00", with milliseconds where there are some.
std::string time_text(Duration time) {
  const auto all_ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  char text[48];
  const auto hours = all_ms / 3'600'000, minutes = all_ms / 60'000 % 60, seconds = all_ms / 1'000 % 60;
  const int length = std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", static_cast<long long>(hours),
                                   static_cast<long long>(minutes), static_cast<long long>(seconds));
  std::string whole(text, static_cast<std::size_t>(length));
  if (all_ms % 1'000 == 0) return whole;
  std::snprintf(text, sizeof text, ".%03lld", static_cast<long long>(all_ms % 1'000));
  return whole + text;
}

std::string start_of_line(const Happening& happening) {
  return time_text(happening.at) + " " + happening.engine + ": ";
}

// Digests of configurations and plans change with every new key; the contents' own are kept.
std::string without_digests(std::string line) {
  static const RE2 digests(R"(, configuration sha256:[0-9a-f]+| \(sha256:[0-9a-f]+\))");
  RE2::GlobalReplace(&line, digests, "");
  return line;
}

}  // namespace

void ScenarioAccount::add(const Happening& happening) {
  if (happening.test) return add_test(happening);
  if (!happening.what.contains('.')) return;  // a person did it: the step says so
  if (happening.what.starts_with("heal.") && happening.what != "heal.skipped") return add_heal_entry(happening);
  std::string line = start_of_line(happening) + happening.what;
  const auto data = nlohmann::json::parse(happening.entry.data, nullptr, false);
  for (const char* key : {"reason", "error"}) {
    if (data.is_object() && data.contains(key) && data[key].is_string()) line += ": " + data[key].get<std::string>();
  }
  lines_.push_back(line);
}

void ScenarioAccount::add_test(const Happening& happening) {
  const workflows::EngineTested& tested = happening.test->tested;
  std::string told = "the self-test ";
  switch (tested.outcome) {
    case workflows::TestOutcome::passed:
      told += "passes";
      break;
    case workflows::TestOutcome::failed:
      told += "fails: " + tested.error;
      break;
    case workflows::TestOutcome::unknown:
      told += "says nothing: " + tested.error;
      break;
  }
  if (!happening.test->postponed.empty()) told += " (does not count yet: " + happening.test->postponed + ")";
  std::string& last = last_tests_[happening.engine];
  if (last == told) return;
  last = told;
  lines_.push_back(start_of_line(happening) + told);
}

void ScenarioAccount::add_heal_entry(const Happening& happening) {
  const auto timeline = replay::timeline_of(happening.entry.stream, ledger_, blobs_);
  if (!timeline) return lines_.push_back(start_of_line(happening) + "cannot be read: " + timeline.error().message);
  for (const replay::TimelineLine& line : timeline->lines) {
    if (line.entry.position != happening.entry.position) continue;
    lines_.push_back(start_of_line(happening) + without_digests(line.sentence));
    for (const std::string& detail : line.details) {
      if (!detail.starts_with("autoheal 0 ")) lines_.push_back("    " + without_digests(detail));
    }
  }
}

std::string sentence_of(const config::Problem& problem) {
  const std::string line = config::to_text(problem);
  const auto folder = std::filesystem::path(problem.file).parent_path().string() + "/";
  return line.starts_with(folder) ? line.substr(folder.size()) : line;
}

}  // namespace autoheal::simulation
