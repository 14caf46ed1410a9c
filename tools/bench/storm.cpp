#include "tools/bench/storm.hpp"

#include <algorithm>

#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/file_edits.hpp"
#include "tools/bench/support/many_files.hpp"
#include "tools/bench/support/measured_daemon.hpp"
#include "tools/bench/support/scratch_folder.hpp"

namespace autoheal::bench {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds storm_limit{600};
constexpr double aim_seconds = 0.6;

struct Storm {
  double edits_s = 0, right_s = 0, complete_s = 0, cpu_s = 0;
  std::size_t heals = 0;
};

Result<Storm> storm(const StormOptions& options, const fs::path& folder, std::size_t engines) {
  const auto files = lay_out_files(folder, options.files, engines);
  auto daemon = MeasuredDaemon::start(options.program, folder, engines);
  AUTOHEAL_TRY(daemon);
  const double cpu_before = cpu_seconds_of((*daemon)->pid());
  const SteadyTime began = steady_clock::now();
  for (std::size_t file = 0; file < files.size(); ++file) make(Edit::in_place, files[file], file);
  const SteadyTime edited = steady_clock::now();
  // The first that is still wrong; all are looked at once more at the end.
  auto wrong = files.begin();
  SteadyTime right = edited;
  const bool ended = poll_until(storm_limit, [&] {
    const auto before = wrong;
    while (wrong != files.end() && is_right(*wrong)) ++wrong;
    if (wrong != before) right = steady_clock::now();
    const Recorded& now = (*daemon)->read_on();
    return wrong == files.end() && now.completed >= engines && now.all_ended();
  });
  const Recorded& recorded = (*daemon)->recorded();
  if (!ended || recorded.exhausted > 0 || !std::ranges::all_of(files, is_right))
    return failure(ErrorKind::failed, "not all files were healed: " + (*daemon)->last_words());
  Storm storm;
  storm.edits_s = ms_between(began, edited) / 1000;
  storm.right_s = ms_between(began, right) / 1000;
  storm.complete_s = ms_between(began, recorded.last_completed_seen) / 1000;
  storm.cpu_s = cpu_seconds_of((*daemon)->pid()) - cpu_before;
  storm.heals = recorded.completed;
  AUTOHEAL_TRY((*daemon)->end());
  return storm;
}

void tell(std::ostream& out, const std::string& name, const Storm& storm) {
  write_figure(out, {name + "_edits_s", storm.edits_s, "s", 0, 0});
  write_figure(out, {name + "_right_s", storm.right_s, "s", 0, 0});
  write_figure(out, {name + "_complete_s", storm.complete_s, "s", 0, aim_seconds});
  write_figure(out, {name + "_daemon_cpu_s", storm.cpu_s, "s", 0, 0});
  write_figure(out, {name + "_heals", static_cast<double>(storm.heals), "heals", 0, 0});
}

}  // namespace

Result<void> run_storm(const StormOptions& options, std::ostream& out) {
  const ScratchFolder scratch(options.folder);
  const std::string files = std::to_string(options.files);
  write_conditions(out, "storm",
                   files +
                       " files overwritten one after the other under `autoheal serve`; from the first edit until all "
                       "are right and every heal is certified and in the ledger, seen by another process; WAL, "
                       "synchronous=FULL, each file synced; default limits (16 heals, 4 tests at once)");
  const auto one = storm(options, scratch.path / "one_engine", 1);
  AUTOHEAL_TRY(one);
  tell(out, "storm_one_engine", *one);
  const auto each = storm(options, scratch.path / "engine_each", options.files);
  AUTOHEAL_TRY(each);
  tell(out, "storm_engine_each", *each);
  return {};
}

}  // namespace autoheal::bench
