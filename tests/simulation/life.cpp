#include "tests/simulation/life.hpp"

#include <algorithm>

#include "autoheal/replay/decide/all_heals.hpp"
#include "autoheal/workflows/effects/heal_effects.hpp"
#include "tests/simulation/faulty_effects.hpp"

namespace autoheal::simulation {

using namespace autoheal::testing;
using namespace workflows;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr unsigned max_at_once = 2, max_self_tests = 4;
constexpr std::size_t busy_turns = 20'000;  // at one moment: it turns in circles
const std::set<std::string> tells_no_progress = {"heal.resumed",         "heal.trigger_joined", "heal.cancel_requested",
                                                 "heal.change_intended", "heal.undo_intended",  "heal.change_applied"};
constexpr std::size_t most_fruitless_lives = 500;

std::string reason_in(const std::string& data) {
  constexpr std::string_view key = R"("reason":")";
  const auto from = data.find(key);
  if (from == std::string::npos) return {};
  return data.substr(from + key.size(), data.find('"', from + key.size()) - from - key.size());
}

}  // namespace

Life::Life(std::uint64_t seed, Planted planted, Hostile hostile, Services services)
    : random_(seed),
      planted_(planted),
      hostile_(hostile),
      services_(services),
      store_(world_.ledger, world_.ids, planted),
      planted_host_(world_.host, planted),
      witness_(planted_host_, world_.host),
      host_(witness_, fate_) {
  world_.replays = false;  // its ledger may be another, and finish_record() asks
  const bool needs_disk = planted == Planted::sync_left_out || planted == Planted::synchronous_normal;
  // Their acts on files and services need none.
  const bool has_disk = some_number(0, 3) == 0 && !needs_hostility(planted) && !needs_services(planted);
  if (needs_disk || has_disk) store_.use_disk();
  host_.tests_always_pass = planted == Planted::certifies_without_tests;
  add_file("File0");
  add_file("File1", {"File0"});
  add_service("Service0", {"File0"});
  add_index("Index0");
  add_index("Index1", {"Service0"});
  add_file("Hopeless");
  add_file("Killing");
  record_.killing = {"Killing"};
  add_service("Service1", {"Index0", "Hopeless"});
  if (hostile == Hostile::yes) add_hostile_engines();
  if (services == Services::yes) add_served_engines();
  history_.wrote_down = [this](const Happening& one) { write_down(one); };
  plan_faults();
  plan_people();
  if (hostile == Hostile::yes) plan_hostility();
  if (services == Services::yes) plan_services();
  plan_calm();
}

EngineSpec& Life::add(const std::string& name, std::vector<std::string> depends_on) {
  EngineSpec spec;
  spec.name = name;
  spec.root = "/srv";
  spec.every = minutes(20) * some_number(1, 6);
  spec.depends_on = std::move(depends_on);
  spec.healing.max_retries = static_cast<unsigned>(some_number(1, 3));
  spec.healing.retry_delay = some_number(0, 1) == 0 ? Duration(0) : some_time(seconds(1), hours(3));
  spec.certify.within = seconds(some_number(0, 5));
  specs_.push_back(std::move(spec));
  all_.push_back(name);
  return specs_.back();
}

void Life::add_file(const std::string& name, std::vector<std::string> depends_on) {
  EngineSpec& spec = add(name, std::move(depends_on));
  Machine& machine = machines_[name];
  machine.file = name + "/app.conf";
  spec.strategy = Strategy::arie;
  const auto right = world_.baseline(right_of(name));
  spec.repair.files = {{machine.file, "baseline", right, {}, {}, {}}};
  spec.self_test = {probe("config", FileProbe{machine.file, "baseline", right, {}, {}, {}})};
  TestSpec test;
  test.name = "works";
  test.command = runs({"/tests/" + name});
  spec.certify.tests = {test};
  world_.host.write(machine.file, right_of(name));
  world_.host.install("/tests/" + name, [&machine](const RunRequest&) {
    if (machine.tests_kill) throw ProcessDied();
    return ended(machine.tests_fail ? 1 : 0);
  });
}

