#include "tools/bench/idle.hpp"

#include <thread>

#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/many_files.hpp"
#include "tools/bench/support/measured_daemon.hpp"
#include "tools/bench/support/scratch_folder.hpp"

namespace autoheal::bench {

namespace {

constexpr std::chrono::seconds report_limit{30};
constexpr double aim_percent = 0.1;
constexpr double aim_mib = 12;

}  // namespace

Result<void> run_idle(const IdleOptions& options, std::ostream& out) {
  const ScratchFolder scratch(options.folder);
  (void)lay_out_files(scratch.path, options.files, options.engines);
  auto daemon = MeasuredDaemon::start(options.program, scratch.path, options.engines);
  AUTOHEAL_TRY(daemon);
  // The last thing that its start brings about.
  if (!poll_until(report_limit, [&] { return std::filesystem::exists(scratch.path / "var/reports/latest.json"); }))
    return failure(ErrorKind::failed, "the daemon wrote no report: " + (*daemon)->last_words());
  const double started_cpu = cpu_seconds_of((*daemon)->pid());
  const auto began = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(std::chrono::seconds(options.seconds));  // the measurement itself: nothing happens
  const double idle_ms = ms_between(began, std::chrono::steady_clock::now());
  const double idle_cpu = cpu_seconds_of((*daemon)->pid()) - started_cpu;
  const auto memory = memory_of((*daemon)->pid());
  AUTOHEAL_TRY(memory);
  AUTOHEAL_TRY((*daemon)->end());
  write_conditions(out, "idle",
                   std::to_string(options.files) + " files of " + std::to_string(options.engines) +
                       " engines with `every: 5m` watched by `autoheal serve`, all tested once, then nothing for " +
                       std::to_string(options.seconds) + " s; CPU of all threads by the process's CPU clock");
  write_figure(out, {"idle_cpu_percent", idle_cpu * 1000 / idle_ms * 100, "% of a core", 0, aim_percent});
  write_figure(out, {"idle_private_mib", memory->private_mib, "MiB", 0, aim_mib});
  write_figure(out, {"idle_pss_mib", memory->share_mib, "MiB", 0, aim_mib});
  write_figure(out, {"idle_rss_mib", memory->resident_mib, "MiB", 0, aim_mib});
  write_figure(out, {"start_cpu_s", started_cpu, "s", 0, 0});
  return {};
}

}  // namespace autoheal::bench
