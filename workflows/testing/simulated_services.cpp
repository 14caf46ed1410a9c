#include "autoheal/workflows/testing/simulated_services.hpp"

#include <algorithm>
#include <utility>

namespace autoheal::workflows::testing {

namespace {

constexpr Duration coarse = std::chrono::seconds(3);               // as the real host has it
constexpr Duration starts_counted_for = std::chrono::seconds(10);  // as systemd has it

}  // namespace

void SimulatedServices::tell(Lock lock) {
  const auto unreported = std::exchange(unreported_, {});
  lock.unlock();
  for (const auto& [process, is_new] : unreported) {
    const auto& hook = is_new ? began : reloaded;
    if (hook) hook(process);
  }
}

// ---- processes

SimulatedProcess& SimulatedServices::begin_locked(const std::string& program, Duration answers_after) {
  SimulatedProcess process;
  process.pid = next_pid_++;
  process.run = ++runs_;
  process.began = now();
  process.program = program;
  process.answers_from = now() + answers_after;
  unreported_.emplace_back(process, true);
  return processes_[process.pid] = std::move(process);
}

long SimulatedServices::begin(const std::string& program, Duration answers_after) {
  Lock lock(mutex_);
  const long pid = begin_locked(program, answers_after).pid;
  tell(std::move(lock));
  return pid;
}

void SimulatedServices::end(long pid) {
  const std::lock_guard lock(mutex_);
  processes_.erase(pid);
}

void SimulatedServices::take_number(long pid, const std::string& program) {
  const std::lock_guard lock(mutex_);
  processes_[pid] = {pid, ++runs_, now(), program, now(), false};
}

void SimulatedServices::hang(long pid) {
  const std::lock_guard lock(mutex_);
  if (const auto process = processes_.find(pid); process != processes_.end()) process->second.hangs = true;
}

std::optional<SimulatedProcess> SimulatedServices::process(long pid) const {
  const std::lock_guard lock(mutex_);
  const auto process = processes_.find(pid);
  return process == processes_.end() ? std::nullopt : std::optional(process->second);
}

std::optional<SimulatedProcess> SimulatedServices::process_of(const std::string& program) const {
  const std::lock_guard lock(mutex_);
  std::optional<SimulatedProcess> newest;
  for (const auto& [pid, process] : processes_) {
    if (process.program == program && (!newest || process.run > newest->run)) newest = process;
  }
  return newest;
}

// ---- pidfiles

void SimulatedServices::write_pidfile(const std::string& path, long pid) {
  const std::lock_guard lock(mutex_);
  pidfiles_[path] = {pid, now()};
}

void SimulatedServices::remove_pidfile(const std::string& path) {
  const std::lock_guard lock(mutex_);
  pidfiles_.erase(path);
}

std::optional<long> SimulatedServices::pid_in(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto file = pidfiles_.find(path);
  return file == pidfiles_.end() ? std::nullopt : std::optional(file->second.pid);
}

const SimulatedProcess* SimulatedServices::named_by(const Pidfile& file) const {
  const auto process = processes_.find(file.pid);
  const bool is_it = process != processes_.end() && process->second.began <= file.written + coarse;
  return is_it ? &process->second : nullptr;
}

ServiceStatus SimulatedServices::status_by_pidfile(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  ServiceStatus status;
  status.state = ServiceState::stopped;
  const auto file = pidfiles_.find(path);
  status.no_pidfile = file == pidfiles_.end();
  const SimulatedProcess* process = status.no_pidfile ? nullptr : named_by(file->second);
  if (process == nullptr) {
    status.why = path + (status.no_pidfile ? " is missing" : " names no process of the service");
    return status;
  }
  status.state = ServiceState::running;
  status.main_process = process->pid;
  status.run = std::to_string(process->pid) + "/" + std::to_string(process->run);
  status.lives = now() - process->began;
  return status;
}

std::vector<std::string> SimulatedServices::pidfiles_of_running() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, file] : pidfiles_) {
    if (named_by(file) != nullptr) paths.push_back(path);
  }
  return paths;
}

// ---- units