// A program that repairs may do its work, fail, only claim that it did it, or hang before it has done it.
RunOutcome Life::repair(Machine& machine, const std::function<void()>& makes) {
  if (machine.repairs == Repairs::fail) return ended(1, "cannot");
  if (machine.repairs == Repairs::lie) return ended(0, "done");
  if (machine.repairs == Repairs::hang) {
    daemon_->pool.wait(seconds(10));
    RunOutcome late = ended(-1);
    late.timed_out = true;
    late.message = "did not end within its time limit";
    return late;
  }
  makes();
  if (may_die() && some_number(0, 11) == 0) throw ProcessDied();  // done, and nobody hears of it
  return ended(0);
}

void Life::add_service(const std::string& name, std::vector<std::string> depends_on) {
  EngineSpec& spec = add(name, std::move(depends_on));
  Machine& machine = machines_[name];
  ServiceRepair service;
  service.restart = runs({"/restart/" + name});
  spec.repair.service = service;
  spec.self_test = {probe("answers", CommandProbe{runs({"/probe/" + name})})};
  world_.host.install("/probe/" + name, [&machine](const RunRequest&) { return ended(machine.works ? 0 : 1); });
  world_.host.install("/restart/" + name, [this, &machine](const RunRequest& request) {
    ++record_.restarts_run[request.mark];
    return repair(machine, [&machine] { machine.works = true; });
  });
}

// Rebuilt by a command that must not run twice, because nobody said that it may.
void Life::add_index(const std::string& name, std::vector<std::string> depends_on) {
  EngineSpec& spec = add(name, std::move(depends_on));
  Machine& machine = machines_[name];
  CommandRepair command;
  command.run = runs({"/rebuild/" + name});
  command.undo = runs({"/drop/" + name});
  spec.repair.commands = {command};
  spec.self_test = {probe("index", CommandProbe{runs({"/probe/" + name})})};
  world_.host.install("/probe/" + name, [&machine](const RunRequest&) { return ended(machine.works ? 0 : 1); });
  world_.host.install("/rebuild/" + name, [this, &machine](const RunRequest& request) {
    ++record_.acts_run[request.mark];
    return repair(machine, [&machine] { machine.works = true; });
  });
  world_.host.install("/drop/" + name, [this, &machine](const RunRequest&) {
    return repair(machine, [&machine] { machine.works = false; });
  });
}

// ---- what happens to it

void Life::break_engine(const std::string& name) {
  if (served_.contains(name)) return break_service(name);
  Machine& machine = machines_.at(name);
  if (machine.breaks != Breaks::content) return break_hostile(name);
  if (machine.has_file()) {
    forget_displaced(name);
    world_.host.write(machine.file, "drifted at " + std::to_string(now().count()));
  } else {
    machine.works = false;
  }
  machine.changed = now();
  if (daemon_) daemon_->look(name, machine.has_file() ? LookCause::file_changed : LookCause::asked);
}

void Life::window(Duration shortest, Duration longest, const std::function<void()>& opens,
                  std::function<void()> closes) {
  const Duration from = some_moment();
  at(from, opens);
  at(std::min(from + some_time(shortest, longest), calm_from_), std::move(closes));
}

