#include "tools/host/service/stop_watch.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/service/package_locks.hpp"
#include "tools/host/service/unit_facts.hpp"
#include "tools/host/system/bus_connection.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

using workflows::StopSeen;
using workflows::UnitJob;

constexpr Duration jobs_remembered = std::chrono::seconds(30);
constexpr Duration first_pause = std::chrono::seconds(2);  // before systemd is tried again
constexpr Duration longest_pause = std::chrono::minutes(1);
constexpr std::array<std::string_view, 10> watched_properties = {
    "ActiveState", "InvocationID",       "Job",       "PartOf",       "Requires",
    "BindsTo",     "StopPropagatedFrom", "Conflicts", "ConflictedBy", "StopWhenUnneeded"};

bool runs_not(const std::string& active_state) { return active_state == "inactive" || active_state == "failed"; }

}  // namespace

class StopWatch::Watching {
 public:
  Watching(std::vector<std::string> units, Told told, const OwnOrders* own_orders, Changed changed, Listens listens)
      : told_(std::move(told)),
        changed_(std::move(changed)),
        tell_listens_(std::move(listens)),
        own_orders_(own_orders) {
    for (std::string& unit : units) units_.emplace(whole_unit_name(unit), unit);
    bus_.on_job = [this](const JobSignal& signal) { note(signal); };
    stopped_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    bus_.on_state = [this](const std::string& path, const std::string& state) { note_state(path, state); };
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  ~Watching() {
    thread_.request_stop();
    (void)::eventfd_write(stopped_.get(), 1);
  }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

 private:
  struct Job {
    UnitJob job;
    std::string path;
    bool asked = false;
  };

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!listens_ || !bus_.is_open()) begin_anew();
      bus_.wait(until_next_look(), stopped_.get());
      std::erase_if(jobs_, [now = since_boot()](const Job& one) { return now - one.job.at > jobs_remembered; });
      ask_for_kinds();
      for (const std::string& unit : std::exchange(ended_, {})) judge(unit);
      if (!changed_) another_state_.clear();
      for (const std::string& unit : std::exchange(another_state_, {})) changed_(units_.at(unit));
    }
  }

  // While systemd is listened to, whatever happens comes through the bus.
  [[nodiscard]] Duration until_next_look() const {
    if (!another_state_.empty()) return Duration(0);
    if (!stopped_) return first_pause;  // nobody can wake this thread
    return listens_ && bus_.is_open() ? without_end : std::max(next_try_ - since_boot(), Duration(0));
  }

  // systemd executed itself anew, or the bus was started again: what it did meanwhile was not seen.
  void begin_anew() {
    listens_ = false;
    if (since_boot() < next_try_) return;
    jobs_.clear();
    ended_.clear();
    paths_.clear();
    const bool subscribed = bus_.ready() && bus_.ask_manager("Subscribe", {});
    pause_ = subscribed ? first_pause : std::min(2 * pause_, longest_pause);
    if (!subscribed) {
      next_try_ = since_boot() + pause_;
      return;
    }
    for (const auto& [unit, as_given] : units_) {
      const auto path = bus_.ask_manager("LoadUnit", {unit});
      if (!path) continue;  // no name of a unit; or the bus is lost, and this begins anew
      paths_[*path] = unit;
      const auto state = bus_.property(*path, "org.freedesktop.systemd1.Unit", "ActiveState");
      if (!state) {
        states_.erase(unit);
        continue;
      }
      note_state(*path, *state);
      if (runs_not(*state)) another_state_.insert(unit);  // since when nobody saw
    }
    forget_stops_before_starts();
    listens_ = bus_.is_open();  // from here on every other state is told
    if (listens_ && tell_listens_) tell_listens_();
  }

  // A stop by hand no longer counts once the unit was started again.
  void forget_stops_before_starts() {
    for (const auto& [unit, run] : std::map(stopped_runs_)) {
      const auto path = bus_.ask_manager("LoadUnit", {unit});
      auto found = path ? bus_.properties(*path, watched_properties) : std::unexpected(path.error());
      if (!found) continue;
      const std::string now = (*found)["InvocationID"].first;
      if (now.empty() || run.empty() || now == run) continue;
      stopped_runs_.erase(unit);
      told_(units_.at(unit), {false, "it was started again", false});
    }
  }

  void note(const JobSignal& signal) {
    if (!signal.ended) {
      jobs_.push_back({{signal.unit, {}, since_boot()}, signal.job});
    } else if (units_.contains(signal.unit)) {
      ended_.insert(signal.unit);
      const auto job = std::ranges::find(jobs_, signal.job, &Job::path);
      const bool inactive = states_.contains(signal.unit) && runs_not(states_.at(signal.unit));
      if (job == jobs_.end()) {  // it began before this thread listened
        jobs_.push_back({{signal.unit, {}, since_boot(), false}, signal.job, true});
        jobs_.back().job.left_inactive = signal.result == "done" && inactive;
      } else {
        job->job.left_inactive = signal.result == "done" && inactive;
      }
    }
  }

  void note_state(const std::string& path, const std::string& state) {
    const auto unit = paths_.find(path);
    if (unit == paths_.end()) return;
    const auto [known, is_new] = states_.try_emplace(unit->second, state);
    if (!is_new && std::exchange(known->second, state) != state) another_state_.insert(unit->second);
  }

  void ask_for_kinds() {
    for (std::size_t index = 0; index < jobs_.size(); ++index) {
      if (jobs_[index].asked) continue;
      jobs_[index].asked = true;
      jobs_[index].job.kind = bus_.property(jobs_[index].path, "org.freedesktop.systemd1.Job", "JobType").value_or("");
    }
  }

  void judge(const std::string& unit) {
    const auto path = bus_.ask_manager("LoadUnit", {unit});
    auto found = path ? bus_.properties(*path, watched_properties) : std::unexpected(path.error());
    if (!found || !(*found)["Job"].first.empty()) return;  // another job goes on, and is judged at its end
    StopSeen seen;
    seen.unit = unit;
    seen.ordered_by_us = own_orders_ != nullptr && own_orders_->are_about(unit);
    seen.inactive = runs_not((*found)["ActiveState"].first);
    for (const Job& one : jobs_) seen.jobs.push_back(one.job);
    if (seen.inactive) look_around(*found, seen);
    const workflows::StopJudgement judgement = workflows::judge_stop(seen);
    stopped_runs_.erase(unit);
    if (judgement.by_hand) stopped_runs_.emplace(unit, (*found)["InvocationID"].first);
    told_(units_.at(unit), judgement);
  }

  void look_around(BusProperties& found, StopSeen& seen) {
    const auto add = [&](const char* property, std::vector<std::string>& names) {
      std::ranges::copy(found[property].list, std::back_inserter(names));
    };
    for (const char* property : {"PartOf", "Requires", "BindsTo", "StopPropagatedFrom"})
      add(property, seen.ties.stops_with);
    for (const char* property : {"Conflicts", "ConflictedBy"}) add(property, seen.ties.stops_for);
    seen.ties.stops_when_unneeded = found["StopWhenUnneeded"].first == "yes";
    for (const std::string& other : found["BindsTo"].list) {
      const auto path = bus_.ask_manager("LoadUnit", {other});
      auto facts = path ? bus_.properties(*path, watched_properties) : std::unexpected(path.error());
      if (facts && runs_not((*facts)["ActiveState"].first)) seen.ties.bound_and_gone.push_back(other);
    }
    const auto state = bus_.property(systemd_object, "org.freedesktop.systemd1.Manager", "SystemState");
    seen.system_stops = state && *state == "stopping";
    seen.packages_are_changed = packages_are_changed();
  }

  Told told_;
  Changed changed_;
  Listens tell_listens_;
  const OwnOrders* own_orders_;
  std::map<std::string, std::string> units_;         // whole name -> as given
  std::map<std::string, std::string> paths_;         // of the bus -> whole name
  std::map<std::string, std::string> states_;        // whole name -> as told last
  std::map<std::string, std::string> stopped_runs_;  // whole name -> the run that somebody stopped
  std::set<std::string> another_state_;
  BusConnection bus_;
  std::vector<Job> jobs_;
  std::set<std::string> ended_;
  Duration next_try_{0};
  Duration pause_ = first_pause / 2;
  UniqueFd stopped_;  // can be read once this is to end
  bool listens_ = false;
  std::jthread thread_;  // the last: it ends before anything that it uses
};

StopWatch::StopWatch(std::vector<std::string> units, Told told, const OwnOrders* own_orders, Changed changed,
                     Listens listens)
    : watching_(std::make_unique<Watching>(std::move(units), std::move(told), own_orders, std::move(changed),
                                           std::move(listens))) {}
StopWatch::~StopWatch() = default;

}  // namespace autoheal::host
