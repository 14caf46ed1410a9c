#include "autoheal/workflows/plan/repair_configuration.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "autoheal/workflows/edit/settings_edit.hpp"
#include "autoheal/workflows/plan/env_edit.hpp"
#include "autoheal/workflows/plan/security_rules.hpp"

namespace autoheal::workflows {

namespace {

constexpr FileMode new_file_mode = 0644;
constexpr FileMode new_env_file_mode = 0600;

using Done = Result<void>;

bool is_new(const PlanDraft::Target& target) { return target.facts.kind != target.after.kind; }

Done in(const std::string& path, Error error) {
  error.message = path + ": " + error.message;
  return std::unexpected(std::move(error));
}

Done set_owner(PlanDraft& draft, PlanDraft::Target& target, const std::string& name) {
  if (name.empty()) return {};
  const auto ids = draft.owner(name);
  if (!ids) return in(target.facts.path, ids.error());
  target.after.uid = ids->first;
  target.after.gid = ids->second;
  return {};
}

Done repair(const PlanningInput& input, PlanDraft& draft, const FileRepair& file) {
  const FileMode new_mode = new_file_mode & file.baseline_mode.value_or(new_file_mode);
  const auto target = draft.file_at(file.path, file.replace, new_mode);
  AUTOHEAL_TRY(target);
  const auto baseline = input.contents.find(file.baseline);
  if (baseline == input.contents.end()) return failure(ErrorKind::invalid, file.path + ": its baseline was not read");
  draft.touch(**target, ChangeKind::files);
  draft.rewrite(**target, baseline->second);
  (*target)->validate = file.validate;
  if (file.mode) draft.set_mode(**target, *file.mode);
  if (auto owned = set_owner(draft, **target, file.owner); !owned) return owned;
  return draft.set_list(**target, file.acl);
}

Result<std::string> value_of(const PlanningInput& input, const EnvRepair& env, const std::string& name,
                             const EnvValue& value) {
  if (value.from_file.empty()) return value.literal;
  const auto secret = input.observation.secrets.find(secret_key(env.file, name));
  const auto bytes =
      secret == input.observation.secrets.end() ? input.contents.end() : input.contents.find(secret->second);
  if (bytes == input.contents.end())
    return failure(ErrorKind::invalid, fmt::format("{}: {} was not read", name, value.from_file));
  return bytes->second;
}

Done repair(const PlanningInput& input, PlanDraft& draft, const EnvRepair& env) {
  const auto target = draft.file_at(env.file, env.replace, new_env_file_mode);
  AUTOHEAL_TRY(target);
  draft.touch(**target, ChangeKind::env);
  const auto text = draft.content_of(**target);
  AUTOHEAL_TRY(text);
  if (is_new(**target) && (input.by_earlier_rules || !(*target)->mode_is_declared))
    (*target)->after.mode = new_env_file_mode & (input.by_earlier_rules ? new_env_file_mode : (*target)->after.mode);
  EnvDeclaration wanted{{}, env.unset, env.require, env.dialect};
  for (const auto& [name, declared] : env.set) {
    auto value = value_of(input, env, name, declared);
    if (!value) return in(env.file, value.error());
    wanted.set.emplace_back(name, std::move(*value));
  }
  auto edited = edit_env(*text, wanted);
  if (!edited) return in(env.file, edited.error());
  std::ranges::move(edited->changed, std::back_inserter((*target)->named));
  draft.rewrite(**target, std::move(edited->text));
  return {};
}

Done repair(const PlanningInput&, PlanDraft& draft, const SettingsRepair& settings) {
  const auto target = draft.file_at(settings.file, settings.replace, new_file_mode);
  AUTOHEAL_TRY(target);
  if (is_new(**target) && (*target)->content && (*target)->content->empty()) {
    const bool is_absent = (*target)->facts.kind == TargetKind::absent;
    return failure(ErrorKind::invalid, settings.file + (is_absent ? " is missing" : " is no file") +
                                           ": settings edit a file that is there; `files` restores one");
  }
  draft.touch(**target, ChangeKind::settings);
  auto text = draft.content_of(**target);
  AUTOHEAL_TRY(text);
  auto edited = set_settings(*text, settings_format_of(settings.file), settings.set);
  if (!edited) return in(settings.file, edited.error());
  for (std::string& pointer : edited->changed) (*target)->named.push_back(std::move(pointer));
  draft.rewrite(**target, std::move(edited->text));
  return {};
}

Done hold_to_policy(const PlanningInput& input, PlanDraft& draft, const PolicyRepair& policy, const std::string& path) {
  const auto target = draft.at(path);
  AUTOHEAL_TRY(target);
  TargetAfter& after = (*target)->after;
  if (after.kind == TargetKind::absent) return {};
  if (after.kind == TargetKind::other && input.by_earlier_rules)
    return failure(ErrorKind::invalid, path + " is neither file, folder nor link");
  draft.touch(**target, ChangeKind::policy);
  if (after.kind == TargetKind::link) return {};  // has no mode of its own; nothing it points to is touched
  if (auto listed = draft.set_list(**target, policy.acl); !listed) return listed;
  if (policy.max_mode) after.mode = mode_within(after.mode, *policy.max_mode, after.kind);
  if (auto owned = set_owner(draft, **target, policy.owner); !owned) return owned;
  const TargetFacts& facts = (*target)->facts;
  const bool as_it_was = after.mode == facts.mode && after.uid == facts.uid && after.gid == facts.gid;
  if (input.by_earlier_rules && !as_it_was && after.kind == TargetKind::file) {
    AUTOHEAL_TRY(draft.file_at(path, false, after.mode));
  }
  if (policy.forbid.empty() || after.kind != TargetKind::file) return {};
  const auto text = draft.content_of(**target);
  AUTOHEAL_TRY(text);
  auto kept = without_forbidden_lines(*text, policy.forbid);
  if (!kept) return in(path, kept.error());
  if (*kept == *text) return {};
  draft.rewrite(**target, std::move(*kept));
  return {};
}

Done repair(const PlanningInput& input, PlanDraft& draft, const PolicyRepair& policy) {
  const auto target = draft.at(policy.path);
  AUTOHEAL_TRY(target);
  if (policy.absent) {
    if ((*target)->facts.kind == TargetKind::folder) {
      return failure(ErrorKind::invalid, policy.path + " is a folder: `absent` removes files and links only");
    }
    if ((*target)->after.kind == TargetKind::absent) return {};
    draft.touch(**target, ChangeKind::policy);
    (*target)->after = {TargetKind::absent, {}, 0, 0, 0, {}};
    return {};
  }
  const auto paths = policy.recursive ? draft.below(policy.path) : std::vector<std::string>{policy.path};
  for (const std::string& path : paths) {
    if (auto held = hold_to_policy(input, draft, policy, path); !held) return held;
  }
  return {};
}

Done repair(const PlanningInput& input, PlanDraft& draft, const LinkRepair& link) {
  const auto target = draft.at(link.path);
  AUTOHEAL_TRY(target);
  const TargetFacts& facts = (*target)->facts;
  // An editor that writes a new file over a link leaves a plain file: that is drift of the link, and nobody's kind of
  // thing. Anything else in its place was put there.
  const bool gives_way = !input.by_earlier_rules && (facts.kind == TargetKind::file || link.replace);
  if (facts.kind != TargetKind::absent && facts.kind != TargetKind::link && !gives_way) {
    const bool odd = facts.kind == TargetKind::other || facts.kind == TargetKind::database;
    const bool plainly = odd && !input.by_earlier_rules;
    const std::string what = plainly ? "is neither file, folder nor link" : "is a " + std::string(name_of(facts.kind));
    return failure(ErrorKind::invalid,
                   fmt::format("{} {}, a link was declared{}", link.path, what,
                               input.by_earlier_rules ? "" : "; with `replace: true` it gives way, and is kept"));
  }
  draft.touch(**target, ChangeKind::links);
  if ((*target)->after.kind != TargetKind::link) {
    auto made = draft.as_new(link.path, TargetKind::link, 0777);
    AUTOHEAL_TRY(made);
    (*target)->after = std::move(*made);
  }
  (*target)->after.link_target = link.target;
  return {};
}

template <class Repairs>
Done repair_all(const PlanningInput& input, PlanDraft& draft, const Repairs& repairs) {
  for (const auto& one : repairs) {
    if (auto done = repair(input, draft, one); !done) return done;
  }
  return {};
}

}  // namespace

Result<void> repair_configuration(const PlanningInput& input, PlanDraft& draft) {
  const RepairSpec& wanted = input.spec.repair;
  if (auto done = repair_all(input, draft, wanted.files); !done) return done;
  if (auto done = repair_all(input, draft, wanted.env); !done) return done;
  if (auto done = repair_all(input, draft, wanted.settings); !done) return done;
  if (auto done = repair_all(input, draft, wanted.policy); !done) return done;
  return repair_all(input, draft, wanted.links);
}

}  // namespace autoheal::workflows