void Life::plan_faults() {
  for (unsigned count = 0; count < 90; ++count) {
    const Duration when = some_moment();
    at(when, [this, name = some(all_)] { break_engine(name); });
  }
  at(some_moment(), [this] {  // everything at once
    for (const std::string& name : all_) break_engine(name);
  });
  for (const std::string& name : all_) {
    Machine& machine = machines_.at(name);
    if (machine.has_file()) continue;
    for (const Repairs how : {Repairs::fail, Repairs::lie, Repairs::hang}) {
      window(
          hours(1), hours(20), [&machine, how] { machine.repairs = how; },
          [&machine] { machine.repairs = Repairs::work; });
    }
  }
  const auto set_tests = [this](const std::string& name, bool Machine::* what, bool value) {
    return [this, name, what, value] {
      machines_.at(name).*what = value;
      machines_.at(name).tests_changed = now();
    };
  };
  for (unsigned count = 0; count < 3; ++count) {
    const auto breaks_for_good = [this, fail = set_tests("Hopeless", &Machine::tests_fail, true)] {
      fail();
      break_engine("Hopeless");
    };
    window(hours(2), hours(40), breaks_for_good, set_tests("Hopeless", &Machine::tests_fail, false));
  }
  window(hours(2), hours(40), set_tests("Killing", &Machine::tests_kill, true),
         set_tests("Killing", &Machine::tests_kill, false));
  for (unsigned count = 0; count < 3; ++count) {
    window(
        minutes(1), minutes(40),
        [this] {
          full_ = true;
          record_.no_room.emplace_back(now(), calm_from_);
        },
        [this] {
          full_ = false;
          record_.no_room.back().second = now();
        });
  }
  for (unsigned count = 0; count < 8; ++count) {
    at(some_moment(), [this] {
      if (may_die()) fate_.dies_after(1);
    });
    const Duration when = some_moment();
    at(when, [this, operations = some_number(0, 40)] {
      if (may_die()) store_.cut_after(operations);
    });
  }
  for (unsigned count = 0; count < 4; ++count) {
    const Duration when = some_moment();
    at(when, [this, by = some_time(-hours(48), hours(48))] {
      world_.clock.set_wall(world_.clock.now() + by);
      record_.clock_set.push_back(now());
    });
  }
}

void Life::plan_people() {
  const auto asks = [this](Duration when, std::function<void(SimulatedDaemon&)> what) {
    at(when, [this, what = std::move(what)] {
      if (daemon_) what(*daemon_);
    });
  };
  for (unsigned count = 0; count < 4; ++count) {
    const Duration from = some_moment(), time = some_time(minutes(10), hours(10));
    const std::string name = count == 0 ? "" : some(all_);
    asks(from, [name, time](SimulatedDaemon& daemon) { daemon.hold(name, time); });
    if (count % 2 == 0) asks(from + time / 2, [name](SimulatedDaemon& daemon) { daemon.unhold(name); });
  }
  for (unsigned count = 0; count < 6; ++count) {
    const Duration healed = some_moment(), reset = some_moment();
    asks(healed, [this, name = some(all_)](SimulatedDaemon& daemon) {
      if (served_.contains(name)) record_.of_services.push_back({SeenOfService::What::asked, now(), name, {}, {}, {}});
      daemon.heal(name);
    });
    asks(reset, [name = some(all_)](SimulatedDaemon& daemon) { daemon.reset(name); });
  }
}

// From here on nothing breaks any more, the wall clock is where it should be, and nobody holds anything: a hold that
// was told under a clock far ahead would outlast everything.
void Life::plan_calm() {
  at(calm_from_, [this] {
    fate_.lives_on();
    full_ = false;
    world_.clock.set_wall(born_ + now());
    for (auto& [name, machine] : machines_) {
      machine.repairs = Repairs::work;
      machine.tests_fail = machine.tests_kill = false;
    }
    if (hostile_ == Hostile::yes) calm_hostility();
    if (services_ == Services::yes) calm_services();
    if (daemon_) daemon_->unhold("");
  });
}

// ---- processes

// A heal during which the process dies again and again is rightly set aside. No death is its own here, so no heal may
// see that many, whatever the other heals get done meanwhile.
bool Life::may_die() const {
  return !is_calm() && std::ranges::none_of(deaths_since_progress_, [](const auto& heal) { return heal.second >= 3; });
}

