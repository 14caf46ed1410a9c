#include "autoheal/workflows/plan/plan_draft.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/workflows/spec/access_list.hpp"

namespace autoheal::workflows {

namespace {

bool lies_below(std::string_view path, std::string_view folder) {
  return folder == "." || path == folder ||
         (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string listed(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string too_many_names(const TargetFacts& facts) {
  return fmt::format("has {} names (hard links): a repair would leave the others as they are", facts.links);
}

// Reports known obstacles before anything is touched.
Result<void> can_be_made(const Change& change, bool acl_is_declared) {
  const TargetFacts& before = change.before;
  const TargetAfter& after = change.after;
  const auto refuse = [&](const std::string& why) { return failure(ErrorKind::invalid, before.path + " " + why); };
  // A user who may write the folder may remove files of others and put their own in their place.
  const bool keeps_owner = before.kind == TargetKind::absent || is_in_place(change) ||
                           (after.kind != TargetKind::absent && after.uid == before.uid);
  if (!before.cannot_change.empty() && keeps_owner) return refuse(before.cannot_change);
  if (!is_in_place(change)) {
    if (!before.cannot_replace.empty()) return refuse(before.cannot_replace);
    if (before.kind == TargetKind::file && before.links > 1 && after.kind == TargetKind::file) {
      return refuse(too_many_names(before));
    }
  }
  if (before.kind != after.kind || acl_is_declared) return {};
  const auto widened = widened_by(before.acl, before.mode, after.mode);
  if (widened.empty()) return {};
  return refuse("has an access list, and the new mode would let those whom it names do more: " + listed(widened) +
                "; say what you want with `acl: keep`, `acl: none` or `acl: [entries]`");
}

}  // namespace

PlanDraft::PlanDraft(const PlanningInput& input) : input_(input) {
  for (const TargetFacts& facts : input.observation.targets) {
    Target& target = targets_[facts.path];
    target.facts = facts;
    target.after = {facts.kind, facts.digest,      facts.mode, facts.uid,
                    facts.gid,  facts.link_target, facts.acl,  facts.default_acl};
  }
}

Result<PlanDraft::Target*> PlanDraft::at(const std::string& path) {
  const auto found = targets_.find(path);
  if (found == targets_.end()) return failure(ErrorKind::invalid, path + " was not observed");
  return &found->second;
}

Result<PlanDraft::Target*> PlanDraft::file_at(const std::string& path, bool replace, FileMode new_mode) {
  const auto target = at(path);
  if (!target) return target;
  const TargetFacts& facts = (*target)->facts;
  TargetAfter& after = (*target)->after;
  const auto refuse = [&](const std::string& why) { return failure(ErrorKind::invalid, path + " " + why); };
  if (input_.by_earlier_rules && facts.kind == TargetKind::file && facts.links > 1)
    return refuse(too_many_names(facts));
  if (after.kind == TargetKind::file) return target;
  if (facts.kind != TargetKind::absent && !replace) {
    const bool odd = facts.kind == TargetKind::other || facts.kind == TargetKind::database;
    const std::string what = facts.kind == TargetKind::folder ? "is a folder, a file was declared"
                             : odd                            ? "is neither file, folder nor link"
                                                              : "is a symlink, a file was declared";
    return refuse(what + (input_.by_earlier_rules ? "" : "; with `replace: true` it gives way, and is kept"));
  }
  auto made = as_new(path, TargetKind::file, new_mode);
  AUTOHEAL_TRY(made);
  after = std::move(*made);
  (*target)->rewritten = true;
  (*target)->content.emplace();
  return target;
}

Result<void> PlanDraft::make_folders_above(const std::string& path) {
  const std::string folder = folder_of(path);
  const auto found = targets_.find(folder);
  if (found == targets_.end() || found->second.after.kind == TargetKind::folder) return {};
  const TargetKind kind = found->second.facts.kind;
  if (kind != TargetKind::absent) {
    return failure(ErrorKind::invalid,
                   fmt::format("{} is a {}, a folder is needed for {}: move it away", folder, name_of(kind), path));
  }
  auto made = as_new(folder, TargetKind::folder, 0);
  AUTOHEAL_TRY(made);
  Target& target = found->second;
  target.after = std::move(*made);
  made_folders_.insert(folder);
  touch(target, ChangeKind::files);
  return {};
}

Result<TargetAfter> PlanDraft::as_new(const std::string& path, TargetKind kind, FileMode mode) {
  AUTOHEAL_TRY(make_folders_above(path));
  const auto runner = owner("");
  AUTOHEAL_TRY(runner);
  TargetAfter after{kind, {}, mode, runner->first, runner->second, {}};
  const auto found = targets_.find(folder_of(path));
  const bool known = found != targets_.end() && found->second.after.kind == TargetKind::folder;
  if (!known) return after;
  const TargetAfter& folder = found->second.after;
  if ((folder.mode & 02000U) != 0) after.gid = folder.gid;
  if (kind == TargetKind::folder) {
    after.uid = folder.uid;
    after.gid = folder.gid;
    after.mode = mode_without_list(folder.mode, folder.acl);
    after.default_acl = folder.default_acl;
  }
  if (kind == TargetKind::link) return after;
  auto given = inherited(folder.default_acl, after.mode, false);
  after.acl = std::move(given.acl);
  after.mode = given.mode;
  return after;
}

void PlanDraft::set_mode(Target& target, FileMode mode) {
  target.after.mode = mode;
  target.mode_is_declared = true;
  const auto folder = targets_.find(folder_of(target.facts.path));
  if (target.facts.kind == target.after.kind || folder == targets_.end()) return;
  target.after.acl = inherited(folder->second.after.default_acl, mode, true).acl;
}

Result<void> PlanDraft::set_list(Target& target, const std::optional<std::string>& declared) {
  TargetAfter& after = target.after;
  if (!declared || after.kind == TargetKind::absent || after.kind == TargetKind::link) return {};
  target.acl_is_declared = true;
  if (*declared == acl_keep) return {};
  if (*declared == acl_none) {
    if (!target.mode_is_declared) after.mode = mode_without_list(after.mode, after.acl);
    after.acl.clear();
    return {};
  }
  const auto found = input_.observation.acls.find(*declared);
  if (found == input_.observation.acls.end())
    return failure(ErrorKind::invalid, fmt::format("{}: acl {} was not resolved", target.facts.path, *declared));
  const bool was_there = target.mode_is_declared && target.facts.kind == after.kind;
  const FileMode held =
      was_there ? mode_without_list(target.facts.mode, target.facts.acl) : mode_without_list(after.mode, after.acl);
  auto wanted = with_list(found->second, after.mode, held, target.mode_is_declared);
  if (target.mode_is_declared && wanted.mode != after.mode) {
    return failure(ErrorKind::invalid, target.facts.path +
                                           ": the mask of its `acl` is not what its `mode` gives to the "
                                           "group, and with a list these are the same bits: leave "
                                           "the mask out, or write both alike");
  }
  after.acl = std::move(wanted.acl);
  after.mode = wanted.mode;
  return {};
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
      return after.mode != before.mode || after.uid != before.uid || after.gid != before.gid || after.acl != before.acl;
  }
}

bool PlanDraft::lies_in_made_folder(const std::string& path) const {
  return std::ranges::any_of(made_folders_, [&](const std::string& folder) { return lies_below(path, folder); });
}

// A folder stands before what lies in it; releases stay the first.
std::vector<std::string> PlanDraft::in_order() const {
  std::vector<std::string> paths;
  const auto add = [&](bool release, bool in_made_folder) {
    for (const std::string& path : touched_) {
      const bool is_release = targets_.at(path).kind == ChangeKind::release;
      const bool is_made = made_folders_.contains(path);
      if (is_release == release && !is_made && (release || lies_in_made_folder(path) == in_made_folder))
        paths.push_back(path);
    }
  };
  add(true, false);
  paths.insert(paths.end(), made_folders_.begin(), made_folders_.end());
  add(false, true);
  add(false, false);
  return paths;
}

Result<PlannedRepair> PlanDraft::finish() {
  PlannedRepair planned;
  bool in_turn = false;
  for (const std::string& path : in_order()) {
    Target& target = targets_.at(path);
    if (target.rewritten && target.after.kind == TargetKind::file) {
      target.after.content = input_.name_of_content(*target.content, naming_of_target(input_.spec, path));
    }
    if (!differs(target)) continue;
    if (target.after.kind == TargetKind::absent) target.after = {TargetKind::absent, {}, 0, 0, 0, {}};
    Change change{target.kind, target.facts, target.after, target.validate, std::move(target.named)};
    AUTOHEAL_TRY(can_be_made(change, target.acl_is_declared));
    if (target.rewritten && target.after.kind == TargetKind::file) {
      planned.new_contents.emplace(target.after.content, std::move(*target.content));
    }
    const bool made = lies_in_made_folder(path);
    change.in_turn = made && in_turn;
    in_turn = made;
    change.before.cannot_change.clear();
    change.before.cannot_replace.clear();
    planned.plan.changes.push_back(std::move(change));
  }
  return planned;
}

}  // namespace autoheal::workflows
