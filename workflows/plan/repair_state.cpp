#include "autoheal/workflows/plan/repair_state.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace autoheal::workflows {

namespace {

constexpr FileMode new_database_mode = 0640;

const TargetFacts* observed(const PlanningInput& input, const std::string& path) {
  const auto found = std::ranges::find(input.observation.targets, path, &TargetFacts::path);
  return found == input.observation.targets.end() ? nullptr : &*found;
}

std::string age_text(Duration age) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(age).count();
  return minutes < 120 ? std::to_string(minutes) + " minutes" : std::to_string(minutes / 60) + " hours";
}

std::string problem_of(const PlanningInput& input, const StateRepair& state, const SnapshotFacts& snapshot) {
  if (!snapshot.problem.empty()) return snapshot.problem;
  if (std::ranges::find(input.refused, choice_key(state.path, snapshot.name)) != input.refused.end())
    return "did not help before";
  if (state.max_age && snapshot.age > *state.max_age)
    return "is " + age_text(snapshot.age) + " old, older than max_age allows";
  return {};
}

Result<const SnapshotFacts*> choose(const PlanningInput& input, const StateRepair& state, const StateFacts& facts) {
  std::string reasons;
  for (const SnapshotFacts& snapshot : facts.snapshots) {
    const std::string problem = problem_of(input, state, snapshot);
    if (problem.empty()) return &snapshot;
    reasons += (reasons.empty() ? ": " : "; ") + snapshot.name + " " + problem;
  }
  return failure(ErrorKind::invalid, state.path + ": no snapshot can be restored" +
                                         (reasons.empty() ? ": there is none in " + state.snapshot : reasons));
}

// The existing data may be right: the first of several attempts starts a dead service and leaves sound data alone.
bool may_be_right(const PlanningInput& input, const TargetFacts& target) {
  const bool sound = target.kind == TargetKind::database || target.kind == TargetKind::folder;
  return sound && input.attempt == 1 && !input.last_attempt && input.spec.repair.service &&
         !input.observation.service_running;
}

TargetAfter as_new(const PlanningInput& input, TargetKind kind, const SnapshotFacts& snapshot, FileMode mode) {
  const auto runner = input.observation.owners.find("");
  const auto ids = runner == input.observation.owners.end() ? std::pair(0U, 0U) : runner->second;
  return {kind, snapshot.content, mode, ids.first, ids.second, {}};
}

void add_swap(const PlanningInput& input, Change change, const SnapshotFacts& snapshot, Plan& plan) {
  const std::string& path = change.before.path;
  change.alone = true;
  for (const char* ending : {"-wal", "-shm"}) {
    const TargetFacts* beside = observed(input, path + ending);
    if (beside == nullptr || beside->kind == TargetKind::absent) continue;
    Change away = change;
    away.before = *beside;
    away.after = {TargetKind::absent, {}, 0, 0, 0, {}};
    plan.changes.push_back(std::move(away));
    change.in_turn = true;
  }
  change.after = {TargetKind::file, snapshot.content, change.before.mode, change.before.uid, change.before.gid, {},
                  change.before.acl};
  if (change.before.kind == TargetKind::absent)
    change.after = as_new(input, TargetKind::file, snapshot, new_database_mode);
  plan.changes.push_back(std::move(change));
}

Result<void> restore(const PlanningInput& input, const StateRepair& state, Plan& plan) {
  const TargetFacts* target = observed(input, state.path);
  const auto facts = input.observation.states.find(state.path);
  if (target == nullptr || facts == input.observation.states.end())
    return failure(ErrorKind::invalid, state.path + " was not observed");
  if (may_be_right(input, *target)) return {};
  const auto snapshot = choose(input, state, facts->second);
  AUTOHEAL_TRY(snapshot);
  const bool of_folder = (*snapshot)->page_size == 0;
  const bool fits = target->kind == TargetKind::absent || (target->kind == TargetKind::folder) == of_folder;
  if (!fits || target->kind == TargetKind::link || target->kind == TargetKind::other) {
    return failure(ErrorKind::invalid,
                   fmt::format("{} is a {}, the snapshot {} one of a {}", state.path, name_of(target->kind),
                               (*snapshot)->name, of_folder ? "folder" : "database"));
  }
  if (target->kind != TargetKind::absent && target->digest == (*snapshot)->content) return {};
  Change change;
  change.kind = ChangeKind::state;
  change.before = *target;
  change.named = {(*snapshot)->name};
  change.timeout = state.timeout;
  change.used_by_service = input.spec.repair.service.has_value();
  if (!of_folder && target->kind != TargetKind::database) {
    add_swap(input, std::move(change), **snapshot, plan);
    return {};
  }
  change.after = {of_folder ? TargetKind::folder : TargetKind::database,
                  (*snapshot)->content,
                  target->mode,
                  target->uid,
                  target->gid,
                  {},
                  target->acl,
                  target->default_acl};
  if (target->kind == TargetKind::absent)
    change.after = as_new(input, TargetKind::folder, **snapshot, (*snapshot)->mode);
  plan.changes.push_back(std::move(change));
  return {};
}

}  // namespace

Result<void> add_state_changes(const PlanningInput& input, Plan& plan) {
  for (const StateRepair& state : input.spec.repair.state) {
    if (auto done = restore(input, state, plan); !done) return done;
  }
  return {};
}

}  // namespace autoheal::workflows
