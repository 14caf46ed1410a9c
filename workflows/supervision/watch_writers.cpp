// The watch's treatment of programs that write an engine's files.
#include "autoheal/workflows/effects/open_writers.hpp"
#include "autoheal/workflows/supervision/watch.hpp"

namespace autoheal::workflows {

namespace {

constexpr Duration written_too_long = std::chrono::minutes(1);
constexpr Duration looked_at_again_after = std::chrono::milliseconds(500);  // while somebody writes, without an event
constexpr std::size_t most_files_in_writing = 1000;

}  // namespace

// A half-written file is not tested; one that is never closed is tested once no more writes come.
void Watch::file_event(const std::string& name, const std::string& path, FileEvent event, Duration now) {
  Watched* engine = find(name);
  if (engine == nullptr) return;
  if (event != FileEvent::written) {
    engine->in_writing.erase(path);
    return file_changed(*engine, now);
  }
  engine->last_file_event = now;
  if (engine->in_writing.size() < most_files_in_writing) engine->in_writing[path] = now;
  test_at(*engine, now + quiet_after);
}

void Watch::take_report(Watched& engine, const TestReport& report) {
  if (!engine.last || engine.last->tested.outcome != report.tested.outcome)
    acts_.emplace_back(RecordOutcome{report.tested});
  engine.last = report;
}

bool Watch::is_changed_by_packages(Watched& engine, const TestReport& report) {
  engine.stopped_for_packages = engine.stopped_for_packages && report.packages_change;
  return engine.stopped_for_packages;
}

// By what the host found, else by events alone: who it is cannot always be told.
std::string Watch::who_writes(Watched& engine, const TestReport& report, Duration now) {
  std::erase_if(engine.in_writing, [now](const auto& file) { return now - file.second >= quiet_after; });
  if (!report.postponed.empty()) return report.postponed;
  return engine.in_writing.empty() ? std::string() : engine.in_writing.begin()->first + " is being written";
}

// A failure while somebody writes says nothing: no outcome, no brake, no heal. It is looked at again when he is done.
bool Watch::postpone(Watched& engine, const TestReport& report, Duration now) {
  const bool failed = report.tested.outcome == TestOutcome::failed;
  const bool packages = failed && is_changed_by_packages(engine, report);
  const std::string who = packages ? "packages are being installed or removed"
                          : failed ? who_writes(engine, report, now)
                                   : std::string();
  const Duration since = engine.postponed_since.value_or(now);
  const bool settled = !packages && engine.in_writing.empty() && waited_enough(report.writing, now - since);
  if (who.empty() || settled) {
    engine.postponed_since.reset();
    return false;
  }
  engine.postponed_since = since;
  spoil_copies(engine);
  test_at(engine, now + (now - since < empty_settles_after ? look_at_writers_every : looked_at_again_after));
  if (now - since >= written_too_long) {
    TestReport late = report;
    late.tested.error = who + ": " + report.tested.error;
    take_report(engine, late);
    skip(engine, "being_written", now);
  }
  return true;
}

}  // namespace autoheal::workflows