void SimulatedServices::is_on_its_way(Unit& unit, ServiceState state, Duration arrives,
                                      std::function<void(Unit&, Duration)> what) {
  unit.now.state = state;
  unit.arrives = arrives;
  unit.on_arrival = std::move(what);
  unit.arrives_when_asked = false;
}

// As far as time has brought it.
SimulatedServices::Unit& SimulatedServices::settled(const std::string& name) {
  Unit& unit = units_[name];
  while (unit.arrives && *unit.arrives <= now()) {
    const Duration when = *std::exchange(unit.arrives, std::nullopt);
    const auto what = std::exchange(unit.on_arrival, nullptr);
    what(unit, when);
  }
  return unit;
}

void SimulatedServices::go_down(Unit& unit, ServiceState becomes) {
  if (unit.now.main_process != 0) processes_.erase(std::exchange(unit.now.main_process, 0));
  unit.now.state = becomes;
  unit.now.job.clear();
  unit.now.waits_to_restart = false;
}

std::string SimulatedServices::start(Unit& unit, const std::string& name, Duration from) {
  unit.now.waits_to_restart = false;
  if (unit.now.masked) {
    go_down(unit, ServiceState::failed);
    return "unit " + name + " is masked";
  }
  std::erase_if(unit.starts, [from](Duration one) { return from - one > starts_counted_for; });
  if (unit.starts.size() >= unit.now.habits.starts_at_most) unit.now.refuses_starts = true;
  if (unit.now.refuses_starts) {
    go_down(unit, ServiceState::failed);
    return "unit " + name + " was started too often";
  }
  unit.starts.push_back(from);
  unit.now.run = ++runs_;
  unit.now.job = "start";
  const bool comes_up = unit.now.habits.comes_up;
  if (comes_up) {
    SimulatedProcess& process = begin_locked(name, Duration{0});
    process.answers_from = from + unit.now.habits.start_takes;
    process.hangs = unit.now.habits.hangs_when_up;
    unit.now.main_process = process.pid;
  }
  is_on_its_way(unit, ServiceState::starting, from + unit.now.habits.start_takes,
                [this, comes_up](Unit& one, Duration) {
                  if (!comes_up) return go_down(one, ServiceState::failed);
                  one.now.state = ServiceState::running;
                  one.now.job.clear();
                });
  return {};
}

void SimulatedServices::stop(Unit& unit, Duration from, std::function<void(Unit&, Duration)> then) {
  is_on_its_way(unit, ServiceState::stopping, from + unit.now.habits.stop_takes, std::move(then));
}

void SimulatedServices::reload(Unit& unit, Duration from) {
  unit.now.job = "reload";
  const auto read = [this](Unit& one, Duration) {
    one.now.state = ServiceState::running;
    one.now.job.clear();
    const auto process = processes_.find(one.now.main_process);
    if (process != processes_.end() && !process->second.hangs) unreported_.emplace_back(process->second, false);
  };
  is_on_its_way(unit, ServiceState::reloading, from + unit.now.habits.reload_takes, read);
}

void SimulatedServices::set_unit(const std::string& name, ServiceState state) {
  Lock lock(mutex_);
  Unit& unit = units_[name];
  unit.arrives.reset();
  unit.now.masked = state == ServiceState::held_back;
  const bool is_up = !is_dead(state) && state != ServiceState::unknown;
  if (is_up && unit.now.main_process == 0) {
    unit.now.main_process = begin_locked(name, Duration{0}).pid;
    unit.now.run = ++runs_;
  }
  if (is_dead(state)) go_down(unit, state);
  unit.now.state = state;
  unit.arrives_when_asked = is_transitional(state);
  tell(std::move(lock));
}

void SimulatedServices::set_habits(const std::string& unit, const UnitHabits& habits) {
  const std::lock_guard lock(mutex_);
  units_[unit].now.habits = habits;
}

void SimulatedServices::mask(const std::string& unit, bool masked) {
  const std::lock_guard lock(mutex_);
  settled(unit).now.masked = masked;
}

