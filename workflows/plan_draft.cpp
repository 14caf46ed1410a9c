#include "workflows/plan_draft.hpp"

#include <algorithm>

namespace autoheal::workflows {

namespace {

constexpr FileMode new_file_mode = 0644;

bool lies_below(std::string_view path, std::string_view folder) {
  return folder == "." || path == folder ||
         (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

}  // namespace

PlanDraft::PlanDraft(const PlanningInput& input) : input_(input) {
  for (const TargetFacts& facts : input.observation.targets) {
    Target& target = targets_[facts.path];
    target.facts = facts;
    target.after = {facts.kind, facts.digest, facts.mode, facts.uid, facts.gid, facts.link_target};
  }
}

Result<PlanDraft::Target*> PlanDraft::at(const std::string& path) {
  const auto found = targets_.find(path);
  if (found == targets_.end()) return failure(ErrorKind::invalid, path + " was not observed");
  return &found->second;
}

Result<PlanDraft::Target*> PlanDraft::file_at(const std::string& path) {
  const auto target = at(path);
  if (!target) return target;
  const TargetFacts& facts = (*target)->facts;
  const auto refuse = [&](const std::string& why) { return failure(ErrorKind::invalid, path + " " + why); };
  switch (facts.kind) {
    case TargetKind::absent:
      break;
    case TargetKind::file:
      if (facts.links > 1) {
        return refuse("has " + std::to_string(facts.links) +
                      " names (hard links): a repair would leave the others as they are");
      }
      break;
    case TargetKind::folder:
      return refuse("is a folder, a file was declared");
    case TargetKind::link:
      return refuse("is a symlink, a file was declared");
    case TargetKind::other:
    case TargetKind::database:
      return refuse("is neither file, folder nor link");
  }
  TargetAfter& after = (*target)->after;
  if (after.kind != TargetKind::file) {
    const auto runner = owner("");
    if (!runner) return std::unexpected(runner.error());
    after = {TargetKind::file, {}, new_file_mode, runner->first, runner->second, {}};
    (*target)->rewritten = true;
    (*target)->content.emplace();
  }
  return target;
}

std::vector<std::string> PlanDraft::below(const std::string& path) const {
  std::vector<std::string> paths;
  for (const auto& [name, target] : targets_) {
    if (lies_below(name, path)) paths.push_back(name);
  }
  return paths;
}

Result<std::string> PlanDraft::content_of(const Target& target) const {
  if (target.content) return *target.content;
  if (target.after.kind != TargetKind::file) return std::string();
  const auto name = input_.observation.contents.find(target.facts.path);
  const auto bytes =
      name == input_.observation.contents.end() ? input_.contents.end() : input_.contents.find(name->second);
  if (bytes == input_.contents.end())
    return failure(ErrorKind::invalid, target.facts.path + ": its content was not read");
  return bytes->second;
}

void PlanDraft::rewrite(Target& target, std::string content) {
  target.content = std::move(content);
  target.rewritten = true;
}

Result<std::pair<std::uint32_t, std::uint32_t>> PlanDraft::owner(const std::string& name) const {
  const auto found = input_.observation.owners.find(name);
  if (found == input_.observation.owners.end()) {
    return failure(ErrorKind::invalid, "owner " + name + ": no such user or group on this machine");
  }
  return found->second;
}

void PlanDraft::touch(Target& target, ChangeKind kind) {
  if (std::ranges::find(touched_, target.facts.path) != touched_.end()) return;
  target.kind = kind;
  touched_.push_back(target.facts.path);
}

bool PlanDraft::differs(Target& target) const {
  TargetAfter& after = target.after;
  const TargetFacts& before = target.facts;
  if (after.kind != before.kind) return true;
  switch (after.kind) {
    case TargetKind::absent:
      return false;
    case TargetKind::link:
      return after.link_target != before.link_target || after.uid != before.uid || after.gid != before.gid;
    case TargetKind::file:
      if (after.content != before.digest) return true;
      [[fallthrough]];
    default:
      return after.mode != before.mode || after.uid != before.uid || after.gid != before.gid;
  }
}

PlannedRepair PlanDraft::finish() {
  PlannedRepair planned;
  for (const std::string& path : touched_) {
    Target& target = targets_.at(path);
    if (target.rewritten && target.after.kind == TargetKind::file) {
      target.after.content = input_.name_of_content(*target.content, naming_of_target(input_.spec, path));
    }
    if (!differs(target)) continue;
    if (target.rewritten && target.after.kind == TargetKind::file) {
      planned.new_contents.emplace(target.after.content, std::move(*target.content));
    }
    if (target.after.kind == TargetKind::absent) target.after = {TargetKind::absent, {}, 0, 0, 0, {}};
    planned.plan.changes.push_back({target.kind, target.facts, target.after, target.validate, std::move(target.named)});
  }
  return planned;
}

}  // namespace autoheal::workflows
