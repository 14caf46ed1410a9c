// The services of a life that pass through states: what they are in truth, how heals bring them up, what is seen of
// them.
#include <algorithm>

#include "tests/simulation/life.hpp"
#include "tests/simulation/simulated_manager.hpp"

namespace autoheal::simulation {

using namespace autoheal::testing;
using namespace workflows;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using workflows::testing::SimulatedProcess;
using workflows::testing::SimulatedUnit;
using workflows::testing::UnitHabits;

namespace {

constexpr Duration usual_grace = seconds(2), usual_hold = seconds(2);

ProgramRun order_to(const std::string& verb, const std::string& unit) {
  ProgramRun run = runs({"/usr/bin/systemctl", verb, unit});
  run.timeout = Duration{0};
  run.unit = unit;
  return run;
}

class Counted {
 public:
  explicit Counted(unsigned& number) : number_(number) { ++number_; }
  ~Counted() { --number_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  unsigned& number_;
};

}  // namespace

// ---- what they are

void Life::add_served_engines() {
  world_.host.since_boot = [this] { return now(); };
  world_.host.observer_fails = [this](const std::string& engine) {
    const auto served = served_.find(engine);
    const bool fails = served != served_.end() && served->second.unseen_since.has_value();
    return fails ? std::string("no descriptor is to be had") : std::string();
  };
  world_.host.give_order = [this](const RunRequest& request) { return give_order(request); };
  auto& services = world_.host.services;
  const auto reads = [this](const SimulatedProcess& process) {
    for (auto& [name, served] : served_) {
      if (process.program != name && process.program != served.unit) continue;
      if (!served.conf.empty()) served.loaded[process.run] = world_.host.content(served.conf);
    }
  };
  services.began = [this, reads](const SimulatedProcess& process) {
    reads(process);
    if (world_.host.services.unit(process.program).masked)
      complain(process.program + " was started though its manager refuses it");
  };
  services.reloaded = reads;
  witness_.changed = [this, before = std::move(witness_.changed)](SeenChange change) {
    const auto served = served_.find(change.engine);
    if (served != served_.end()) served->second.something_read_changed = true;
    if (before) before(std::move(change));
  };
  add_by_pidfile("Daemon0", true);
  add_by_pidfile("Daemon1", false);
  add_by_unit("Unit0", {});
  add_by_unit("Unit1", "Unit1/app.conf");
  add_index("Index2", {"Daemon0", "Unit0"});
}

Life::Served& Life::add_served(const std::string& name) {
  EngineSpec& spec = add(name, {});
  spec.grace = usual_grace;
  spec.certify.hold = usual_hold;
  spec.certify.within = seconds(4);
  machines_[name].is_well = [this, name] { return is_well(name); };
  world_.host.install("/probe/" + name, [this, name](const RunRequest&) { return ended(is_well(name) ? 0 : 1); });
  return served_[name];
}

void Life::add_by_pidfile(const std::string& name, bool answers) {
  Served& served = add_served(name);
  EngineSpec& spec = specs_.back();
  served.pidfile = name + "/run.pid";
  served.answers = answers;
  Probe process = probe("process", ProcessProbe{served.pidfile});
  process.grace = usual_grace;
  spec.self_test = {process};
  if (answers) spec.self_test.push_back(probe("answers", CommandProbe{runs({"/probe/" + name})}));
  ServiceRepair service;
  service.start = runs({"/start/" + name});
  service.stop = runs({"/stop/" + name});
  service.pidfile = served.pidfile;
  spec.repair.service = service;
  world_.host.install("/start/" + name, [this, name](const RunRequest&) { return start_program(name); });
  world_.host.install("/stop/" + name, [this, name](const RunRequest&) { return stop_program(name); });
  world_.host.services.write_pidfile(served.pidfile, world_.host.services.begin(name));
}

void Life::add_by_unit(const std::string& name, const std::string& conf) {
  Served& served = add_served(name);
  EngineSpec& spec = specs_.back();
  served.unit = name + ".service";
  served.answers = true;
  served.conf = conf;
  ServiceRepair service;
  service.unit = served.unit;
  service.start = order_to("start", served.unit);
  service.stop = order_to("stop", served.unit);
  service.restart = order_to("restart", served.unit);
  service.reload = order_to("reload", served.unit);
  spec.repair.service = service;
  spec.self_test = {probe("answers", CommandProbe{runs({"/probe/" + name})})};
  if (!conf.empty()) {
    spec.strategy = Strategy::arie;
    const auto right = world_.baseline(right_of(name));
    spec.repair.files = {{conf, "baseline", right, {}, {}, {}}};
    spec.self_test.push_back(probe("config", FileProbe{conf, "baseline", right, {}, {}, {}}));
    machines_[name].file = conf;
    world_.host.write(conf, right_of(name));
  }
  world_.host.services.set_unit(served.unit, ServiceState::running);
}

// ---- what is true

std::optional<SimulatedProcess> Life::process_of(const std::string& name) const {
  const Served& served = served_.at(name);
  return world_.host.services.process_of(served.unit.empty() ? name : served.unit);
}

bool Life::is_well(const std::string& name) const {
  const Served& served = served_.at(name);
  const auto process = process_of(name);
  if (!process || process->hangs || now() < process->answers_from) return false;
  if (served.conf.empty()) return true;
  const auto loaded = served.loaded.find(process->run);
  return loaded != served.loaded.end() && loaded->second == right_of(name);
}

std::string Life::served_by(const std::string& unit) const {
  const auto found = std::ranges::find(served_, unit, [](const auto& one) { return one.second.unit; });
  return found == served_.end() ? std::string() : found->first;
}

// ---- how heals bring them up

// As scripts do it: what is left of the run before goes first.
RunOutcome Life::start_program(const std::string& name) {
  auto& services = world_.host.services;
  const Served& served = served_.at(name);
  if (services.status_by_pidfile(served.pidfile).state == ServiceState::running) return ended(0, "runs already");
  services.remove_pidfile(served.pidfile);
  return repair(machines_.at(name), [this, name, &services, &served] {
    if (const auto old = process_of(name)) services.end(old->pid);
    const Duration warm_up = served.answers ? milliseconds(some_number(0, 900)) : Duration{0};
    services.write_pidfile(served.pidfile, services.begin(name, warm_up));
  });
}

// As scripts do it: the process that has the number now is ended.
RunOutcome Life::stop_program(const std::string& name) {
  auto& services = world_.host.services;
  const Served& served = served_.at(name);
  const auto pid = services.pid_in(served.pidfile);
  if (!pid) return ended(1, "does not run");
  if (const auto process = services.process(*pid); process && process->program != name)
    complain(name + ": a process of another program was ended: " + process->program);
  services.end(*pid);
  services.remove_pidfile(served.pidfile);
  if (daemon_) daemon_->process_ended(name, ProcessEnd::wanted);
  return ended(0);
}

UnitHabits Life::usual_habits() {
  UnitHabits habits;
  habits.start_limit = seconds(20);
  habits.stop_limit = seconds(10);
  return habits;
}

void Life::set_habits(const std::string& name, Duration start_takes, Duration stop_takes) {
  UnitHabits habits = usual_habits();
  habits.start_takes = start_takes;
  habits.stop_takes = stop_takes;
  habits.reload_takes = std::min(start_takes, Duration(seconds(5)));
  const Repairs how = machines_.at(name).repairs;
  habits.comes_up = how != Repairs::fail && how != Repairs::hang;
  habits.hangs_when_up = how == Repairs::lie;
  if (how == Repairs::hang) habits.start_takes = habits.start_limit;
  world_.host.services.set_habits(served_.at(name).unit, habits);
}

RunOutcome Life::give_order(const RunRequest& request) {
  const std::string name = served_by(request.run.unit);
  Served& served = served_.at(name);
  std::string verb = request.run.argv.at(1);
  const Counted counted(served.orders);
  const Duration start_takes = some_time(milliseconds(0), seconds(4)),
                 stop_takes = some_time(milliseconds(0), seconds(1));
  set_habits(name, start_takes, stop_takes);
  SimulatedManager manager(world_.host.services);
  manager.keeps_failures = planted_ == Planted::failures_kept;
  manager.waits = [this](Duration time) { daemon_->pool.wait(time); };
  manager.is_reached = [&served] { return !served.unseen_since; };
  manager.ordered = [this, name, &served](const std::string& given, const SimulatedUnit& before) {
    SeenOrder order{now(), name, served.open_heal, given, std::string(name_of(before.state)), served.attempt, {}, {}};
    order.on_its_way = is_on_its_way(before);
    order.something_read_changed = served.something_read_changed;
    record_.orders.push_back(std::move(order));
    jobs_.push_back({served.unit, given, now()});
  };
  if (planted_ == Planted::reloads_for_ever && verb == "restart") verb = "reload";
  const auto ordered = host::unit_verb_of(verb);
  if (planted_ == Planted::acts_into_states) {
    const auto given = manager.order(*ordered, request.run.unit);
    manager.wait(start_takes + seconds(1));
    return ended(given ? 0 : 1);
  }
  auto outcome = host::carry_out(manager, {request.run.unit, *ordered, request.run.timeout}, [this] { return now(); });
  if (planted_ == Planted::refusal_forced && !outcome.started && world_.host.services.unit(request.run.unit).masked) {
    world_.host.services.begin(request.run.unit);
    return ended(0);
  }
  job_ended(name);
  if (may_die() && some_number(0, 11) == 0) throw ProcessDied();  // done, and nobody hears of it
  return outcome;
}

// ---- what is seen of them

void Life::hear_of_services() {
  for (auto& [name, served] : served_) served.last = TestOutcome::unknown;
  daemon_->records_outcomes = true;
  daemon_->wanted = [this](const std::string& engine) {
    if (served_.contains(engine))
      record_.of_services.push_back({SeenOfService::What::wanted, now(), engine, {}, {}, {}});
  };
  if (planted_ == Planted::no_grace || planted_ == Planted::acts_into_states) {
    daemon_->told_of_test = [](TestReport report) {
      report.grace = Duration{0};
      return report;
    };
  }
}

void Life::see_of_served(const Happening& happening) {
  const auto known = served_.find(happening.engine);
  if (known == served_.end()) return;
  Served& served = known->second;
  SeenOfService seen;
  seen.at = now();
  seen.engine = happening.engine;
  seen.nobody_could_look = served.unseen_since.has_value();
  if (happening.test) {
    seen.outcome = served.last = happening.test->tested.outcome;
    const auto pid = served.pidfile.empty() ? std::nullopt : world_.host.services.pid_in(served.pidfile);
    const auto process = pid ? world_.host.services.process(*pid) : std::nullopt;
    if (process && process->program != happening.engine) seen.taken_for_it = process->program;
  } else if (happening.what == "heal.skipped") {
    const bool by_hand = happening.entry.data.find(R"("stopped_by_hand")") != std::string::npos;
    seen.what = by_hand ? SeenOfService::What::stopped_by_hand : SeenOfService::What::left_alone;
  } else if (happening.what == "reset" || happening.what == "held" || happening.what == "unheld") {
    seen.what = SeenOfService::What::asked;
  } else {
    return;
  }
  record_.of_services.push_back(std::move(seen));
}

void Life::see_served(SeenEntry& seen, const engine::Entry& entry) {
  Served& served = served_.at(seen.engine);
  seen.served = true;
  if (seen.type == "heal.triggered") {
    served.open_heal = seen.heal;
    served.attempt = 0;
    served.something_read_changed = false;
    seen.by_daemon = entry.data.find(R"("via":"daemon")") != std::string::npos;
  }
  if (seen.type == "heal.repair_started") ++served.attempt;
  if (seen.type == "heal.completed" || seen.type == "heal.exhausted") served.open_heal.clear();
  if (seen.type == "heal.completed") served.last = TestOutcome::passed;
  if (const auto process = process_of(seen.engine)) {
    seen.run = process->run;
    if (const auto loaded = served.loaded.find(process->run); loaded != served.loaded.end())
      seen.loaded = loaded->second;
  }
  seen.unseen_since = served.unseen_since;
  if (served.unit.empty()) return;
  const SimulatedUnit unit = world_.host.services.unit(served.unit);
  seen.only_refused = unit.refuses_starts && !unit.masked && machines_.at(seen.engine).repairs == Repairs::work;
}

}  // namespace autoheal::simulation
