#include "tests/simulation/planted_host.hpp"

#include <algorithm>
#include <stdexcept>

#include "tests/simulation/documents/misreading.hpp"

namespace autoheal::simulation {

using namespace workflows;
using workflows::testing::SimulatedFile;

namespace {

constexpr std::uint64_t foreign_inodes = 1'000'000'000;

std::string without_zeros(std::string text) {
  while (text.ends_with('\0')) text.pop_back();
  return text;
}

}  // namespace

Result<Observation> PlantedHost::observe(const EngineSpec& spec, const ObserveRequest& request) {
  if (throws && throws(spec.name)) {
    if (planted_ == Planted::exception_ends_process) throw autoheal::testing::ProcessDied();
    throw std::logic_error("a library did not expect this");
  }
  auto seen = under_.observe(spec, request);
  if (planted_ != Planted::zeros_accepted || !seen) return seen;
  for (auto& [path, name] : seen->contents) {
    const auto naming = naming_of_target(spec, path);
    if (auto kept = machine_.blobs().put(without_zeros(machine_.content(path)), naming)) name = *kept;
  }
  return seen;
}

std::optional<SimulatedFile> PlantedHost::done_instead(const Change& change, const std::optional<SimulatedFile>& before,
                                                       const SimulatedFile& asked_for) {
  SimulatedFile done = asked_for;
  const bool is_env = change.kind == ChangeKind::env, is_edit = is_env || change.kind == ChangeKind::settings;
  if (planted_ == Planted::lines_for_statements && is_env && before) {
    done.content = edited_by_lines(before->content);
  } else if (planted_ == Planted::first_match_edited && is_edit && !is_env && before) {
    done.content = edited_at_first_match(before->content);
  } else if (planted_ == Planted::other_value_rewritten && is_edit) {
    done.content = edited_with_numbers_rewritten(asked_for.content);
  } else if (planted_ == Planted::judge_sees_nothing && is_edit && before) {
    done.content = before->content;
  } else if (planted_ == Planted::mode_repair_replaces && change.kind == ChangeKind::policy) {
    done.inode = asked_for.inode % foreign_inodes + foreign_inodes;
  } else if (planted_ == Planted::new_file_too_wide && !before) {
    done.mode |= 0044;
  }
  return done == asked_for ? std::nullopt : std::optional(std::move(done));
}

std::vector<ChangeOutcome> PlantedHost::apply(const EngineSpec& spec, std::span<const Change> changes,
                                              unsigned first_number, const EffectMark& mark) {
  std::map<std::string, std::optional<SimulatedFile>> before;
  for (const Change& change : changes) before[change.before.path] = machine_.file(change.before.path);
  auto outcomes = under_.apply(spec, changes, first_number, mark);
  for (const Change& change : changes) {
    const std::string& path = change.before.path;
    const auto outcome = std::ranges::find_if(
        outcomes, [&](const ChangeOutcome& one) { return one.status == ChangeStatus::done && one.left.path == path; });
    const auto asked_for = machine_.file(path);
    if (outcome == outcomes.end() || !asked_for) continue;
    if (const auto done = done_instead(change, before.at(path), *asked_for)) {
      machine_.take_over(path, *done);
      lies_[path] = {*asked_for, *done, outcome->left};
    }
  }
  return outcomes;
}

const PlantedHost::Lie* PlantedHost::lie_of(const std::string& path) const {
  const auto lie = lies_.find(path);
  return lie != lies_.end() && machine_.file(path) == lie->second.done ? &lie->second : nullptr;
}

std::vector<UndoOutcome> PlantedHost::restore(const EngineSpec& spec, std::span<const Change> changes,
                                              unsigned first_number, std::span<const ChangeOutcome> outcomes,
                                              const EffectMark& mark) {
  for (const Change& change : changes) {
    if (const Lie* lie = lie_of(change.before.path)) machine_.take_over(change.before.path, lie->asked_for);
  }
  return under_.restore(spec, changes, first_number, outcomes, mark);
}

std::vector<std::string> PlantedHost::settle(const EngineSpec& spec, const SettleRequest& request) {
  if (planted_ != Planted::displaced_dropped) return under_.settle(spec, request);
  machine_.lose_images(request.heal_mark);
  return {};
}

ProbeResult PlantedHost::probe(const EngineSpec& spec, const Probe& probe, const EffectMark& mark) {
  ProbeResult result = under_.probe(spec, probe, mark);
  if (result.verdict == ProbeVerdict::unknown) {
    const bool is_test = mark.starts_with("test/");
    if (planted_ == Planted::unknown_counts && is_test) result.verdict = ProbeVerdict::fail;
  }
  const auto* process = std::get_if<ProcessProbe>(&probe.what);
  if (planted_ == Planted::number_counts && process != nullptr && number_is_used(process->pidfile))
    result.verdict = ProbeVerdict::pass;
  if (planted_ != Planted::judge_sees_nothing) return result;
  for (const auto& repair : spec.repair.env) {
    if (lie_of(repair.file) != nullptr) result.verdict = ProbeVerdict::pass;
  }
  for (const auto& repair : spec.repair.settings) {
    if (lie_of(repair.file) != nullptr) result.verdict = ProbeVerdict::pass;
  }
  return result;
}

bool PlantedHost::number_is_used(const std::string& pidfile) const {
  const auto pid = machine_.services.pid_in(pidfile);
  return pid && machine_.services.process(*pid);
}

ServiceStatus PlantedHost::service_status(const EngineSpec& spec, const ServiceRepair& service) {
  ServiceStatus status = under_.service_status(spec, service);
  if (planted_ == Planted::number_signalled && is_dead(status.state) && number_is_used(service.pidfile))
    status.state = ServiceState::running;
  return status;
}

Result<std::vector<HashFinding>> PlantedHost::hash(const EngineSpec& spec, const HashRequest& request) {
  auto found = under_.hash(spec, request);
  if (!found) return found;
  for (HashFinding& one : *found) {
    if (const Lie* lie = lie_of(one.path)) one.digest = lie->told.digest;
  }
  return found;
}

Result<std::vector<TargetFacts>> PlantedHost::look(const EngineSpec& spec, const std::vector<std::string>& paths) {
  auto seen = under_.look(spec, paths);
  if (!seen) return seen;
  for (TargetFacts& one : *seen) {
    if (const Lie* lie = lie_of(one.path)) one = lie->told;
  }
  return seen;
}

Result<std::string> PlantedHost::read(const EngineSpec& spec, const std::string& path) {
  if (const Lie* lie = lie_of(path)) return lie->asked_for.content;
  return under_.read(spec, path);
}

std::vector<FileInWriting> PlantedHost::being_written(const EngineSpec& spec, const std::vector<std::string>& paths,
                                                      const WritingQuestion& question) {
  const bool sees_nobody =
      planted_ == Planted::swapped_while_open || (planted_ == Planted::half_written_counts && question.gone_too);
  return sees_nobody ? std::vector<FileInWriting>() : under_.being_written(spec, paths, question);
}

}  // namespace autoheal::simulation