void SimulatedServices::crash(const std::string& name, bool too_often) {
  Lock lock(mutex_);
  Unit& unit = settled(name);
  unit.arrives.reset();
  go_down(unit, ServiceState::failed);
  unit.now.refuses_starts = too_often;
  const Duration pause = unit.now.habits.restart_pause;
  if (pause > Duration{0} && !too_often && !unit.now.masked) {
    ++unit.now.restarts;
    unit.now.waits_to_restart = true;
    is_on_its_way(unit, ServiceState::starting, now() + pause,
                  [this, name](Unit& one, Duration when) { (void)start(one, name, when); });
  }
  tell(std::move(lock));
}

std::string SimulatedServices::order(const std::string& name, const std::string& verb) {
  Lock lock(mutex_);
  Unit& unit = settled(name);
  std::string refused;
  const bool is_up = !is_dead(unit.now.state) && unit.now.state != ServiceState::unknown;
  const auto start_then = [this, name](Unit& one, Duration when) {
    go_down(one, ServiceState::stopped);
    (void)start(one, name, when);
  };
  if (verb == "stop") {
    if (is_up) {
      unit.now.job = "stop";
      stop(unit, now(), [this](Unit& one, Duration) { go_down(one, ServiceState::stopped); });
    }
  } else if (unit.now.masked) {
    refused = "unit " + name + " is masked";
  } else if (verb == "reload") {
    if (is_up) {
      reload(unit, now());
    } else {
      refused = "unit " + name + " does not run";
    }
  } else if (verb == "start" && is_up) {
    // Nothing: it is, or will be.
  } else if (is_up) {
    unit.now.job = "restart";
    stop(unit, now(), start_then);
  } else {
    refused = start(unit, name, now());
  }
  settled(name);
  tell(std::move(lock));
  return refused;
}

void SimulatedServices::queue(const std::string& name, const std::string& verb, Duration waits) {
  const std::lock_guard lock(mutex_);
  Unit& unit = settled(name);
  unit.now.job = verb;
  unit.arrives = now() + waits;
  unit.on_arrival = [this, name, verb](Unit& one, Duration when) {
    if (verb == "start") {
      (void)start(one, name, when);
    } else {
      stop(one, when, [this](Unit& stopped, Duration) { go_down(stopped, ServiceState::stopped); });
    }
  };
}

void SimulatedServices::reset_failed(const std::string& name) {
  const std::lock_guard lock(mutex_);
  Unit& unit = settled(name);
  unit.now.refuses_starts = false;
  unit.starts.clear();
  if (unit.now.state == ServiceState::failed) unit.now.state = ServiceState::stopped;
}

bool SimulatedServices::knows(const std::string& unit) const {
  const std::lock_guard lock(mutex_);
  return units_.contains(unit);
}

SimulatedUnit SimulatedServices::unit(const std::string& name) {
  Lock lock(mutex_);
  if (!units_.contains(name)) {
    SimulatedUnit nobody;
    nobody.state = ServiceState::unknown;
    return nobody;
  }
  SimulatedUnit unit = settled(name).now;
  if (unit.masked && is_dead(unit.state)) unit.state = ServiceState::held_back;
  tell(std::move(lock));
  return unit;
}

ServiceStatus SimulatedServices::status_of_unit(const std::string& name) {
  const SimulatedUnit unit = this->unit(name);
  ServiceStatus status;
  status.state = unit.state;
  if (unit.state == ServiceState::unknown) return status;
  if (unit.state == ServiceState::held_back) status.held_back = "unit " + name + " is masked";
  status.main_process = unit.main_process;
  status.run = std::to_string(unit.run);
  status.job_waits = !unit.job.empty();
  if (status.job_waits && is_dead(unit.state) && unit.job != "stop" && !unit.masked)
    status.state = ServiceState::starting;
  if (unit.state == ServiceState::running && (unit.job == "stop" || unit.job == "restart"))
    status.state = ServiceState::stopping;
  status.start_limit = unit.habits.start_limit;
  status.stop_limit = unit.habits.stop_limit;
  const std::lock_guard lock(mutex_);
  Unit& asked = units_[name];
  if (std::exchange(asked.arrives_when_asked, false))
    asked.now.state = unit.state == ServiceState::stopping ? ServiceState::stopped : ServiceState::running;
  return status;
}

}  // namespace autoheal::workflows::testing
