#include "tools/bench/drift.hpp"

#include <algorithm>
#include <fstream>
#include <random>
#include <thread>

#include "tools/bench/floors/drift_floor.hpp"
#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/file_edits.hpp"
#include "tools/bench/support/measured_daemon.hpp"
#include "tools/bench/support/scratch_folder.hpp"

namespace autoheal::bench {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr std::chrono::seconds drift_limit{60};
constexpr Aims aims_right{10, 65};

struct DriftTrials {
  DriftTimes seen;                    // as another process sees them
  std::vector<double> recorded_ms{};  // by the time that heal.completed itself carries
};

void lay_out(const fs::path& folder) {
  fs::create_directories(folder / "root");
  fs::create_directories(folder / "baseline");
  make_right(folder / "baseline" / "app.conf");
  make_right(folder / "root" / "app.conf");
  write_configuration(
      folder,
      "  - name: drift\n"
      "    root: root\n"
      "    every: 5m\n"
      "    self_test:\n"
      "      - { name: config, file: { path: app.conf, baseline: baseline/app.conf, mode: \"0644\" } }\n"
      "    repair:\n"
      "      files: [ { path: app.conf, baseline: baseline/app.conf, mode: \"0644\" } ]\n");
}

Result<void> one_trial(MeasuredDaemon& daemon, const fs::path& file, std::size_t number, DriftTrials& trials) {
  const Edit edit = static_cast<Edit>(number % edit_kinds);
  prepare(edit, file, number);
  const std::size_t completed_before = daemon.read_on().completed;
  const auto wall_clock = system_clock::now();
  const auto began = steady_clock::now();
  make(edit, file, number);
  std::optional<SteadyTime> right;
  const bool ended = poll_until(drift_limit, [&] {
    const bool is = is_right(file);
    if (is && !right) right = steady_clock::now();
    if (!is) right.reset();
    const Recorded& now = daemon.read_on();
    return right && now.completed > completed_before && now.all_ended();
  });
  if (!ended || daemon.recorded().exhausted > 0) {
    return failure(ErrorKind::failed, "edit " + std::to_string(number) + " was not healed: " + daemon.last_words());
  }
  trials.seen.right_ms.push_back(ms_between(began, *right));
  trials.seen.complete_ms.push_back(ms_between(began, daemon.recorded().last_completed_seen));
  trials.recorded_ms.push_back(
      std::chrono::duration<double, std::milli>(daemon.recorded().last_completed_time - wall_clock).count());
  return {};
}

Result<DriftTrials> measure(const DriftOptions& options, const fs::path& folder) {
  lay_out(folder);
  auto daemon = MeasuredDaemon::start(options.program, folder, 1);
  AUTOHEAL_TRY(daemon);
  std::mt19937 moments(20'241'123);
  DriftTrials trials;
  for (std::size_t trial = 0; trial < options.trials; ++trial) {
    // At a moment that has nothing to do with what the daemon still tidies up after the heal before.
    std::this_thread::sleep_for(std::chrono::microseconds(1'000 + moments() % 50'000));
    AUTOHEAL_TRY(one_trial(**daemon, folder / "root" / "app.conf", trial, trials));
  }
  AUTOHEAL_TRY((*daemon)->end());
  return trials;
}

// The entries of the newest certified heal: the floor writes texts of the same size.
Result<std::vector<std::string>> heal_texts(const fs::path& ledger) {
  const auto reader = store::LedgerReader::open(ledger);
  AUTOHEAL_TRY(reader);
  const auto page = (*reader)->read_all({}, 10'000);
  AUTOHEAL_TRY(page);
  const auto newest = std::find_if(page->entries.rbegin(), page->entries.rend(),
                                   [](const engine::Entry& entry) { return entry.type == "heal.completed"; });
  if (newest == page->entries.rend()) return failure(ErrorKind::failed, "the ledger holds no certified heal");
  const auto entries = (*reader)->read_stream(newest->stream, 1);
  AUTOHEAL_TRY(entries);
  std::vector<std::string> texts;
  for (const engine::Entry& entry : *entries) texts.push_back(entry.data);
  return texts;
}

}  // namespace

Result<void> run_drift(const DriftOptions& options, std::ostream& out) {
  const ScratchFolder scratch(options.folder);
  const auto trials = measure(options, scratch.path / "daemon");
  AUTOHEAL_TRY(trials);
  const auto texts = heal_texts(scratch.path / "daemon" / "var" / "ledger.db");
  AUTOHEAL_TRY(texts);
  const auto floor = drift_floor(scratch.path / "floor", options.trials, *texts);
  AUTOHEAL_TRY(floor);
  write_conditions(
      out, "drift",
      std::to_string(options.trials) +
          " edits (in place, atomic replacement, delete, chmod in turn) of one file of one engine under "
          "`autoheal serve`; WAL, synchronous=FULL, real files; seen by another process to 0.2 ms; "
          "`recorded` is the time that heal.completed carries; floor: inotify, hash, write, fsync, rename, "
          "folder fsync, 4 commits");
  write_percentiles(out, "drift_right", trials->seen.right_ms, aims_right, floor->right_ms);
  write_percentiles(out, "drift_complete", trials->seen.complete_ms, {}, floor->complete_ms);
  write_percentiles(out, "drift_complete_recorded", trials->recorded_ms, {}, {});
  return {};
}

}  // namespace autoheal::bench
