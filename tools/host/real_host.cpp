#include "tools/host/real_host.hpp"

#include <fcntl.h>

#include <algorithm>
#include <exception>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/workflows/effects/gather_evidence.hpp"
#include "autoheal/workflows/effects/kept_output.hpp"
#include "tools/host/change/restored_change.hpp"
#include "tools/host/change/settled_images.hpp"
#include "tools/host/change/snapshot_taking.hpp"
#include "tools/host/change/staged_change.hpp"
#include "tools/host/facts/folder_tree.hpp"
#include "tools/host/facts/module_hashes.hpp"
#include "tools/host/facts/observation.hpp"
#include "tools/host/facts/obstacles.hpp"
#include "tools/host/facts/pattern_matches.hpp"
#include "tools/host/facts/security_scan.hpp"
#include "tools/host/facts/state_facts.hpp"
#include "tools/host/probe/network_probes.hpp"
#include "tools/host/probe/port_holder.hpp"
#include "tools/host/process/marked_processes.hpp"
#include "tools/host/release/releases.hpp"
#include "tools/host/service/ended_service.hpp"
#include "tools/host/service/named_process.hpp"
#include "tools/host/service/pidfile.hpp"
#include "tools/host/service/repaired_programs.hpp"
#include "tools/host/service/systemd.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

using namespace workflows;  // NOLINT: the port's own words

namespace {

// Nothing throws out of the port: what the library throws (no memory, no thread) becomes an Error.
template <class Work>
auto guarded(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& error) {
    return failure(ErrorKind::unavailable, std::string("the host could not do it: ") + error.what());
  }
}

// The same for a job of several that run side by side.
template <class Work>
std::string problem_in(const Work& work) {
  try {
    work();
    return {};
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "it was stopped";
  }
}

// Without one, a failure to look or to connect says nothing about the engine.
bool has_descriptor_left() { return static_cast<bool>(UniqueFd(::open("/", O_PATH | O_CLOEXEC))); }

constexpr std::size_t largest_kept_program = 1U << 20U;

