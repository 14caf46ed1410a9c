// Events of services in transition, and acts of people on them. Each has its time to itself, so that it can be judged.
#include <algorithm>

#include "tests/simulation/life.hpp"

namespace autoheal::simulation {

using namespace autoheal::testing;
using namespace workflows;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using What = SeenAtService::What;
using workflows::testing::UnitHabits;

namespace {

constexpr Duration left_to_itself = seconds(5);  // afterwards, so that what the daemon makes of it is seen
constexpr Duration jobs_remembered = minutes(1);
constexpr const char* stack = "stack.target";  // that units stop with
constexpr const char* somebody = "somebody else's program";

}  // namespace

void Life::plan_services() {
  for (const auto& [name, served] : served_) {
    for (unsigned count = 0; count < 60; ++count) {
      const Duration when = some_moment();
      at(when, [this, service = name] { break_service(service); });
    }
    for (unsigned count = 0; count < 5; ++count) {
      window(
          minutes(10), hours(3), [this, service = name] { served_.at(service).unseen_since = now(); },
          [this, service = name] {
            served_.at(service).unseen_since.reset();
            machines_.at(service).tests_changed = now();
            forget_stop_before_start(service);
          });
    }
  }
}

void Life::calm_services() {
  for (auto& [name, served] : served_) {
    served.unseen_since.reset();
    if (!served.unit.empty()) {
      world_.host.services.mask(served.unit, false);
      world_.host.services.reset_failed(served.unit);
      set_habits(name, seconds(1), seconds(1));
    }
    if (std::exchange(served.stopped, false)) start_by_hand(name);
  }
}

void Life::break_service(const std::string& name) {
  if (served_.at(name).busy_until > now() || is_calm()) return;
  if (served_.at(name).unit.empty()) {
    break_by_pidfile(name);
  } else {
    break_by_unit(name);
  }
}

// ---- what is written down of it

std::size_t Life::begins(What what, const std::string& name, const std::string& how, Duration lasts) {
  Served& served = served_.at(name);
  served.busy_until = now() + lasts + left_to_itself;
  machines_.at(name).changed = now();
  SeenAtService event;
  event.what = what;
  event.engine = name;
  event.how = how;
  event.at = now();
  event.worked = is_as_it_should_be(name) && served.last == TestOutcome::passed && served.open_heal.empty() &&
                 !served.unseen_since && daemon_ != nullptr;
  record_.at_services.push_back(std::move(event));
  return record_.at_services.size() - 1;
}

void Life::is_over(std::size_t number) {
  SeenAtService& event = record_.at_services.at(number);
  event.until = now();
  event.came_back = is_as_it_should_be(event.engine);
  machines_.at(event.engine).changed = now();
}

void Life::tell_end(const std::string& name, ProcessEnd how, std::optional<std::size_t> event) {
  at(now(), [this, name, how, event] {
    if (!daemon_) return;
    const bool waits = planted_ == Planted::crash_waits && how == ProcessEnd::crashed;
    const bool overlooked = planted_ == Planted::order_overlooked && how == ProcessEnd::wanted;
    daemon_->process_ended(name, waits || overlooked ? ProcessEnd::unknown : how);
    if (event) record_.at_services.at(*event).told = now();
  });
}

// As the watch over its manager's jobs tells it.
void Life::job_ended(const std::string& name, std::optional<std::size_t> event) {
  const Served& served = served_.at(name);
  const auto unit = world_.host.services.unit(served.unit);
  if (!daemon_ || served.unseen_since) return;
  if (!unit.job.empty()) return at(now() + seconds(1), [this, name, event] { job_ended(name, event); });
  std::erase_if(jobs_, [this](const UnitJob& job) { return now() - job.at > jobs_remembered; });
  // A stop that began before this daemon did.
  if (event && std::ranges::find(jobs_, served.unit, &UnitJob::unit) == jobs_.end())
    jobs_.push_back({served.unit, {}, now(), is_dead(unit.state)});
  StopSeen seen;
  seen.unit = served.unit;
  seen.jobs = jobs_;
  seen.ties.stops_with = {stack};
  seen.inactive = is_dead(unit.state);
  seen.ordered_by_us = served.orders > 0;
  const bool by_hand = judge_stop(seen).by_hand && planted_ != Planted::stop_overlooked;
  daemon_->stopped_by_hand(name, by_hand);
  served_.at(name).stopped_run = by_hand ? std::optional(unit.run) : std::nullopt;
  if (event) record_.at_services.at(*event).told = now();
}

// As that watch does once it reaches the manager again.
void Life::forget_stop_before_start(const std::string& name) {
  Served& served = served_.at(name);
  if (!daemon_ || !served.stopped_run || world_.host.services.unit(served.unit).run == *served.stopped_run) return;
  served.stopped_run.reset();
  daemon_->stopped_by_hand(name, false);
}

void Life::inspect(const std::string& name) {
  if (daemon_) daemon_->look(name, LookCause::asked);
}

// ---- services with a pidfile

void Life::break_by_pidfile(const std::string& name) {
  Served& served = served_.at(name);
  auto& services = world_.host.services;
  const auto process = process_of(name);
  const auto named = services.pid_in(served.pidfile);
  if (!process || named != process->pid) return;  // it is down already
  const std::size_t kind = some_number(0, 11);
  if (kind < 4) return restart_by_hand(name);
  if (kind == 4) return exchange_pidfile(name);
  if (kind < 7) return stop_plainly(name, kind == 5);
  if (kind < 9) {
    const auto event = begins(What::crashed, name, "it crashed", Duration{0});
    services.end(process->pid);
    return tell_end(name, ProcessEnd::crashed, event);
  }
  if (kind < 11) {
    if (now() - process->began < seconds(10)) return;  // its number is not used again so soon
    const auto event = begins(What::crashed, name, "it crashed, and its number is used again", Duration{0});
    services.take_number(process->pid, somebody);
    return tell_end(name, ProcessEnd::crashed, event);
  }
  if (!served.answers) return;
  (void)begins(What::other, name, "it hangs", Duration{0});
  services.hang(process->pid);
  inspect(name);
}

void Life::start_by_hand(const std::string& name) {
  Served& served = served_.at(name);
  served.stopped = false;
  machines_.at(name).changed = now();
  if (!served.unit.empty()) {
    jobs_.push_back({served.unit, "start", now()});
    (void)world_.host.services.order(served.unit, "start");
    at(now() + seconds(2), [this, name] { job_ended(name); });
    return;
  }
  auto& services = world_.host.services;
  if (services.status_by_pidfile(served.pidfile).state == ServiceState::running) return;
  if (const auto old = process_of(name)) services.end(old->pid);
  services.write_pidfile(served.pidfile, services.begin(name));
  inspect(name);  // its folder is watched
}

// Down and up again, within the grace.
void Life::restart_by_hand(const std::string& name) {
  const Duration down = some_time(milliseconds(20), milliseconds(900)),
                 warm_up = some_time(milliseconds(0), milliseconds(900));
  const auto event = begins(What::passes, name, "it was restarted by hand", down + warm_up);
  auto& services = world_.host.services;
  services.end(process_of(name)->pid);
  if (some_number(0, 1) == 0) services.remove_pidfile(served_.at(name).pidfile);
  tell_end(name, ProcessEnd::wanted, event);
  at(now() + down, [this, name, warm_up] {
    auto& machine = world_.host.services;
    if (const auto other = process_of(name)) machine.end(other->pid);  // somebody did what was wanted, in between
    machine.write_pidfile(served_.at(name).pidfile,
                          machine.begin(name, served_.at(name).answers ? warm_up : Duration{0}));
    inspect(name);
  });
  at(now() + down + warm_up, [this, event] { is_over(event); });
}

// A deploy or an upgrade: the new process is there before the old one goes, and the pidfile is gone for a moment.
void Life::exchange_pidfile(const std::string& name) {
  auto& services = world_.host.services;
  const long old = process_of(name)->pid;
  const Duration gone = some_time(milliseconds(5), milliseconds(1'500));
  const auto event = begins(What::passes, name, "its pidfile was exchanged", gone);
  const long young = services.begin(name);
  services.remove_pidfile(served_.at(name).pidfile);
  inspect(name);
  at(now() + gone, [this, name, old, young, event] {
    world_.host.services.write_pidfile(served_.at(name).pidfile, young);
    world_.host.services.end(old);
    tell_end(name, ProcessEnd::wanted);
    is_over(event);
  });
}

void Life::stop_plainly(const std::string& name, bool leaves_pidfile) {
  const Duration shortest = leaves_pidfile ? Duration(seconds(3)) : Duration(minutes(10));
  const Duration longest = leaves_pidfile ? Duration(minutes(1)) : Duration(hours(5));
  const Duration down = some_time(shortest, longest);
  const auto event =
      begins(leaves_pidfile ? What::stopped_plainly : What::stopped_in_order, name,
             leaves_pidfile ? "it was stopped, and its pidfile stayed" : "it was stopped in order", down);
  auto& services = world_.host.services;
  services.end(process_of(name)->pid);
  if (!leaves_pidfile) services.remove_pidfile(served_.at(name).pidfile);
  served_.at(name).stopped = true;
  tell_end(name, ProcessEnd::wanted, event);
  at(now() + down, [this, name, event] {
    if (!served_.at(name).stopped) return;
    start_by_hand(name);
    is_over(event);
  });
}

// ---- units

void Life::break_by_unit(const std::string& name) {
  Served& served = served_.at(name);
  auto& services = world_.host.services;
  const auto unit = services.unit(served.unit);
  if (unit.state != ServiceState::running || served.orders > 0) return;
  const std::size_t kind = some_number(0, served.conf.empty() ? 11 : 13);
  if (kind < 3) return order_by_hand(name, "restart");
  if (kind == 3) return order_by_hand(name, "reload");
  if (kind < 6) return stop_unit(name, false);
  if (kind == 6) return stop_unit(name, true);
  if (kind == 7) {
    (void)begins(What::other, name, "it hangs", Duration{0});
    services.hang(unit.main_process);
    return inspect(name);
  }
  if (kind < 10) return crash_unit(name);
  if (kind == 10) {
    (void)begins(What::other, name, "it failed too often", Duration{0});
    services.crash(served.unit, true);
    return inspect(name);
  }
  if (kind == 11) {
    const Duration masked = some_time(hours(1), hours(10));
    (void)begins(What::other, name, "it was masked", masked);
    services.crash(served.unit);
    services.mask(served.unit, true);
    inspect(name);
    return at(now() + masked, [this, name] {
      world_.host.services.mask(served_.at(name).unit, false);
      machines_.at(name).changed = now();
    });
  }
  (void)begins(What::other, name, "its configuration was changed", Duration{0});
  forget_displaced(name);
  world_.host.write(served.conf, "drifted at " + std::to_string(now().count()));
  if (kind == 13) (void)services.order(served.unit, "reload");
  if (daemon_) daemon_->look(name, LookCause::file_changed);
}

// Slow ones, too: their manager knows.
void Life::order_by_hand(const std::string& name, const std::string& verb) {
  const Duration stop_takes = some_time(milliseconds(0), seconds(5)),
                 start_takes = some_time(milliseconds(0), seconds(15));
  set_habits(name, start_takes, stop_takes);
  const Duration takes = verb == "restart" ? stop_takes + start_takes : std::min(start_takes, Duration(seconds(5)));
  const auto event = begins(What::passes, name, "somebody ordered: " + verb, takes);
  const Served& served = served_.at(name);
  jobs_.push_back({served.unit, verb, now()});
  (void)world_.host.services.order(served.unit, verb);
  const Duration looked_at = some_time(Duration{0}, takes);
  at(now() + looked_at, [this, name] { inspect(name); });
  at(now() + takes, [this, name, event] {
    is_over(event);
    job_ended(name, event);
  });
}

void Life::crash_unit(const std::string& name) {
  const Served& served = served_.at(name);
  UnitHabits habits = usual_habits();
  habits.start_takes = some_time(milliseconds(0), seconds(3));
  habits.restart_pause = some_time(milliseconds(100), seconds(30));
  const std::size_t kind = some_number(0, 2);
  if (kind == 0) habits.restart_pause = Duration{0};
  world_.host.services.set_habits(served.unit, habits);
  const Duration comes_up = habits.restart_pause + habits.start_takes;
  const auto event =
      begins(What::other, name, kind == 0 ? "it crashed" : "it crashed, and its manager starts it again", comes_up);
  world_.host.services.crash(served.unit);
  if (kind == 2) {  // somebody orders it meanwhile, and his job waits for others
    world_.host.services.queue(served.unit, "start", comes_up);
  }
  const Duration looked_at = some_time(Duration{0}, comes_up);
  at(now() + looked_at, [this, name] { inspect(name); });
  at(now() + comes_up + habits.start_takes, [this, name, event] {
    is_over(event);
    job_ended(name);
  });
}

// By hand; or with another unit, which nobody meant.
void Life::stop_unit(const std::string& name, bool with_another) {
  const Duration takes = some_time(milliseconds(0), seconds(5)), down = some_time(minutes(10), hours(5));
  set_habits(name, seconds(1), takes);
  const auto event =
      begins(with_another ? What::other : What::stopped, name, with_another ? with_another_unit : "somebody stopped it",
             with_another ? takes : takes + down);
  const Served& served = served_.at(name);
  if (with_another) jobs_.push_back({stack, "stop", now()});
  jobs_.push_back({served.unit, "stop", now()});
  (void)world_.host.services.order(served.unit, "stop");
  at(now() + takes, [this, name, event] { job_ended(name, event); });
  if (with_another) return;
  served_.at(name).stopped = true;
  at(now() + takes + down, [this, name, event] {
    if (!served_.at(name).stopped) return;
    start_by_hand(name);
    is_over(event);
  });
}

}  // namespace autoheal::simulation
