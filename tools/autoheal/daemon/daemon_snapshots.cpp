// Snapshots of states that the watch asks for: copied while the engine passes, kept once it passed again.
#include <fmt/core.h>

#include <algorithm>

#include "tools/autoheal/daemon/daemon.hpp"
#include "tools/host/change/snapshot_taking.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

using namespace workflows;

namespace {

FailedSnapshot failed_snapshot(const StateRepair& state, const Error& error) {
  return {state.path, error.message, error.kind == ErrorKind::corrupt};
}

SnapshotProblem problem_of(const std::vector<FailedSnapshot>& failed) {
  SnapshotProblem problem;
  for (const FailedSnapshot& one : failed) {
    problem.damaged = problem.damaged || one.damaged;
    problem.text +=
        fmt::format("{}{}: {}", problem.text.empty() ? "no snapshot of " : "; no snapshot of ", one.path, one.why);
  }
  return problem;
}

}  // namespace

void Daemon::perform(const TakeSnapshots& act) {
  if (auto engine = healer_.in_force.find_engine(act.engine)) return spawn(copy_snapshots(act, std::move(*engine)));
  watch_.snapshots_copied(act.engine, {}, healer_.parts.clock.since_boot());
}

asio::awaitable<void> Daemon::copy_snapshots(TakeSnapshots act, EngineToHeal engine) {
  const auto job = [&healer = healer_, paths = std::move(act.paths), spec = engine.spec] {
    std::vector<FailedSnapshot> failed;
    for (const StateRepair& state : spec->repair.state) {
      if (!state.takes_snapshots || std::ranges::find(paths, state.path) == paths.end()) continue;
      const auto copied = healer.parts.host->copy_snapshot(*spec, state, mark_of_tests(healer) + spec->name + "/0",
                                                           healer.parts.clock.now());
      if (!copied) failed.push_back(failed_snapshot(state, copied.error()));
    }
    for (FailedSnapshot& one : failed) one.why = healer.parts.secrets.mask(one.why);
    return failed;
  };
  const auto failed = co_await healer_.jobs.on_pool(job);
  if (stopping_) co_return;
  snapshots_were_tried(engine.spec->name, failed);
  watch_.snapshots_copied(engine.spec->name, problem_of(failed), healer_.parts.clock.since_boot());
  pump();
}

void Daemon::perform(const KeepSnapshots& act) {
  if (auto engine = healer_.in_force.find_engine(act.engine)) return spawn(keep_snapshots(std::move(*engine)));
  watch_.snapshots_kept(act.engine, {}, healer_.parts.clock.since_boot());
}

asio::awaitable<void> Daemon::keep_snapshots(EngineToHeal engine) {
  const auto job = [&healer = healer_, spec = engine.spec] {
    std::vector<FailedSnapshot> failed;
    for (const StateRepair& state : spec->repair.state) {
      if (!state.takes_snapshots) continue;
      const auto kept = host::keep_snapshot(state);
      if (!kept) failed.push_back({state.path, healer.parts.secrets.mask(kept.error().message), false});
    }
    return failed;
  };
  const auto failed = co_await healer_.jobs.on_pool(job);
  if (stopping_) co_return;
  snapshots_were_tried(engine.spec->name, failed);
  watch_.snapshots_kept(engine.spec->name, problem_of(failed), healer_.parts.clock.since_boot());
  pump();
}

// Once for each cause: an entry, from which the bus tells it on.
void Daemon::snapshots_were_tried(const std::string& engine, const std::vector<FailedSnapshot>& failed) {
  const std::string problem = problem_of(failed).text;
  const auto seen = watch_.seen(engine);
  if (problem.empty() || (seen && seen->snapshot_problem == problem)) return;
  tell(fmt::format("warning: {}: {}", engine, problem));
  for (const FailedSnapshot& one : failed)
    spawn(record(snapshot_failed(*healer_.in_force.configuration(), engine, one, healer_.parts.clock.now())));
}

}  // namespace autoheal::cli