// Keeps a program that may run again when an incident is reproduced, so that others can run it: only one in the folder
// that it runs in (the engine's by default), not programs of the machine. Best effort.
void keep_program(const ProgramRun& run, const RunOutcome& ran, engine::BlobStore& blobs) {
  if (!run.reproducible || ran.program_sha256.empty() || !run.argv.front().starts_with(run.cwd + "/")) return;
  const UniqueFd program(::open(run.argv.front().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  const auto content =
      program ? read_all(program.get(), run.argv.front(), largest_kept_program) : failure(ErrorKind::not_found, "");
  if (content && sha256_name(*content) == ran.program_sha256) (void)blobs.put(*content, BlobNaming::plain);
}

Verdict judge(const RootFolder& root, const EngineSpec& spec, const Probe& probe, const EffectMark& mark,
              engine::BlobStore& blobs, const OwnFiles& own, OutputDrain& drain) {
  const auto judged = [&](ProgramRun run, const auto& judge_run) {
    run.timeout = probe.timeout;
    RunOutcome ran = run_program_of_others({run, mark, ChildPolicy::end_all}, drain);
    keep_program(run, ran, blobs);
    Verdict verdict = judge_run(ran);
    verdict.ran = std::move(ran);
    return verdict;
  };
  if (const auto* file = std::get_if<FileProbe>(&probe.what)) return probe_file(root, *file, blobs, own);
  if (const auto* env = std::get_if<EnvProbe>(&probe.what)) return probe_env(root, *env, blobs, own);
  if (const auto* settings = std::get_if<SettingsProbe>(&probe.what))
    return probe_settings(root, *settings, spec.secrets, blobs, own);
  if (const auto* tcp = std::get_if<TcpProbe>(&probe.what)) return probe_tcp(*tcp, probe.timeout);
  if (const auto* http = std::get_if<HttpProbe>(&probe.what)) return probe_http(*http, probe.timeout);
  if (const auto* command = std::get_if<CommandProbe>(&probe.what)) {
    const bool of_the_engine = is_repaired(spec, command->run.argv.front());
    return judged(command->run, [&](const RunOutcome& ran) { return judge_command(ran, of_the_engine); });
  }
  if (const auto* plugin = std::get_if<PluginProbe>(&probe.what))
    return judged(plugin->run, [&](const RunOutcome& ran) { return judge_plugin(ran, plugin->warning_fails); });
  if (const auto* link = std::get_if<LinkProbe>(&probe.what)) return probe_link(root, *link, blobs, own);
  const auto& process = std::get<ProcessProbe>(probe.what);
  return process.unit.empty() ? probe_process(root, process, own)
                              : judge_unit(process.unit, status_of_unit(process.unit, run_program));
}

bool is_done(const ChangeOutcome& outcome) {
  return outcome.status == ChangeStatus::done || outcome.status == ChangeStatus::found_done;
}

// Where each run of changes begins that are made one after the other.
std::vector<std::size_t> heads_of_turns(std::span<const Change> changes) {
  std::vector<std::size_t> heads;
  for (std::size_t index = 0; index < changes.size(); ++index) {
    if (index == 0 || !changes[index].in_turn) heads.push_back(index);
  }
  return heads;
}

bool is_state(const EngineSpec& spec, const std::string& path) {
  return std::ranges::find(spec.repair.state, path, &StateRepair::path) != spec.repair.state.end();
}

Result<TargetFacts> facts_of(Result<Seen> seen) {
  AUTOHEAL_TRY(seen);
  return std::move(seen->facts);
}

// That the root cannot be looked at is no failure to undo what was not begun, or is gone with it.
bool had_no_effect(const ChangeOutcome* outcome, const Error& error) {
  if (outcome == nullptr) return error.kind == ErrorKind::not_found;
  switch (outcome->status) {
    case ChangeStatus::target_changed:
    case ChangeStatus::skipped:
    case ChangeStatus::not_started:
      return true;
    case ChangeStatus::done:
      return false;
    default:
      return error.kind == ErrorKind::not_found;
  }
}

constexpr std::size_t largest_kept_again = 64U << 20U;  // what the vault takes

// A before-image that is back in its place was never kept: the incident could not be rebuilt once somebody repairs it.
// Best effort: what cannot be kept is restored all the same.
void keep_restored(const RootFolder& root, const StagingTools& tools, const Change& change) {
  const TargetFacts& before = change.before;
  if (before.kind == TargetKind::folder && !before.digest.empty()) {
    const auto folder = root.open_below(before.path, O_RDONLY | O_DIRECTORY);
    const auto tree =
        folder ? read_tree(folder->get(), before.path, &tools.blobs, tools.own) : failure(ErrorKind::failed, "");
    if (tree && name_of_tree(*tree) == before.digest) (void)tools.blobs.put(*tree, BlobNaming::plain);
  }
  if (before.kind != TargetKind::file) return;
  Look look;
  look.naming = naming_of(change);
  look.keep_content = true;
  if (change.kind == ChangeKind::state) look.limit = largest_kept_again;
  const auto seen = inspect(root, before.path, look, tools.blobs, tools.own);
  if (seen && seen->facts.digest == before.digest) (void)tools.blobs.put(seen->content, look.naming);
}

}  // namespace

Result<Observation> RealHost::observe(const EngineSpec& spec, const ObserveRequest& request) {
  return guarded([&]() -> Result<Observation> {
    const auto root = RootFolder::open(spec.root);
    AUTOHEAL_TRY(root);
    const OwnFiles own(options_.own_files);
    auto observation = observe_targets(*root, spec, request, options_.blobs, own);
    if (!observation) return observation;
    for (const ReleaseRepair& repair : request.releases) {
      auto releases = look_at_releases(*root, repair, request.attempt, own);
      AUTOHEAL_TRY(releases);
      observation->releases[repair.link] = std::move(*releases);
    }
    for (const auto& globs : request.outputs) {
      auto outputs = look_at_outputs(*root, spec, globs, options_.blobs, &options_.blobs, own);
      AUTOHEAL_TRY(outputs);
      observation->outputs.push_back(std::move(*outputs));
    }
    const StateTools tools{options_.blobs, databases_, own, request.mark};
    for (const StateRepair& state : request.states) {
      AUTOHEAL_TRY(observe_state(*root, state, request.attempt, tools, *observation));
    }
    return observation;
  });
}

StagingTools RealHost::staging_tools(const EngineSpec& spec, const OwnFiles& own) const {
  const auto run = [this](const RunRequest& request) { return run_program_of_others(request, *drain_); };
  return {options_.blobs, own, run, options_.at_step, true, &databases_, spec.healing.open_writers};
}

Result<RootFolder> RealHost::open_to_change(const EngineSpec& spec) {
  auto root = RootFolder::open(spec.root);
  if (!root) return root;
  AUTOHEAL_TRY(locks_.hold(*root));
  return root;
}

ChangeOutcome RealHost::apply_and_note(const RootFolder& root, const StagingTools& tools, const Change& change,
                                       unsigned number, const EffectMark& mark) const {
  const OwnChangeUnderWay ours(options_.own_changes, root.path() + "/" + change.before.path);
  ChangeOutcome outcome = apply_change(root, tools, change, number, mark);
  if (!is_done(outcome)) return outcome;
  // Notes the file that was compared with the plan, not the one there by now: an edit since then is not ours.
  const TargetFacts& left = outcome.left;
  if (left.kind != TargetKind::database) {
    ours.note({left.device, left.inode, left.ctime_ns});
  } else if (const auto now = identity_of(root, change.before.path)) {
    ours.note(*now);
  }
  return outcome;
}

UndoOutcome RealHost::restore_and_note(const RootFolder& root, const StagingTools& tools, const Change& change,
                                       const ChangeOutcome* outcome, unsigned number, const EffectMark& mark) const {
  const OwnChangeUnderWay ours(options_.own_changes, root.path() + "/" + change.before.path);
  UndoOutcome undone = restore_change(root, tools, change, outcome, number, mark);
  if (undone.status == UndoStatus::restored) keep_restored(root, tools, change);
  if (options_.own_changes == nullptr || undone.status != UndoStatus::restored) return undone;
  if (const auto now = identity_of(root, change.before.path)) ours.note(*now);
  return undone;
}

std::vector<ChangeOutcome> RealHost::apply(const EngineSpec& spec, std::span<const Change> changes,
                                           unsigned first_number, const EffectMark& mark) {
  std::vector<ChangeOutcome> outcomes(changes.size());
  const auto fail = [](ChangeOutcome& outcome, const std::string& message) {
    outcome.status = ChangeStatus::failed;
    outcome.message = message;
  };
  for (std::size_t index = 0; index < changes.size(); ++index) {
    outcomes[index].number = first_number + static_cast<unsigned>(index);
    fail(outcomes[index], "was not begun");
  }
  const std::string problem = problem_in([&] {
    const auto root = open_to_change(spec);
    const OwnFiles own(options_.own_files);
    const StagingTools tools = staging_tools(spec, own);
    const auto apply_one = [&](std::size_t index) {
      if (!root) return fail(outcomes[index], root.error().message);
      if (options_.before_change && !options_.before_change()) return;
      const unsigned number = outcomes[index].number;
      const std::string stopped =
          problem_in([&] { outcomes[index] = apply_and_note(*root, tools, changes[index], number, mark); });
      if (!stopped.empty()) fail(outcomes[index], changes[index].before.path + ": " + stopped);
    };
    const std::vector<std::size_t> heads = heads_of_turns(changes);
    run_side_by_side(heads.size(), options_.changes_at_once, [&](std::size_t head) {
      std::size_t index = heads[head];
      do apply_one(index++);
      while (index < changes.size() && changes[index].in_turn && is_done(outcomes[index - 1]));
    });
  });
  for (ChangeOutcome& outcome : outcomes) {
    if (!problem.empty() && outcome.status == ChangeStatus::failed) outcome.message += ": " + problem;
  }
  return outcomes;
}

std::vector<UndoOutcome> RealHost::restore(const EngineSpec& spec, std::span<const Change> changes,
                                           unsigned first_number, std::span<const ChangeOutcome> outcomes,
                                           const EffectMark& mark) {
  std::vector<UndoOutcome> undone;
  const auto root = open_to_change(spec);
  const OwnFiles own(options_.own_files);
  const StagingTools tools = staging_tools(spec, own);
  // In reverse order, one after the other: a folder is opened again before what lies in it.
  for (std::size_t index = changes.size(); index-- > 0;) {
    const unsigned number = first_number + static_cast<unsigned>(index);
    UndoOutcome& one = undone.emplace_back(UndoOutcome{number, UndoStatus::failed, {}});
    const auto outcome = std::ranges::find(outcomes, number, &ChangeOutcome::number);
    const ChangeOutcome* told = outcome == outcomes.end() ? nullptr : &*outcome;
    if (!root) {
      one.message = root.error().message;
      if (had_no_effect(told, root.error())) one.status = UndoStatus::restored;
      continue;
    }
    const std::string stopped =
        problem_in([&] { one = restore_and_note(*root, tools, changes[index], told, number, mark); });
    if (!stopped.empty()) one.message = changes[index].before.path + ": " + stopped;
  }
  return undone;
}

std::vector<std::string> RealHost::settle(const EngineSpec& spec, const SettleRequest& request) {
  std::vector<std::string> kept;
  const std::string problem = problem_in([&] {
    const auto root = RootFolder::open(spec.root);
    if (!root) return;
    for (const KeptImage& one : settle_images(*root, options_.blobs, request.heal_mark))
      kept.push_back(text_of(one, request.start, request.changes));
  });
  if (!problem.empty()) kept.push_back(std::string(staging_name) + ": " + problem);
  return kept;
}

std::set<std::string> RealHost::heals_left(const std::string& root, const std::string& ledger_id) {
  std::set<std::string> heals;
  (void)problem_in([&] {
    if (const auto opened = RootFolder::open(root)) heals = heals_with_images(*opened, ledger_id);
  });
  return heals;
}

RunOutcome RealHost::run(const RunRequest& request) {
  RunOutcome outcome;
  const std::string problem = problem_in([&] {
    const auto by_program = [this](const RunRequest& one) { return run_program_of_others(one, *drain_); };
    outcome = request.run.unit.empty() ? by_program(request) : order_unit(request, by_program, options_.own_orders);
    keep_program(request.run, outcome, options_.blobs);
  });
  if (!problem.empty()) outcome.message = "could not be run: " + problem;
  return outcome;
}

CallOutcome RealHost::call(const HttpCall& call, const std::string& key) {
  CallOutcome outcome;
  const std::string problem = problem_in([&] { outcome = call_http(call, key); });
  if (!problem.empty()) outcome.message = "could not be asked: " + problem;
  return outcome;
}

Result<std::vector<TargetFacts>> RealHost::outputs(const EngineSpec& spec, const std::vector<std::string>& globs) {
  return guarded([&]() -> Result<std::vector<TargetFacts>> {
    const auto root = RootFolder::open(spec.root);
    AUTOHEAL_TRY(root);
    return look_at_outputs(*root, spec, globs, options_.blobs, nullptr, OwnFiles(options_.own_files));
  });
}

ReleaseFacts RealHost::check_release(const EngineSpec& spec, const ReleaseRepair& repair, const std::string& name) {
  const auto checked = guarded([&]() -> Result<ReleaseFacts> {
    const auto root = RootFolder::open(spec.root);
    AUTOHEAL_TRY(root);
    return look_at_release(*root, repair, name, OwnFiles(options_.own_files));
  });
  return checked ? *checked : ReleaseFacts{name, false, checked.error().message, {}};
}

ProbeResult RealHost::probe(const EngineSpec& spec, const Probe& probe, const EffectMark& mark) {
  ProbeResult result;
  result.name = probe.name;
  result.heal = probe.heal;
  const Duration began = since_boot();
  const std::string problem = problem_in([&] {
    const auto root = RootFolder::open(spec.root);
    Verdict verdict = root ? judge(*root, spec, probe, mark, options_.blobs, OwnFiles(options_.own_files), *drain_)
                      : root.error().kind == ErrorKind::unavailable ? unknown(root.error().message)
                                                                    : fails(root.error().message);
    if (verdict.verdict == ProbeVerdict::fail && !has_descriptor_left())
      verdict = unknown("no descriptor is left to look with: " + verdict.message);
    result.verdict = verdict.verdict;
    result.message = std::move(verdict.message);
    if (const auto* process = std::get_if<ProcessProbe>(&probe.what); process != nullptr && root) {
      if (const auto named = named_process(*root, process->pidfile, OwnFiles(options_.own_files)))
        programs_.note(spec.root + "/" + process->pidfile, named->pid);
    }
    if (!verdict.ran) return;
    result.program_sha256 = std::move(verdict.ran->program_sha256);
    result.user = std::move(verdict.ran->user);
    result.exit_code = verdict.ran->exit_code;
    result.printed = what_it_printed(*verdict.ran);
  });
  if (!problem.empty()) result.message = "could not be tested: " + problem;
  result.took = since_boot() - began;
  return result;
}

// Where none runs any more somebody may have started it: its pidfile comes later.
void RealHost::note_or_find(const EngineSpec& spec, const std::string& pidfile, ServiceStatus& status) {
  const std::string place = spec.root + "/" + pidfile;
  if (status.state == ServiceState::running) programs_.note(place, static_cast<pid_t>(status.main_process));
  if (status.state != ServiceState::stopped) return;
  const auto begun = programs_.just_begun(place, spec.grace);
  if (!begun) return;
  status.state = ServiceState::starting;
  status.why = "process " + std::to_string(*begun) + " of the same program has just begun";
}

ServiceStatus RealHost::service_status(const EngineSpec& spec, const ServiceRepair& service) {
  ServiceStatus status;
  const std::string problem = problem_in([&] {
    if (!service.unit.empty()) status = status_of_unit(service.unit, run_program);
    if (status.state != ServiceState::unknown || service.pidfile.empty()) return;
    const auto root = RootFolder::open(spec.root);
    if (!root) return;
    status = status_by_pidfile(*root, service.pidfile, OwnFiles(options_.own_files));
    note_or_find(spec, service.pidfile, status);
  });
  if (!problem.empty()) status.why = problem;
  return status;
}

PortFinding RealHost::port_holder(const EngineSpec&, const ServiceRepair&, const ServiceStatus& status,
                                  const Probe& probe) {
  PortFinding finding{probe.name, {}, PortHolder::unknown, 0, {}, {}};
  const std::string problem = problem_in([&] { finding = find_port_holder(probe, status.main_process); });
  if (!problem.empty()) finding.why = problem;
  return finding;
}

std::string RealHost::see_it_end(const EngineSpec&, const ServiceRepair& service, const ServiceStatus& before) {
  std::string told;
  (void)problem_in([&] {
    const auto process = read_process(static_cast<pid_t>(before.main_process));
    if (before.main_process <= 0 || !process || before.run != run_of(process->pid, process->started)) return;
    StopPatience patience;
    if (service.stop) patience.limit = service.stop->timeout;
    told = host::see_it_end(process->pid, process->started, patience);
  });
  return told;
}

bool RealHost::is_worth_another_start(const EngineSpec& spec, const ServiceRepair& service, const EffectMark& mark) {
  bool worth = false;
  (void)problem_in([&] {
    const auto root = RootFolder::open(spec.root);
    if (service.pidfile.empty() || !root) return;
    const auto pid = read_pidfile(*root, service.pidfile, OwnFiles(options_.own_files));
    worth = pid && is_gone_at_last(*pid, mark);
  });
  return worth;
}

Result<std::vector<HashFinding>> RealHost::hash(const EngineSpec& spec, const HashRequest& request) {
  return guarded([&]() -> Result<std::vector<HashFinding>> {
    const auto root = RootFolder::open(spec.root);
    AUTOHEAL_TRY(root);
    return hash_modules(*root, spec, request, options_.blobs, OwnFiles(options_.own_files));
  });
}

Result<std::vector<SecurityFinding>> RealHost::scan(const EngineSpec& spec, const SecuritySpec& policy,
                                                    const std::vector<std::string>& touched) {
  return guarded([&]() -> Result<std::vector<SecurityFinding>> {
    const auto root = RootFolder::open(spec.root);
    AUTOHEAL_TRY(root);
    // All that lies in restored state was written by the repair.
    std::vector<std::string> restored;
    std::ranges::copy_if(touched, std::back_inserter(restored),
                         [&](const std::string& path) { return is_state(spec, path); });
    return scan_security(*root, spec, policy, touched, restored, OwnFiles(options_.own_files));
  });
}

Result<std::vector<TargetFacts>> RealHost::look(const EngineSpec& spec, const std::vector<std::string>& paths) {
  return guarded([&]() -> Result<std::vector<TargetFacts>> {
    const auto root = RootFolder::open(spec.root);
    AUTOHEAL_TRY(root);
    const OwnFiles own(options_.own_files);
    std::vector<TargetFacts> facts;
    const auto observed = workflows::what_to_observe(spec, 1).targets;
    for (const std::string& path : paths) {
      Look wanted;
      wanted.naming = naming_of_target(spec, path);
      wanted.aged = true;
      wanted.digest_needed = false;  // a log may be written all the time; where content counts, it is missed
      wanted.digest_of_large =
          std::ranges::any_of(observed, [&](const auto& target) { return target.path == path && !target.rights_only; });
      auto seen = is_state(spec, path) ? look_at_state(*root, path, {options_.blobs, databases_, own, {}})
                                       : facts_of(inspect(*root, path, wanted, options_.blobs, own));
      AUTOHEAL_TRY(seen);
      facts.push_back(std::move(*seen));
    }
    return facts;
  });
}

Result<std::string> RealHost::read(const EngineSpec& spec, const std::string& path) {
  return guarded([&]() -> Result<std::string> {
    const auto root = RootFolder::open(spec.root);
    AUTOHEAL_TRY(root);
    Look wanted;
    wanted.naming = naming_of_target(spec, path);
    wanted.keep_content = true;
    auto seen = inspect(*root, path, wanted, options_.blobs, OwnFiles(options_.own_files));
    AUTOHEAL_TRY(seen);
    if (seen->facts.kind != TargetKind::file) return failure(ErrorKind::not_found, path + " is missing or no file");
    return std::move(seen->content);
  });
}

Result<std::vector<TargetFacts>> RealHost::obstacles(const EngineSpec& spec) {
  return guarded([&]() -> Result<std::vector<TargetFacts>> {
    const auto root = RootFolder::open(spec.root);
    AUTOHEAL_TRY(root);
    const OwnFiles own(options_.own_files);
    std::vector<TargetFacts> found;
    for (const ObserveRequest::Target& target : what_to_observe(spec, 1).targets) {
      Look wanted;
      wanted.digest = false;
      auto seen = inspect(*root, target.path, wanted, options_.blobs, own);
      AUTOHEAL_TRY(seen);
      tell_obstacles(*root, seen->facts);
      if (!seen->facts.cannot_change.empty() || !seen->facts.cannot_replace.empty())
        found.push_back(std::move(seen->facts));
    }
    return found;
  });
}

Result<void> RealHost::copy_snapshot(const EngineSpec& spec, const StateRepair& state, const EffectMark& mark,
                                     Timestamp now) {
  return guarded([&]() -> Result<void> {
    const auto root = RootFolder::open(spec.root);
    AUTOHEAL_TRY(root);
    const OwnFiles own(options_.own_files);
    return host::copy_snapshot(*root, state, {options_.blobs, databases_, own, mark}, now);
  });
}

std::vector<FileInWriting> RealHost::being_written(const EngineSpec& spec, const std::vector<std::string>& paths,
                                                   const WritingQuestion& question) {
  std::vector<FileInWriting> files;
  (void)problem_in([&] {
    if (const auto root = RootFolder::open(spec.root))
      files = files_in_writing(*root, paths, question, spec.healing.open_writers, wall_clock_ns(),
                               OwnFiles(options_.own_files));
  });
  return files;
}

std::size_t RealHost::end_marked(const EffectMark& mark_prefix) {
  std::size_t ended = 0;
  (void)problem_in([&] { ended = host::end_marked(mark_prefix); });
  return ended;
}

}  // namespace autoheal::host
