#include "tests/simulation/faulty_day.hpp"

namespace autoheal::simulation {

using namespace autoheal::testing;
using namespace workflows;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {
constexpr Duration boots_for = seconds(15);

std::string file_of(const std::string& name) { return name + "/app.conf"; }
}  // namespace

FaultyDay::FaultyDay(std::uint64_t seed, Duration end) : random_(seed), end_(end) {
  for (const char* name : {"File0", "File1", "File2"}) add_file_engine(name);
  for (const char* name : {"Service0", "Service1", "Service2"}) add_service(name);
  add_service("Service3", {"File0"});
  add_plugin("Plugin0");
  add_plugin("Plugin1", {"Service0"});
  add_file_engine("Flaps");
  add_hopeless("Hopeless");
  add_hopeless(lost);
  add_file_engine("File3", {"File0", "Service1"});
  add_file_engine("File4", {"Flaps"});
  add_file_engine("File5", {"Hopeless", "File1"});
  add_file_engine("File6", {"Service3"});
  add_service("Service4", {"File3"});
  add_file_engine("Settles");
  specs_.back().healing.settle = seconds(5);
  add_file_engine("Observed");
  specs_.back().healing.observe_only = true;
  add_file_engine("Off");
  specs_.back().healing.enabled = false;
  plan_faults();
  plan_people();
  daemon_ = std::make_unique<SimulatedDaemon>(world_, specs_, TriggerSettings{max_concurrent, true}, max_tests);
}

EngineSpec& FaultyDay::add(const std::string& name, std::vector<std::string> depends_on) {
  EngineSpec spec;
  spec.name = name;
  spec.root = "/srv";
  spec.every = seconds(30) * std::uniform_int_distribution<int>(1, 4)(random_);
  spec.depends_on = std::move(depends_on);
  spec.healing.max_retries = 2;
  specs_.push_back(std::move(spec));
  all_.push_back(name);
  return specs_.back();
}

void FaultyDay::add_file_engine(const std::string& name, std::vector<std::string> depends_on) {
  EngineSpec& spec = add(name, std::move(depends_on));
  spec.strategy = Strategy::arie;
  const auto right = world_.baseline("right of " + name);
  spec.repair.files = {{file_of(name), "baseline", right, {}, {}, {}}};
  spec.self_test = {probe("config", FileProbe{file_of(name), "baseline", right, {}, {}, {}})};
  world_.host.write(file_of(name), "right of " + name);
  with_file_.push_back(name);
}

// Takes a while to come up; its probe may hang.
void FaultyDay::add_service(const std::string& name, std::vector<std::string> depends_on) {
  EngineSpec& spec = add(name, std::move(depends_on));
  ServiceRepair service;
  service.restart = runs({"/restart/" + name});
  spec.repair.service = service;
  spec.self_test = {probe("answers", CommandProbe{runs({"/probe/" + name})})};
  Service& state = service_[name];
  world_.host.install("/probe/" + name, [this, &state](const RunRequest&) {
    RunOutcome outcome = ended(state.runs && daemon_->now() >= state.up_at ? 0 : 1);
    if (!state.hangs) return outcome;
    daemon_->pool.wait(seconds(10));
    outcome.timed_out = true;
    outcome.exit_code = -1;
    outcome.message = "did not end within its time limit";
    return outcome;
  });
  world_.host.install("/restart/" + name, [this, &state](const RunRequest&) {
    state.runs = true;
    state.up_at = daemon_->now() + boots_for;
    return ended(0);
  });
  services_.push_back(name);
}

void FaultyDay::add_plugin(const std::string& name, std::vector<std::string> depends_on) {
  add_file_engine(name, std::move(depends_on));
  specs_.back().self_test.push_back(probe("plugin", PluginProbe{runs({"/plugin/" + name}), false}));
  bool& unknown = unknown_[name];
  world_.host.install("/plugin/" + name, [&unknown](const RunRequest&) { return ended(unknown ? 3 : 0); });
  plugins_.push_back(name);
}

// While it is hopeless no repair of it is certified.
void FaultyDay::add_hopeless(const std::string& name, std::vector<std::string> depends_on) {
  add_file_engine(name, std::move(depends_on));
  TestSpec test;
  test.name = "works";
  test.command = runs({"/tests/" + name});
  specs_.back().certify.tests = {test};
  bool& hopeless = hopeless_[name];
  world_.host.install("/tests/" + name, [&hopeless](const RunRequest&) { return ended(hopeless ? 1 : 0); });
}

void FaultyDay::drift(const std::string& name, Duration when) {
  at(when, [this, name, when] {
    world_.host.write(file_of(name), "drifted at " + std::to_string(when.count()));
    daemon_->look(name, LookCause::file_changed);
  });
}

void FaultyDay::break_for_good(const std::string& name, Duration from, Duration to) {
  at(from, [this, name] { hopeless_[name] = true; });
  drift(name, from + seconds(1));
  at(to, [this, name] { hopeless_[name] = false; });
}

void FaultyDay::flap(const std::string& name, Duration from, Duration to) {
  for (Duration when = from; when < to; when += some_time(minutes(1), minutes(4))) drift(name, when);
}

void FaultyDay::edit(const std::string& name, Duration from, Duration to, Duration every) {
  for (Duration when = from; when < to; when += every) drift(name, when);
}

void FaultyDay::plan_faults() {
  for (unsigned count = 0; count < 60; ++count) {
    const std::string& name = some(with_file_);
    drift(name, some_time(minutes(5), calm));
  }
  for (unsigned count = 0; count < 40; ++count) {
    const std::string name = some(services_);
    at(some_time(minutes(5), calm), [this, name] {
      service_[name].runs = false;
      daemon_->look(name, LookCause::asked);
    });
  }
  for (unsigned count = 0; count < 8; ++count) {
    const std::string name = some(services_);
    const Duration from = some_time(minutes(5), calm - minutes(10));
    at(from, [this, name] { service_[name].hangs = true; });
    at(from + minutes(5), [this, name] { service_[name].hangs = false; });
  }
  for (unsigned count = 0; count < 6; ++count) {
    const std::string name = some(plugins_);
    const Duration from = some_time(minutes(5), calm - minutes(30));
    at(from, [this, name] { unknown_[name] = true; });
    at(from + minutes(20), [this, name] { unknown_[name] = false; });
  }
  for (unsigned count = 0; count < 2; ++count) {  // everything at once
    const Duration storm = some_time(minutes(5), calm - hours(1));
    for (const std::string& name : with_file_) drift(name, storm);
    at(storm, [this] {
      for (auto& [name, service] : service_) service.runs = false;
    });
  }
  const Duration flaps_from = some_time(hours(1), hours(10));
  flap("Flaps", flaps_from, flaps_from + hours(4));
  const Duration hopeless_from = some_time(hours(1), hours(8));
  break_for_good("Hopeless", hopeless_from, hopeless_from + some_time(hours(1), hours(6)));
  break_for_good(lost, some_time(hours(1), hours(14)), end_of_day * 2);
}

void FaultyDay::plan_people() {
  const auto hold = [this](const std::string& name, Duration from, Duration time, bool lets_go) {
    at(from, [this, name, time] { daemon_->hold(name, time); });
    if (lets_go) at(from + time / 2, [this, name] { daemon_->unhold(name); });
  };
  for (unsigned count = 0; count < 12; ++count) {
    const std::string name = some(with_file_);
    const Duration from = some_time(minutes(5), calm - hours(1));
    const Duration time = some_time(minutes(2), minutes(50));
    hold(name, from, time, count % 3 == 0);
    edit(name, from, from + time / 2, some_time(seconds(20), minutes(2)));
    if (count % 4 == 0) at(from + time / 3, [this, name] { daemon_->heal(name); });
  }
  hold("", some_time(minutes(5), calm - hours(1)), minutes(20), false);
  const std::string& held = some(services_);
  hold(held, some_time(minutes(5), calm - hours(1)), minutes(30), true);
  const Duration work_from = some_time(minutes(5), calm - hours(1));
  edit("Settles", work_from, work_from + minutes(4), seconds(3));
  for (unsigned count = 0; count < 3; ++count) {
    const Duration off = some_time(minutes(5), calm - hours(1));
    at(off, [this] { daemon_->switch_healing(false); });
    at(off + some_time(minutes(1), minutes(20)), [this] { daemon_->switch_healing(true); });
  }
  for (unsigned count = 0; count < 8; ++count) {
    const std::string reset = some(all_), heal = some(all_);
    at(some_time(minutes(5), calm), [this, reset] { daemon_->reset(reset); });
    at(some_time(minutes(5), calm), [this, heal] { daemon_->heal(heal); });
  }
  at(calm, [this] { daemon_->switch_healing(true); });
}

void FaultyDay::run() {
  while (true) {
    daemon_->turn();
    Duration next = end_;
    if (const auto wake = daemon_->next_wake()) next = std::min(next, *wake);
    if (!events_.empty()) next = std::min(next, events_.begin()->first);
    if (next >= end_) return;
    world_.clock.advance(std::max(Duration{0}, next - daemon_->now()));
    while (!events_.empty() && events_.begin()->first <= daemon_->now()) {
      const auto what = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      what();
    }
  }
}

}  // namespace autoheal::simulation
