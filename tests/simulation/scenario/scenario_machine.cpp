#include "tests/simulation/scenario/scenario_machine.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "autoheal/workflows/spec/visit_spec.hpp"
#include "tests/simulation/scenario/scenario_account.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::simulation {

using autoheal::testing::DaemonPorts;
using autoheal::testing::Happening;
using autoheal::testing::SimulatedDaemon;
using workflows::EngineSpec;

namespace {

constexpr unsigned heals_at_once = 2, tests_at_once = 4;
constexpr std::size_t most_turns_at_one_moment = 20'000;  // at one moment: it turns in circles

// Whether a repair or a probe of that engine reads or writes the path.
bool concerns(const EngineSpec& spec, const std::string& path) {
  bool found = false;
  workflows::for_each_target(spec, [&](const std::string& target, const auto&) { found = found || target == path; });
  workflows::for_each_probe_of<workflows::FileProbe>(spec, [&](const auto& one) { found = found || one.path == path; });
  workflows::for_each_probe_of<workflows::EnvProbe>(spec, [&](const auto& one) { found = found || one.file == path; });
  workflows::for_each_probe_of<workflows::SettingsProbe>(spec,
                                                         [&](const auto& one) { found = found || one.file == path; });
  workflows::for_each_probe_of<workflows::LinkProbe>(spec, [&](const auto& one) { found = found || one.path == path; });
  return found;
}

}  // namespace

ScenarioMachine::ScenarioMachine(std::size_t dies_after_entries) : dies_after_entries_(dies_after_entries) {
  world_.host.since_boot = [this] { return world_.clock.since_boot(); };
  world_.host.observer_fails = [this](const std::string& engine) {
    return std::string(unobserved_.contains(engine) ? "the name server does not answer" : "");
  };
  history_.wrote_down = [this](const Happening& happening) { wrote_down(happening); };
}

Result<std::vector<std::string>> ScenarioMachine::take(const ScenarioStep& step) {
  AUTOHEAL_TRY(act(step));
  std::vector<std::string> lines = account();
  std::ranges::move(shown_, std::back_inserter(lines));
  shown_.clear();
  return lines;
}

std::string ScenarioMachine::outcome() const {
  std::string text = world_.host.picture();
  for (const Happening& one : history_.happenings) {
    if (one.what == "heal.completed" || one.what == "heal.exhausted") text += one.engine + " " + one.what + "\n";
  }
  return text;
}

// ---- the process

void ScenarioMachine::write_source(const std::string& name, const std::string& content) const {
  const std::filesystem::path file = folder_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

Result<void> ScenarioMachine::start() {
  write_source("autoheal.yaml", "version: 1\n" + settings_ + "engines:\n" + engines_);
  const auto keep = [this](std::string content) { return world_.baseline(content); };
  auto read = config::load((folder_ / "autoheal.yaml").string(), {{}, keep});
  if (!read) return failure(ErrorKind::invalid, "the configuration: " + sentence_of(read.error().front()));
  specs_ = std::move(read->engines);
  make_daemon();
  return {};
}

void ScenarioMachine::make_daemon() {
  daemon_ =
      std::make_unique<SimulatedDaemon>(world_, specs_, workflows::TriggerSettings{heals_at_once, true}, tests_at_once,
                                        DaemonPorts{world_.ledger, world_.host, world_.clock, history_, {}});
  daemon_->recover();
}

void ScenarioMachine::die() {
  daemon_->pool.die();
  daemon_.reset();
  make_daemon();
}

Result<void> ScenarioMachine::pass(Duration time) {
  const Duration end = world_.clock.since_boot() + time;
  std::size_t spins = 0;
  while (true) {
    daemon_->turn();
    if (daemon_->is_dead()) {
      die();
      continue;
    }
    const Duration now = world_.clock.since_boot();
    if (now >= end) return {};
    const Duration wake = std::clamp(daemon_->next_wake().value_or(end), now, end);
    spins = wake == now ? spins + 1 : 0;
    if (spins > most_turns_at_one_moment) return failure(ErrorKind::failed, "it turns in circles");
    world_.clock.advance(wake - now);
  }
}

void ScenarioMachine::wrote_down(const Happening& happening) {
  const auto waits =
      std::ranges::find_if(at_entries_, [&](const ScenarioStep& step) { return step.words.front() == happening.what; });
  if (waits != at_entries_.end()) {
    ScenarioStep step = std::move(*waits);
    at_entries_.erase(waits);
    step.words.erase(step.words.begin());
    if (step.words == Words{"die"}) {
      daemon_->pool.die();
    } else if (const auto taken = act(step); !taken) {
      shown_.push_back("cannot: " + taken.error().message);
    }
  }
  if (!happening.what.starts_with("heal.") || happening.what == "heal.skipped") return;
  if (++heal_entries_ == dies_after_entries_) daemon_->pool.die();
}

// The kernel tells the daemon that something changed there.
void ScenarioMachine::touched(const std::string& path) {
  if (!daemon_) return;
  for (const EngineSpec& spec : specs_) {
    if (concerns(spec, path)) daemon_->look(spec.name, workflows::LookCause::file_changed);
  }
}

// Its manager tells of the job.
void ScenarioMachine::unit_stopped_by_hand(const std::string& unit) {
  for (const EngineSpec& spec : specs_) {
    if (spec.repair.service && spec.repair.service->unit == unit) daemon_->stopped_by_hand(spec.name, true);
  }
}

std::vector<std::string> ScenarioMachine::account() {
  ScenarioAccount account(world_.ledger, world_.blobs, last_tests_);
  for (; told_ < history_.happenings.size(); ++told_) account.add(history_.happenings[told_]);
  return account.take();
}

}  // namespace autoheal::simulation