// Often it dies early, in its recovery.
std::size_t Life::moments_to_live() {
  const std::size_t kind = some_number(0, 9);
  if (!may_die() || kind >= 8) return 100'000'000;
  const std::size_t moments = kind < 3 ? some_number(1, 15) : some_number(15, 1'500);
  return services_ == Services::yes ? moments * 8 : moments;  // a wait for a service inspects it all the time
}

void Life::start_daemon() {
  engine::Ledger* stored = store_.open();
  if (stored == nullptr) {
    complain("the ledger does not open: " + store_.why());
    return;
  }
  fate_.dies_after(moments_to_live());
  ledger_ = std::make_unique<FaultyLedger>(*stored, fate_, record_.acknowledged, planted_);
  ledger_->has_power = [this] { return store_.has_power(); };
  ledger_->is_full = full_;
  const bool timers_stand = planted_ == Planted::timer_lost && lives_ > 0;
  auto specs = specs_;
  if (planted_ == Planted::one_attempt_too_many) {
    for (EngineSpec& spec : specs) ++spec.healing.max_retries;
  }
  const auto between = [this](HealEffects& real) { return std::make_unique<FaultyEffects>(real, planted_); };
  const engine::Clock& loop_clock = timers_stand ? stopped_clock_ : world_.clock;
  daemon_ = std::make_unique<SimulatedDaemon>(world_, specs, TriggerSettings{max_at_once, true}, max_self_tests,
                                              DaemonPorts{*ledger_, host_, loop_clock, history_, between});
  if (planted_ == Planted::dependent_cools_down) {
    daemon_->told_of_end = [](HealResult result) {
      if (result.reason == name_of(EndReason::dependency_failed)) result.reason = "attempts_exhausted";
      return result;
    };
  }
  jobs_.clear();
  if (services_ == Services::yes) hear_of_services();
  daemon_->recover(planted_ == Planted::open_heals_forgotten);
  const auto witness = [this](const BusEvent& event) {
    if (planted_ == Planted::events_skipped && event.position.value % 10 == 0) return true;
    record_.events.push_back(event.position.value);
    return true;
  };
  if (!daemon_->bus().subscribe("*", witness, {"witness", engine::Position{}})) complain("nobody can subscribe");
  daemon_->bus().pump();
  if (is_calm()) daemon_->unhold("");
  ++lives_;
}

void Life::bury_daemon() {
  record_.deaths.push_back(now());
  for (auto& [heal, deaths] : deaths_since_progress_) ++deaths;
  fruitless_lives_ = record_.entries.size() > entries_before_ ? 0 : fruitless_lives_ + 1;
  entries_before_ = record_.entries.size();
  if (fruitless_lives_ > most_fruitless_lives) complain("it starts and dies and gets nothing done");
  daemon_->pool.die();
  daemon_.reset();
  ledger_.reset();
  const bool power_cut = some_number(0, 1) == 0 || !store_.has_power();
  store_.leave(power_cut, random_());
  starts_at_ = now() + some_time(seconds(1), minutes(5));
}

// False: the daemon died.
bool Life::turn() {
  ledger_->is_full = full_;
  try {
    daemon_->turn();
  } catch (const ProcessDied&) {
    return false;
  }
  return !daemon_->is_dead() && store_.has_power();
}

void Life::run() {
  try {
    live();
  } catch (const autoheal::testing::UnreadableLedger& unreadable) {
    complain(unreadable.what());
  }
  finish_record();
}

void Life::live() {
  while (record_.problems.empty()) {
    if (!daemon_ && now() >= starts_at_) {
      start_daemon();
      if (!daemon_) break;
    }
    if (daemon_ && !turn()) bury_daemon();
    Duration next = end_;
    if (!daemon_) next = std::min(next, starts_at_);
    if (daemon_) {
      if (const auto wake = daemon_->next_wake()) next = std::min(next, *wake);
    }
    if (!events_.empty()) next = std::min(next, events_.begin()->first);
    if (next >= end_) break;
    spins_ = next > now() ? 0 : spins_ + 1;
    if (spins_ > busy_turns) complain("it turns in circles");
    world_.clock.advance(std::max(Duration{0}, next - now()));
    while (!events_.empty() && events_.begin()->first <= now()) {
      const auto what = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      what();
    }
  }
}

// ---- for the judge

void Life::hear(SeenWord::What what, const std::string& engine) {
  record_.words.push_back({what, now(), engine, record_.entries.size()});
}

void Life::write_down(const Happening& happening) {
  if (happening.test && happening.test->tested.outcome == TestOutcome::passed)
    hear(SeenWord::What::passed, happening.engine);
  if (happening.what == "reset") hear(SeenWord::What::reset, happening.engine);
  if (happening.what == "heal.skipped" && reason_in(happening.entry.data) == "cooldown")
    hear(SeenWord::What::cools_down, happening.engine);
  if (services_ == Services::yes) see_of_served(happening);
  if (happening.test) return saw_test(happening);
  if (happening.entry.stream.empty() || !happening.what.starts_with("heal.")) return;
  if (happening.what == "heal.skipped") return;
  const Machine& machine = machines_.at(happening.engine);
  SeenEntry seen;
  seen.at = happening.at;
  seen.position = happening.entry.position.value;
  seen.type = happening.what;
  seen.heal = happening.entry.stream;
  seen.engine = happening.engine;
  if (happening.what == "heal.exhausted") seen.reason = reason_in(happening.entry.data);
  seen.content = content_of(machine);
  seen.works = is_as_it_should_be(seen.engine);
  if (machine.breaks == Breaks::document) {
    seen.can_be_healed = machine.document.truth == HostileDocument::Truth::healed;
    seen.kind = machine.document.kind + ", of " + machine.document.text;
  }
  seen.throws = machine.throws;
  seen.tests_fail = machine.tests_fail || machine.tests_kill;
  seen.changed = machine.changed;
  seen.tests_changed = machine.tests_changed;
  if (served_.contains(seen.engine)) see_served(seen, happening.entry);
  note_progress(seen);
  record_.entries.push_back(std::move(seen));
}

void Life::note_progress(const SeenEntry& entry) {
  if (entry.type == "heal.triggered") deaths_since_progress_[entry.heal] = 0;
  if (entry.type == "heal.completed" || entry.type == "heal.exhausted") deaths_since_progress_.erase(entry.heal);
  const auto open = deaths_since_progress_.find(entry.heal);
  if (open != deaths_since_progress_.end() && !tells_no_progress.contains(entry.type)) open->second = 0;
}

void Life::finish_record() {
  record_.engines = specs_;
  record_.calm_from = calm_from_;
  for (const auto& [name, machine] : machines_) record_.works_at_end[name] = is_as_it_should_be(name);
  finish_displaced();
  if (daemon_) bury_daemon();
  const engine::Ledger* ledger = store_.open();
  if (ledger == nullptr) return complain("the ledger does not open: " + store_.why());
  for (engine::Position at{}; true;) {
    const auto page = ledger->read_all(at, 10'000);
    if (!page) return complain("the ledger cannot be read: " + page.error().message);
    if (page->entries.empty()) break;
    for (const engine::Entry& entry : page->entries) record_.stored[entry.stream].push_back(entry.type);
    at = page->next;
  }
  if (const std::string problem = store_.verify(); !problem.empty()) complain("the ledger does not verify: " + problem);
  replay::Adoptions adoptions;
  const auto replayed = replay::replay_all(*ledger, world_.blobs, adoptions, {{.threads = 1}});
  if (!replayed) return complain("the ledger cannot be replayed: " + replayed.error().message);
  for (const auto& one : replayed->not_the_same) complain("heal " + one.heal + " replays to another: " + one.why);
}

LifeFigures Life::figures() const {
  LifeFigures figures;
  figures.simulated = now();
  figures.entries = record_.entries.size();
  figures.deaths = lives_ > 0 ? lives_ - 1 : 0;
  for (const SeenEntry& one : record_.entries) {
    figures.heals += one.type == "heal.triggered" ? 1 : 0;
    figures.completed += one.type == "heal.completed" ? 1 : 0;
    figures.exhausted += one.type == "heal.exhausted" ? 1 : 0;
    figures.refused += one.type == "heal.exhausted" && !one.kind.empty() && one.reason == "attempts_exhausted" ? 1 : 0;
  }
  figures.documents = documents_;
  figures.writings = writings_;
  for (const Happening& one : history_.happenings) figures.self_tests += one.what == "tested" ? 1 : 0;
  return figures;
}

}  // namespace autoheal::simulation
