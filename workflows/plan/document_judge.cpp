#include "autoheal/workflows/plan/document_judge.hpp"

#include <algorithm>

#include "autoheal/workflows/judge/env_judge.hpp"
#include "autoheal/workflows/judge/settings_judge.hpp"
#include "autoheal/workflows/plan/security_rules.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::workflows {

namespace {

Result<std::string> content_named(const Contents& contents, const BlobName& name, const std::string& what) {
  const auto found = contents.find(name);
  if (found == contents.end()) return failure(ErrorKind::invalid, what + " was not read");
  return found->second;
}

// The editor's input: the file that was found, or the baseline that is put in its place first.
Result<std::string> content_before(const EngineSpec& spec, const std::string& path, const Observation& observation,
                                   const Contents& contents) {
  for (const FileRepair& file : spec.repair.files) {
    if (file.path == path) return content_named(contents, file.baseline, "its baseline");
  }
  const auto facts = std::ranges::find(observation.targets, path, &TargetFacts::path);
  if (facts != observation.targets.end() && facts->kind == TargetKind::absent) return std::string();
  const auto name = observation.contents.find(path);
  return content_named(contents, name == observation.contents.end() ? BlobName() : name->second, "its content");
}

// Lines that a policy takes out are its doing, not the editor's.
Result<std::string> without_lines_of_policies(const EngineSpec& spec, const std::string& path, std::string content) {
  for (const PolicyRepair& policy : spec.repair.policy) {
    const bool below = policy.recursive && (policy.path == "." || path.starts_with(policy.path + "/"));
    if (policy.absent || policy.forbid.empty() || (policy.path != path && !below)) continue;
    auto kept = without_forbidden_lines(content, policy.forbid);
    if (!kept) return kept;
    content = std::move(*kept);
  }
  return content;
}

std::string reasons_in_words(const std::vector<std::string>& reasons) {
  std::string text;
  for (const std::string& reason : reasons) text += (text.empty() ? "" : "; ") + reason;
  return text;
}

void declare_set(EnvDeclaration& into, const EnvRepair& env, const std::string& name, std::string value) {
  std::erase_if(into.set, [&](const auto& one) { return one.first == name; });
  std::erase(into.unset, name);
  if (std::ranges::find(env.unset, name) == env.unset.end()) into.set.emplace_back(name, std::move(value));
}

Result<std::string> problem_of_env(const EngineSpec& spec, const std::string& path, const Observation& observation,
                                   const Contents& contents, const std::string& after) {
  auto before = content_before(spec, path, observation, contents);
  if (before) before = without_lines_of_policies(spec, path, std::move(*before));
  if (!before) return before;
  const auto declared = declaration_of(spec, path, observation, contents);
  AUTOHEAL_TRY(declared);
  return reasons_in_words(judge_env(*before, after, *declared));
}

// All repairs that name the file; where two set the same pointer the later one counts, as for the editor.
std::vector<std::pair<std::string, std::string>> settings_of(const EngineSpec& spec, const std::string& path) {
  std::vector<std::pair<std::string, std::string>> set;
  for (const SettingsRepair& settings : spec.repair.settings) {
    if (settings.file != path) continue;
    for (const auto& one : settings.set) {
      std::erase_if(set, [&](const auto& earlier) { return earlier.first == one.first; });
      set.push_back(one);
    }
  }
  return set;
}

Result<std::string> problem_of_settings(const EngineSpec& spec, const std::string& path, const Observation& observation,
                                        const Contents& contents, const std::string& after) {
  auto before = content_before(spec, path, observation, contents);
  if (before) before = without_lines_of_policies(spec, path, std::move(*before));
  if (!before) return before;
  return reasons_in_words(judge_settings(*before, after, settings_format_of(path), settings_of(spec, path)));
}

bool is_env(const EngineSpec& spec, const std::string& path) {
  return std::ranges::find(spec.repair.env, path, &EnvRepair::file) != spec.repair.env.end();
}

}  // namespace

Result<EnvDeclaration> declaration_of(const EngineSpec& spec, const std::string& file, const Observation& observation,
                                      const Contents& contents) {
  EnvDeclaration declared;
  for (const EnvRepair& env : spec.repair.env) {
    if (env.file != file) continue;
    if (declared.dialect.empty()) declared.dialect = env.dialect;
    for (const auto& [name, value] : env.set) {
      if (value.from_file.empty()) {
        declare_set(declared, env, name, value.literal);
        continue;
      }
      const auto secret = observation.secrets.find(secret_key(file, name));
      auto bytes = content_named(contents, secret == observation.secrets.end() ? BlobName() : secret->second,
                                 name + ": " + value.from_file);
      AUTOHEAL_TRY(bytes);
      declare_set(declared, env, name, std::move(*bytes));
    }
    for (const std::string& name : env.unset) {
      std::erase_if(declared.set, [&](const auto& one) { return one.first == name; });
      if (std::ranges::find(declared.unset, name) == declared.unset.end()) declared.unset.push_back(name);
    }
    declared.require.insert(declared.require.end(), env.require.begin(), env.require.end());
  }
  return declared;
}

std::vector<std::string> judged_documents(const EngineSpec& spec) {
  std::vector<std::string> paths;
  const auto add = [&](const std::string& path) {
    if (std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
  };
  for (const EnvRepair& env : spec.repair.env) add(env.file);
  for (const SettingsRepair& settings : spec.repair.settings) add(settings.file);
  return paths;
}

std::vector<DocumentFinding> judge_documents(const EngineSpec& spec, const Observation& observation,
                                             const Contents& contents, const ContentOf& now) {
  std::vector<DocumentFinding> findings;
  for (const std::string& path : judged_documents(spec)) {
    DocumentFinding& finding = findings.emplace_back(DocumentFinding{path, {}});
    const auto after = now(path);
    if (!after) {
      finding.problem = after.error().message;
      continue;
    }
    const auto problem = is_env(spec, path) ? problem_of_env(spec, path, observation, contents, *after)
                                            : problem_of_settings(spec, path, observation, contents, *after);
    finding.problem = problem ? *problem : problem.error().message;
  }
  return findings;
}

}  // namespace autoheal::workflows
