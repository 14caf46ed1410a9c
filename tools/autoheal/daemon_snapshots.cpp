// Snapshots of states that the watch asks for: copied while the engine passes, kept once it passed again.
#include <algorithm>

#include "tools/autoheal/daemon.hpp"
#include "tools/host/snapshot_taking.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

using namespace workflows;

void Daemon::perform(const TakeSnapshots& act) {
  if (auto engine = healer_.find_engine(act.engine)) return spawn(copy_snapshots(act, std::move(*engine)));
  watch_.snapshots_copied(act.engine, healer_.clock().since_boot());
}

asio::awaitable<void> Daemon::copy_snapshots(TakeSnapshots act, EngineToHeal engine) {
  const auto job = [&healer = healer_, paths = std::move(act.paths), spec = engine.spec] {
    std::vector<std::string> found;
    for (const StateRepair& state : spec->repair.state) {
      if (!state.takes_snapshots || std::ranges::find(paths, state.path) == paths.end()) continue;
      const auto copied = healer.copy_snapshot(*spec, state);
      if (!copied) found.push_back(copied.error().message);
    }
    return found;
  };
  const auto problems = co_await healer_.on_pool(job);
  for (const std::string& problem : problems) tell("warning: no snapshot of " + engine.spec->name + ": " + problem);
  if (stopping_) co_return;
  watch_.snapshots_copied(engine.spec->name, healer_.clock().since_boot());
  pump();
}

void Daemon::perform(const KeepSnapshots& act) {
  if (auto engine = healer_.find_engine(act.engine)) return spawn(keep_snapshots(std::move(*engine)));
  watch_.snapshots_kept(act.engine, healer_.clock().since_boot());
}

asio::awaitable<void> Daemon::keep_snapshots(EngineToHeal engine) {
  const auto job = [spec = engine.spec] {
    std::vector<std::string> found;
    for (const StateRepair& state : spec->repair.state) {
      if (!state.takes_snapshots) continue;
      if (const auto kept = host::keep_snapshot(state); !kept) found.push_back(kept.error().message);
    }
    return found;
  };
  const auto problems = co_await healer_.on_pool(job);
  for (const std::string& problem : problems) tell("warning: no snapshot of " + engine.spec->name + ": " + problem);
  if (stopping_) co_return;
  watch_.snapshots_kept(engine.spec->name, healer_.clock().since_boot());
  pump();
}

}  // namespace autoheal::cli
