#include "tools/autoheal/reproduce/reproduced_host.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/workflows/effects/gather_evidence.hpp"
#include "autoheal/workflows/plan/certification.hpp"

namespace autoheal::cli {

using namespace workflows;  // the words of the port stand on every line here

namespace {

constexpr std::string_view exit_status = "exit status ";
constexpr std::string_view timed_out = "did not end within its time limit";

// The reason in what an outcome says of a program: "command /bin/x: <reason>".
std::string reason_in(const std::string& message) {
  const auto colon = message.find(": ");
  const std::string reason = colon == std::string::npos ? message : message.substr(colon + 2);
  return reason.starts_with(exit_status) ? std::string() : reason;
}

// The answer of a platform, by what the outcome says of it: "POST https://...: <reason>".
CallOutcome recorded_answer(bool done, const std::string& message) {
  constexpr std::string_view answered = "answered with status ";
  CallOutcome outcome;
  outcome.answered = done;
  outcome.status = done ? 200 : 0;
  if (done) return outcome;
  const std::string reason = reason_in(message);
  outcome.message = reason.empty() ? "the record does not say what came of it" : reason;
  if (!reason.starts_with(answered)) return outcome;
  outcome.answered = true;
  outcome.status = leading_number<unsigned>(std::string_view(reason).substr(answered.size())).value_or(outcome.status);
  return outcome;
}

bool is_there(const std::string& path) {
  struct stat found{};
  return ::lstat(path.c_str(), &found) == 0;
}

// `real` for what was rebuilt, `recorded` for all else.
template <class Finding, class IsRebuilt>
std::vector<Finding> joined(std::vector<Finding> real, const std::vector<Finding>& recorded,
                            const IsRebuilt& is_rebuilt) {
  std::erase_if(real, [&](const Finding& one) { return !is_rebuilt(one.path); });
  for (const Finding& one : recorded) {
    if (!is_rebuilt(one.path)) real.push_back(one);
  }
  std::ranges::sort(real, {}, &Finding::path);
  return real;
}

}  // namespace

void ReproducedHost::begin(const HealEffect& effect) {
  const unsigned attempt = std::visit([](const EffectContext& context) { return context.attempt; }, effect);
  const auto found = world_.course.attempts.find(attempt);
  prefix_ = "attempt " + std::to_string(attempt) + ": ";
  attempt_ = found == world_.course.attempts.end() ? &none_ : &found->second;
  certifying_ = std::holds_alternative<Certify>(effect);
  const auto* act = std::get_if<PerformAct>(&effect);
  const auto* capture = std::get_if<CaptureForUndo>(&effect);
  const auto* undo = std::get_if<PerformUndo>(&effect);
  number_ = act != nullptr ? act->number : capture != nullptr ? capture->number : undo != nullptr ? undo->number : 0;
  capturing_ = capture != nullptr;
  undoing_ = undo != nullptr;
  // A new attempt finds everything put back.
  if (std::holds_alternative<Observe>(effect)) {
    const std::lock_guard lock(mutex_);
    rebuilt_ = world_.place.paths;
    acts_of_record_.clear();
  }
}

void ReproducedHost::note_record(const std::string& what) {
  const std::lock_guard lock(mutex_);
  from_record_.insert(what);
}
void ReproducedHost::note_row(const std::string& what) {
  const std::lock_guard lock(mutex_);
  rows_of_record_.insert(prefix_ + what);
}
void ReproducedHost::note_rows_of_test(const ProgramRun& run) {
  for (const TestSpec& test : world_.place.spec.certify.tests) {
    for (const TestCell& cell : cells_of(test)) {
      if (command_of(test, cell) == run) note_row("test " + cell.name);
    }
  }
}
// The outcome of the act under way, or of its undo.
void ReproducedHost::note_row_of_act() {
  if (number_ != 0 && !capturing_) note_row((undoing_ ? "undo " : "change ") + std::to_string(number_));
}
bool ReproducedHost::is_rebuilt(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return rebuilt_.contains(path);
}
bool ReproducedHost::has_its_mode(const std::string& path) {
  return is_rebuilt(path) && !world_.place.guessed.contains(path);
}
// A restored folder is real with all that is in it.
bool ReproducedHost::lies_in_state(const std::string& path) {
  return std::ranges::any_of(world_.place.spec.repair.state, [&](const StateRepair& state) {
    return path.starts_with(state.path + "/") && is_rebuilt(state.path);
  });
}
void ReproducedHost::note_program(const std::string& program, const std::string& then, const std::string& here) {
  if (then.empty() || here.empty() || then == here) return;
  note_lacking(program + ": what ran here is not the file that ran then");
}
void ReproducedHost::note_lacking(const std::string& what) {
  const std::lock_guard lock(mutex_);
  lacking_.insert(what);
}
void ReproducedHost::note_real(const std::string& what) {
  const std::lock_guard lock(mutex_);
  for_real_.insert(what);
}

std::string ReproducedHost::content(const engine::BlobName& name) const {
  return name.empty() ? std::string() : world_.blobs.get(name).value_or("");
}

Result<Observation> ReproducedHost::observe(const EngineSpec& spec, const ObserveRequest& request) {
  ObserveRequest asked = request;
  asked.owners.clear();    // names of another machine's users say nothing here
  asked.releases.clear();  // what they are made of is in no vault
  auto observation = world_.real.observe(spec, asked);
  if (!observation) return observation;
  for (auto& [path, facts] : observation->states) take_snapshots_of_record(path, facts);
  take_releases_of_record(request, *observation);
  const auto& first = world_.course.attempts.at(1).observation->owners;
  const auto& known = attempt_->observation ? attempt_->observation->owners : first;
  for (const std::string& owner : request.owners) {
    const auto found = known.find(owner);
    if (world_.place.owners && found != known.end()) {
      observation->owners[owner] = found->second;
    } else {
      observation->owners[owner] = {::geteuid(), ::getegid()};
    }
  }
  return observation;
}

// Their contents are real; how old they were and what was wrong with them is what it was then. A single snapshot is
// named by its path, which is another one here.
void ReproducedHost::take_snapshots_of_record(const std::string& path, StateFacts& here) {
  if (!attempt_->observation) return;
  const auto then = attempt_->observation->states.find(path);
  if (then == attempt_->observation->states.end()) return;
  const auto& repairs = world_.place.spec.repair.state;
  const auto repair = std::ranges::find(repairs, path, &StateRepair::path);
  const bool single = repair != repairs.end() && !repair->takes_snapshots;
  std::vector<SnapshotFacts> snapshots;
  for (const SnapshotFacts& one : then->second.snapshots) {
    const auto found = std::ranges::find(here.snapshots, single ? repair->snapshot : one.name, &SnapshotFacts::name);
    if (one.problem.empty() && found == here.snapshots.end()) continue;  // told as not rebuilt
    SnapshotFacts& facts = snapshots.emplace_back(one.problem.empty() ? *found : one);
    if (!one.problem.empty()) note_record("what was wrong with snapshot " + one.name);
    if (world_.place.trees.contains(facts.content)) facts.problem.clear();  // but for its owners what was taken
    facts.name = one.name;
    facts.age = one.age;
  }
  here.snapshots = std::move(snapshots);
}

void ReproducedHost::take_releases_of_record(const ObserveRequest& request, Observation& observation) {
  for (const ReleaseRepair& repair : request.releases) {
    observation.releases[repair.link];
    if (!attempt_->observation) continue;
    const auto then = attempt_->observation->releases.find(repair.link);
    if (then == attempt_->observation->releases.end()) continue;
    observation.releases[repair.link] = then->second;
    for (const ReleaseFacts& release : then->second.checked)
      note_record("whether release " + release.name + " was whole");
  }
}

std::vector<ChangeOutcome> ReproducedHost::apply(const EngineSpec& spec, std::span<const Change> changes,
                                                 unsigned first_number, const EffectMark& mark) {
  std::vector<Change> here(changes.begin(), changes.end());
  bool refused = false;
  for (std::size_t index = 0; index < here.size(); ++index) {
    if (!here[index].validate) continue;
    note_record("validate of " + here[index].before.path);
    here[index].validate.reset();
    const auto then = attempt_->outcomes.find(first_number + static_cast<unsigned>(index));
    refused = refused || (then != attempt_->outcomes.end() && then->second.status == ChangeStatus::refused);
  }
  if (!refused) return world_.real.apply(spec, here, first_number, mark);
  // A change that a validation refused was not applied, nor one that waited for it.
  std::vector<ChangeOutcome> outcomes;
  for (std::size_t index = 0; index < here.size(); ++index) {
    const unsigned number = first_number + static_cast<unsigned>(index);
    const auto then = attempt_->outcomes.find(number);
    const bool applied = then != attempt_->outcomes.end() && then->second.status == ChangeStatus::done;
    ChangeOutcome outcome = then != attempt_->outcomes.end() ? then->second : ChangeOutcome();
    if (applied) outcome = world_.real.apply(spec, std::span(here).subspan(index, 1), number, mark).front();
    outcome.number = number;
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

std::vector<UndoOutcome> ReproducedHost::restore(const EngineSpec& spec, std::span<const Change> changes,
                                                 unsigned first_number, std::span<const ChangeOutcome> outcomes,
                                                 const EffectMark& mark) {
  auto undone = world_.real.restore(spec, changes, first_number, outcomes, mark);
  if (!undoing_ || !is_act_of_record()) return undone;
  // The outputs of the build were never here, so the record says how its undo ended.
  const auto then = attempt_->undone.find(number_);
  if (then == attempt_->undone.end() || undone.empty()) return undone;
  note_row_of_act();
  undone.front().status = then->second.status;
  undone.front().message = then->second.message;
  return undone;
}

std::vector<std::string> ReproducedHost::settle(const EngineSpec& spec, const SettleRequest& request) {
  return world_.real.settle(spec, request);
}

std::optional<ProgramRun> ReproducedHost::to_run(const ProgramRun& run) {
  if (!run.reproducible || !world_.runs_programs) return std::nullopt;
  ProgramRun here = run;
  for (std::string& argument : here.argv) argument = world_.place.moved(argument);
  here.cwd = world_.place.moved(run.cwd);
  if (!is_there(here.cwd)) here.cwd = world_.place.spec.root;
  if (!is_there(here.argv.front())) here.argv.front() = run.argv.front();
  if (is_there(here.argv.front())) {
    ran_programs_ = true;
    return here;
  }
  note_record(run.argv.front() + ", which is marked reproducible but is not on this machine");
  return std::nullopt;
}

RunOutcome ReproducedHost::run(const RunRequest& request) {
  if (auto here = to_run(request.run)) {
    note_real(request.run.argv.front());
    RunRequest moved = request;
    moved.run = std::move(*here);
    RunOutcome outcome = world_.real.run(moved);
    if (!capturing_ && !undoing_)
      note_program(request.run.argv.front(), recorded_run(request.run).program_sha256, outcome.program_sha256);
    return outcome;
  }
  note_record("program " + request.run.argv.front());
  if (number_ == 0) note_rows_of_test(request.run);
  note_row_of_act();
  if (number_ != 0) {
    const std::lock_guard lock(mutex_);
    acts_of_record_.insert(number_);
  }
  return recorded_run(request.run);
}

RunOutcome ReproducedHost::recorded_run(const ProgramRun& run) {
  if (number_ == 0) return recorded_test(run);
  RunOutcome outcome;
  outcome.started = true;
  if (capturing_) {
    const auto captured = attempt_->captured.find(number_);
    const bool known = captured != attempt_->captured.end() && !captured->second.empty();
    outcome.exit_code = known ? 0 : 1;
    if (known) outcome.standard_output = content(captured->second);
    if (known && !world_.blobs.get(captured->second)) note_lacking("what " + run.argv.front() + " captured then");
  } else if (undoing_) {
    const auto undone = attempt_->undone.find(number_);
    const bool done = undone != attempt_->undone.end() && undone->second.status == UndoStatus::undone;
    outcome.exit_code = done ? 0 : 1;
    if (!done && undone != attempt_->undone.end()) outcome.message = reason_in(undone->second.message);
  } else {
    return recorded_act(number_);
  }
  return outcome;
}

RunOutcome ReproducedHost::recorded_act(unsigned number) const {
  RunOutcome outcome;
  const auto found = attempt_->outcomes.find(number);
  if (found == attempt_->outcomes.end()) {
    outcome.message = "the record does not say what came of it";
    return outcome;
  }
  const ChangeOutcome& then = found->second;
  outcome.started =
      then.status == ChangeStatus::done || then.status == ChangeStatus::failed || then.status == ChangeStatus::unknown;
  outcome.no_room = then.status == ChangeStatus::not_started;
  outcome.exit_code = then.status == ChangeStatus::done ? 0 : std::max(1, then.exit_code);
  outcome.timed_out = then.message.ends_with(timed_out);
  outcome.message = reason_in(then.message);
  outcome.took = then.took;
  outcome.program_sha256 = then.program_sha256;
  outcome.standard_output = content(then.output);
  return outcome;
}

RunOutcome ReproducedHost::recorded_test(const ProgramRun& run) const {
  RunOutcome outcome;
  outcome.message = "the record does not say what came of it";
  if (!attempt_->evidence) return outcome;
  for (const TestSpec& test : world_.place.spec.certify.tests) {
    for (const TestCell& cell : cells_of(test)) {
      if (command_of(test, cell) != run) continue;
      const auto then = std::ranges::find(attempt_->evidence->tests, cell.name, &TestResult::name);
      if (then == attempt_->evidence->tests.end()) continue;
      outcome.started = then->passed || then->exit_code != 0 || then->timed_out;
      outcome.exit_code = then->exit_code;
      outcome.timed_out = then->timed_out;
      outcome.message = then->message.starts_with(exit_status) ? std::string() : then->message;
      outcome.program_sha256 = then->program_sha256;
      outcome.user = then->user;
      outcome.took = then->took;
      outcome.standard_output = content(then->output);
      return outcome;
    }
  }
  return outcome;
}

CallOutcome ReproducedHost::call(const HttpCall& call, const std::string&) {
  note_record("call of a platform (" + call.method + ")");
  note_row_of_act();
  if (undoing_) {
    const auto then = attempt_->undone.find(number_);
    if (then == attempt_->undone.end()) return recorded_answer(false, {});
    constexpr std::string_view undo = "undo: ";
    const std::string& message = then->second.message;
    return recorded_answer(then->second.status == UndoStatus::undone,
                           message.starts_with(undo) ? message.substr(undo.size()) : message);
  }
  const auto then = attempt_->outcomes.find(number_);
  if (then == attempt_->outcomes.end()) return recorded_answer(false, {});
  CallOutcome outcome = recorded_answer(then->second.status == ChangeStatus::done, then->second.message);
  outcome.body = content(then->second.output);
  outcome.took = then->second.took;
  return outcome;
}

bool ReproducedHost::is_act_of_record() {
  const std::lock_guard lock(mutex_);
  return acts_of_record_.contains(number_);
}

// A build that was not run again left nothing to look at; one that was left all of it.
Result<std::vector<TargetFacts>> ReproducedHost::outputs(const EngineSpec& spec,
                                                         const std::vector<std::string>& globs) {
  const auto then = attempt_->outcomes.find(number_);
  if (undoing_ || then == attempt_->outcomes.end()) return world_.real.outputs(spec, globs);
  const std::vector<TargetFacts>& recorded = then->second.built;
  if (is_act_of_record()) {
    note_record("what the build left: " + std::to_string(recorded.size()) + " files and folders");
    const std::lock_guard lock(mutex_);
    for (const TargetFacts& built : recorded) rebuilt_.erase(built.path);
    return recorded;
  }
  auto here = world_.real.outputs(spec, globs);
  const std::lock_guard lock(mutex_);
  for (const TargetFacts& built : recorded) rebuilt_.insert(built.path);
  if (!here) return here;
  for (const TargetFacts& built : *here) rebuilt_.insert(built.path);
  return here;
}

ReleaseFacts ReproducedHost::check_release(const EngineSpec&, const ReleaseRepair& repair, const std::string& name) {
  note_record("whether release " + name + " was whole");
  const auto& evidence = attempt_->evidence;
  if (evidence && evidence->releases.contains(repair.link)) return evidence->releases.at(repair.link);
  return {name, false, "the record does not say whether it is whole", {}};
}

ProbeResult ReproducedHost::probe(const EngineSpec& spec, const Probe& probe, const EffectMark& mark) {
  const auto real = [&](const Probe& one) {
    note_real("probe " + one.name);
    return world_.real.probe(spec, one, mark);
  };
  if (const auto* file = std::get_if<FileProbe>(&probe.what); file != nullptr && has_its_mode(file->path))
    return real(probe);
  if (const auto* env = std::get_if<EnvProbe>(&probe.what); env != nullptr && is_rebuilt(env->file)) return real(probe);
  if (const auto* settings = std::get_if<SettingsProbe>(&probe.what); settings != nullptr && is_rebuilt(settings->file))
    return real(probe);
  if (const auto* link = std::get_if<LinkProbe>(&probe.what); link != nullptr && is_rebuilt(link->path))
    return real(probe);
  Probe moved = probe;
  auto* command = std::get_if<CommandProbe>(&moved.what);
  auto* plugin = std::get_if<PluginProbe>(&moved.what);
  if (ProgramRun* run = command != nullptr ? &command->run : plugin != nullptr ? &plugin->run : nullptr) {
    const std::string program = run->argv.front();
    if (auto here = to_run(*run)) {
      *run = std::move(*here);
      ProbeResult result = real(moved);
      if (certifying_) note_program(program, recorded_probe(probe).program_sha256, result.program_sha256);
      return result;
    }
  }
  note_record("probe " + probe.name);
  if (certifying_) note_row("probe " + probe.name);
  return recorded_probe(probe);
}

ProbeResult ReproducedHost::recorded_probe(const Probe& probe) const {
  ProbeResult result;
  result.name = probe.name;
  result.heal = probe.heal;
  if (certifying_) {
    result.message = "the record does not say";
    if (!attempt_->evidence) return result;
    const auto then = std::ranges::find(attempt_->evidence->probes, probe.name, &ProbeResult::name);
    if (then == attempt_->evidence->probes.end()) return result;
    result = *then;
    result.printed = content(then->output);
    return result;
  }
  // While a heal only looks, the record keeps what all of its probes came to.
  const auto& checks = world_.place.spec.repair.checks;
  const bool is_check = std::ranges::find(checks, probe.name, &Probe::name) != checks.end();
  const bool passed =
      is_check ? attempt_->observation.has_value() : attempt_->observation && attempt_->observation->self_test_passes;
  result.verdict = passed ? ProbeVerdict::pass : ProbeVerdict::fail;
  return result;
}

ServiceStatus ReproducedHost::service_status(const EngineSpec& spec, const ServiceRepair& service) {
  note_record("how a service was");
  ServiceStatus status;
  // The observation shows how it was before the repair; no record tells how it was afterwards.
  if (certifying_ || !attempt_->observation) return status;
  const auto& then = attempt_->observation->services;
  std::string engine = world_.place.spec.name;
  for (const ServiceOfEngine& other : world_.place.spec.repair.services) {
    if (other.root == spec.root && other.service == service) engine = other.engine;
  }
  if (const auto state = then.find(engine); state != then.end()) {
    status.state = state->second;
  } else if (!service.pidfile.empty()) {
    status.state = ran_then(spec, service.pidfile) ? ServiceState::running : ServiceState::stopped;
  }
  return status;
}

PortFinding ReproducedHost::port_holder(const EngineSpec&, const ServiceRepair&, const ServiceStatus&,
                                        const Probe& probe) {
  note_record("who listens where probe " + probe.name + " asks");
  if (attempt_->evidence) {
    const auto then = std::ranges::find(attempt_->evidence->ports, probe.name, &PortFinding::probe);
    if (then != attempt_->evidence->ports.end()) return *then;
  }
  return {probe.name, {}, PortHolder::unknown, 0, {}, "the record does not say who listened there"};
}

bool ReproducedHost::ran_then(const EngineSpec& spec, const std::string& pidfile) const {
  for (const ServiceOfEngine& other : world_.place.spec.repair.services) {
    if (other.root == spec.root && other.service.pidfile == pidfile)
      return std::ranges::find(attempt_->observation->running, other.engine) != attempt_->observation->running.end();
  }
  return attempt_->observation->service_running;
}

Result<std::vector<HashFinding>> ReproducedHost::hash(const EngineSpec& spec, const HashRequest& request) {
  auto found = world_.real.hash(spec, request);
  if (!found) return found;
  const auto recorded = attempt_->evidence ? attempt_->evidence->hashes : std::vector<HashFinding>();
  for (const HashFinding& hash : recorded) {
    if (is_rebuilt(hash.path)) continue;
    note_record("digest of " + hash.path);
    note_row("digest of " + hash.path);
  }
  return joined(std::move(*found), recorded, [this](const std::string& path) { return is_rebuilt(path); });
}

Result<std::vector<SecurityFinding>> ReproducedHost::scan(const EngineSpec& spec, const SecuritySpec& policy,
                                                          const std::vector<std::string>& touched) {
  SecuritySpec here = policy;
  std::erase_if(here.paths, [&](const std::string& path) { return !is_there(spec.root + "/" + path); });
  auto found = world_.real.scan(spec, here, touched);
  if (!found) return found;
  if (!policy.paths.empty()) note_record("security of what else lies below " + policy.paths.front());
  const auto recorded = attempt_->evidence ? attempt_->evidence->findings : std::vector<SecurityFinding>();
  return joined(std::move(*found), recorded,
                [this](const std::string& path) { return has_its_mode(path) || lies_in_state(path); });
}

Result<std::vector<TargetFacts>> ReproducedHost::look(const EngineSpec& spec, const std::vector<std::string>& paths) {
  return world_.real.look(spec, paths);
}

Result<std::string> ReproducedHost::read(const EngineSpec& spec, const std::string& path) {
  if (is_rebuilt(path) || !attempt_->observation) return world_.real.read(spec, path);
  const auto then = attempt_->observation->contents.find(path);
  if (then == attempt_->observation->contents.end()) return world_.real.read(spec, path);
  note_record("what " + path + " holds");
  return content(then->second);
}

std::size_t ReproducedHost::end_marked(const EffectMark& mark) { return world_.real.end_marked(mark); }

}  // namespace autoheal::cli
