// Snapshots of state, as the watch sees them: when one is due, which copies count, and damage that a copy found.
#include "autoheal/workflows/supervision/watch.hpp"

namespace autoheal::workflows {

void Watch::snapshots_copied(const std::string& name, const SnapshotProblem& problem, Duration now) {
  Watched* engine = find(name);
  if (engine == nullptr) return;
  engine->snapshot_problem = problem.text;
  const bool count = engine->copies == Watched::Copies::under_way;
  if (count) engine->damage = problem.damaged ? problem.text : std::string();
  engine->copies = count && !problem.damaged ? Watched::Copies::wait : Watched::Copies::none;
  engine->copied = now;
  if (!engine->healing) test_at(*engine, now);
}

void Watch::snapshots_kept(const std::string& name, const SnapshotProblem& problem, Duration now) {
  Watched* engine = find(name);
  if (engine == nullptr) return;
  if (!problem.text.empty()) engine->snapshot_problem = problem.text;
  engine->copies = Watched::Copies::none;
  for (const StateRepair& state : engine->spec->repair.state) {
    const auto last = engine->last_snapshots.find(state.path);
    if (state.takes_snapshots)
      test_at(*engine, last == engine->last_snapshots.end() ? now : last->second + state.every);
  }
}

// Another pass takes new ones at once.
void Watch::spoil_copies(Watched& engine) {
  if (engine.copies == Watched::Copies::none || engine.copies == Watched::Copies::being_kept) return;
  engine.copies = engine.copies == Watched::Copies::wait ? Watched::Copies::none : Watched::Copies::spoiled;
  engine.last_snapshots.clear();
}

void Watch::snapshot_if_due(Watched& engine, Duration now) {
  if (engine.copies == Watched::Copies::wait && *engine.test_began >= engine.copied) {
    engine.copies = Watched::Copies::being_kept;
    acts_.emplace_back(KeepSnapshots{engine.spec->name});
  }
  if (engine.copies != Watched::Copies::none) return;
  TakeSnapshots due;
  due.engine = engine.spec->name;
  for (const StateRepair& state : engine.spec->repair.state) {
    if (!state.takes_snapshots) continue;
    const auto [last, first] = engine.last_snapshots.try_emplace(state.path, now);
    if (first || now - last->second >= state.every) {
      last->second = now;
      due.paths.push_back(state.path);
    }
    test_at(engine, last->second + state.every);
  }
  if (due.paths.empty()) return;
  engine.copies = Watched::Copies::under_way;
  acts_.emplace_back(std::move(due));
}

// Adds damage that the self-test overlooks.
TestReport Watch::with_damage(const Watched& engine, TestReport report) {
  if (engine.damage.empty() || report.tested.outcome != TestOutcome::passed) return report;
  report.tested.outcome = TestOutcome::failed;
  report.tested.error = engine.damage;
  report.failing = {"state"};
  report.sure = true;
  return report;
}

// Only another copy tells that somebody made it good.
void Watch::look_for_damage(Watched& engine, Duration now) {
  if (!engine.damage.empty() && is_free(engine)) snapshot_if_due(engine, now);
}

}  // namespace autoheal::workflows
