#include "workflows/repair_configuration.hpp"

#include <algorithm>
#include <iterator>

#include "workflows/env_edit.hpp"
#include "workflows/security_rules.hpp"
#include "workflows/settings_edit.hpp"

namespace autoheal::workflows {

namespace {

constexpr FileMode new_env_file_mode = 0600;

using Done = Result<void>;

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
  const auto target = draft.file_at(file.path);
  if (!target) return std::unexpected(target.error());
  const auto baseline = input.contents.find(file.baseline);
  if (baseline == input.contents.end()) return failure(ErrorKind::invalid, file.path + ": its baseline was not read");
  draft.touch(**target, ChangeKind::files);
  draft.rewrite(**target, baseline->second);
  (*target)->validate = file.validate;
  if (file.mode) (*target)->after.mode = *file.mode;
  return set_owner(draft, **target, file.owner);
}

Result<std::string> value_of(const PlanningInput& input, const EnvRepair& env, const std::string& name,
                             const EnvValue& value) {
  if (value.from_file.empty()) return value.literal;
  const auto secret = input.observation.secrets.find(secret_key(env.file, name));
  const auto bytes =
      secret == input.observation.secrets.end() ? input.contents.end() : input.contents.find(secret->second);
  if (bytes == input.contents.end())
    return failure(ErrorKind::invalid, name + ": " + value.from_file + " was not read");
  return bytes->second;
}

Done repair(const PlanningInput& input, PlanDraft& draft, const EnvRepair& env) {
  const auto target = draft.file_at(env.file);
  if (!target) return std::unexpected(target.error());
  draft.touch(**target, ChangeKind::env);
  const auto text = draft.content_of(**target);
  if (!text) return std::unexpected(text.error());
  if ((*target)->facts.kind == TargetKind::absent) (*target)->after.mode = new_env_file_mode;
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
  const auto target = draft.file_at(settings.file);
  if (!target) return std::unexpected(target.error());
  if ((*target)->facts.kind == TargetKind::absent && (*target)->content && (*target)->content->empty()) {
    return failure(ErrorKind::invalid,
                   settings.file + " is missing: settings edit a file that is there; `files` restores one");
  }
  draft.touch(**target, ChangeKind::settings);
  auto text = draft.content_of(**target);
  if (!text) return std::unexpected(std::move(text.error()));
  for (const auto& [pointer, value] : settings.set) {
    auto changed = set_setting(*text, settings_format_of(settings.file), pointer, value);
    if (!changed) return in(settings.file, changed.error());
    if (*changed != *text) (*target)->named.push_back(pointer);
    *text = std::move(*changed);
  }
  draft.rewrite(**target, std::move(*text));
  return {};
}

Done hold_to_policy(PlanDraft& draft, const PolicyRepair& policy, const std::string& path) {
  const auto target = draft.at(path);
  if (!target) return std::unexpected(target.error());
  TargetAfter& after = (*target)->after;
  if (after.kind == TargetKind::absent) return {};
  if (after.kind == TargetKind::other) return failure(ErrorKind::invalid, path + " is neither file, folder nor link");
  draft.touch(**target, ChangeKind::policy);
  if (after.kind == TargetKind::link) return {};  // has no mode of its own; nothing it points to is touched
  if (policy.max_mode) after.mode = mode_within(after.mode, *policy.max_mode, after.kind);
  if (auto owned = set_owner(draft, **target, policy.owner); !owned) return owned;
  const TargetFacts& facts = (*target)->facts;
  const bool as_it_was = after.mode == facts.mode && after.uid == facts.uid && after.gid == facts.gid;
  if (facts.kind == TargetKind::file && facts.links > 1 && !as_it_was) {
    if (const auto file = draft.file_at(path); !file) return std::unexpected(file.error());
  }
  if (policy.forbid.empty() || after.kind != TargetKind::file) return {};
  const auto text = draft.content_of(**target);
  if (!text) return std::unexpected(text.error());
  auto kept = without_forbidden_lines(*text, policy.forbid);
  if (!kept) return in(path, kept.error());
  if (*kept == *text) return {};
  if (const auto file = draft.file_at(path); !file) return std::unexpected(file.error());
  draft.rewrite(**target, std::move(*kept));
  return {};
}

Done repair(const PlanningInput&, PlanDraft& draft, const PolicyRepair& policy) {
  const auto target = draft.at(policy.path);
  if (!target) return std::unexpected(target.error());
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
    if (auto held = hold_to_policy(draft, policy, path); !held) return held;
  }
  return {};
}

Done repair(const PlanningInput&, PlanDraft& draft, const LinkRepair& link) {
  const auto target = draft.at(link.path);
  if (!target) return std::unexpected(target.error());
  const TargetFacts& facts = (*target)->facts;
  if (facts.kind != TargetKind::absent && facts.kind != TargetKind::link) {
    return failure(ErrorKind::invalid,
                   link.path + " is a " + std::string(name_of(facts.kind)) + ", a link was declared");
  }
  draft.touch(**target, ChangeKind::links);
  if (facts.kind == TargetKind::absent) {
    const auto runner = draft.owner("");
    if (!runner) return std::unexpected(runner.error());
    (*target)->after = {TargetKind::link, {}, 0777, runner->first, runner->second, link.target};
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
