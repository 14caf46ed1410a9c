#include "tools/autoheal/daemon/daemon_report.hpp"

#include <algorithm>
#include <utility>

#include "tools/autoheal/healer/report.hpp"
#include "tools/autoheal/output/self_test_report.hpp"

namespace autoheal::cli {

namespace {

namespace fs = std::filesystem;

// Their names sort as their times do, but for the numbers within one second.
void remove_old_reports(const fs::path& folder) {
  std::vector<fs::path> reports;
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    const std::string name = at->path().filename().string();
    if (name.starts_with("bridge_selftest_") && name.ends_with(".json")) reports.push_back(at->path());
  }
  if (reports.size() <= kept_reports) return;
  std::ranges::sort(reports);
  for (std::size_t index = 0; index + kept_reports < reports.size(); ++index) fs::remove(reports[index], problem);
}

}  // namespace

void DaemonReport::set_engines(const std::vector<std::shared_ptr<const workflows::EngineSpec>>& engines) {
  run_.facts.engines.clear();
  for (const auto& spec : engines) run_.facts.engines.push_back({spec->name, spec->depends_on});
  const auto is_gone = [&](const auto& item) {
    return std::ranges::find(run_.facts.engines, item.first, &workflows::EngineToTest::name) ==
           run_.facts.engines.end();
  };
  std::erase_if(run_.tested, is_gone);
  std::erase_if(run_.healed, is_gone);
  std::erase_if(next_, is_gone);
  changed_ = true;
}

void DaemonReport::tested(const workflows::EngineTested& tested) {
  changed_ = true;
  if (tested.outcome == workflows::TestOutcome::passed) return pass(tested);
  run_.tested[tested.engine] = tested;
  next_.erase(tested.engine);
  untold_.insert(tested.engine);
  failed_ = true;
}

void DaemonReport::pass(const workflows::EngineTested& tested) {
  if (untold_.contains(tested.engine)) {
    next_[tested.engine] = tested;
    return;
  }
  run_.tested[tested.engine] = tested;
  run_.healed.erase(tested.engine);
}

void DaemonReport::healed(const workflows::HealResult& result) {
  if (!run_.tested.contains(result.engine)) return;
  run_.healed[result.engine] = outcome_of(result);
  untold_.insert(result.engine);
  changed_ = failed_ = true;
}

std::optional<DaemonReport::Due> DaemonReport::take(Timestamp now) {
  if (!changed_ || run_.tested.size() < run_.facts.engines.size()) return std::nullopt;
  Due due{run_, failed_};
  due.run.facts.heals = true;
  due.run.facts.at = now;
  due.run.completed = summary_of(run_);
  for (const auto& [engine, tested] : run_.tested) due.run.completed->runtime += tested.took;
  untold_.clear();
  failed_ = false;
  changed_ = !next_.empty();
  for (const auto& [engine, tested] : std::exchange(next_, {})) pass(tested);
  return due;
}

Result<void> write_daemon_report(const fs::path& folder, const DaemonReport::Due& due, Timestamp now) {
  workflows::SelfTestState run = due.run;
  run.facts.test_id = report_id(folder, now);
  const std::string text = report_of(run);
  if (!due.dated) return write_latest_report(folder, text);
  AUTOHEAL_TRY(write_report(folder, run.facts.test_id, text));
  remove_old_reports(folder);
  return {};
}

}  // namespace autoheal::cli
