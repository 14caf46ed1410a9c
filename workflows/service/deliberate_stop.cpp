#include "autoheal/workflows/service/deliberate_stop.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace autoheal::workflows {

namespace {

// Jobs of one transaction are told one after the other.
constexpr Duration one_transaction = std::chrono::seconds(1);
constexpr std::array<std::string_view, 8> targets_of_an_end = {
    "shutdown.target", "reboot.target", "poweroff.target", "halt.target",
    "kexec.target",    "final.target",  "umount.target",   "soft-reboot.target"};

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool stops(const UnitJob& job) { return job.kind == "stop" || job.kind == "restart" || job.kind.empty(); }
bool starts(const UnitJob& job) { return job.kind == "start" || job.kind == "restart" || job.kind.empty(); }

// A job that ended before it could be examined is judged by its result: a start that is done leaves a running unit,
// even if that crashes right after it; a restart that is refused is not done.
const UnitJob* stop_job_of(const StopSeen& seen) {
  const auto job = std::ranges::find_if(seen.jobs.rbegin(), seen.jobs.rend(), [&](const UnitJob& one) {
    return one.unit == seen.unit && one.kind != "nop" && one.kind != "verify-active";
  });
  if (job == seen.jobs.rend() || !(job->kind == "stop" || (job->kind.empty() && job->left_inactive))) return nullptr;
  return &*job;
}

std::string explained_by(const StopSeen& seen, const UnitJob& stop) {
  if (seen.ordered_by_us) return "a repair stopped it";
  if (seen.system_stops) return "the system stops";
  if (seen.packages_are_changed) return "packages are being installed or removed";
  for (const UnitJob& job : seen.jobs) {
    const Duration apart = job.at > stop.at ? job.at - stop.at : stop.at - job.at;
    if (job.unit == seen.unit || apart > one_transaction) continue;
    if (std::ranges::find(targets_of_an_end, job.unit) != targets_of_an_end.end() && starts(job))
      return job.unit + " is started";
    if (contains(seen.ties.stops_with, job.unit) && stops(job)) return "it stops with " + job.unit;
    if (contains(seen.ties.stops_for, job.unit) && starts(job)) return "it stops for " + job.unit;
  }
  if (!seen.ties.bound_and_gone.empty()) return "it is bound to " + seen.ties.bound_and_gone.front();
  if (seen.ties.stops_when_unneeded) return "nothing needs it any more";
  return {};
}

}  // namespace

StopJudgement judge_stop(const StopSeen& seen) {
  if (!seen.inactive) return {false, "it runs"};
  const UnitJob* stop = stop_job_of(seen);
  if (stop == nullptr) return {false, "no job to stop it was seen"};
  if (std::string why = explained_by(seen, *stop); !why.empty())
    return {false, std::move(why), seen.packages_are_changed && !seen.ordered_by_us && !seen.system_stops};
  return {true, "somebody stopped " + seen.unit + " through systemd"};
}

}  // namespace autoheal::workflows
