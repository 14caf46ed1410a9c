#include "autoheal/workflows/plan/strategy.hpp"

#include <algorithm>

#include "autoheal/engine/base/contained.hpp"
#include "autoheal/workflows/plan/plan_secrets.hpp"
#include "autoheal/workflows/plan/repair_configuration.hpp"
#include "autoheal/workflows/plan/repair_deployment.hpp"
#include "autoheal/workflows/plan/repair_service.hpp"
#include "autoheal/workflows/plan/repair_state.hpp"

namespace autoheal::workflows {

Result<PlannedRepair> plan_repair(const PlanningInput& input) {
  if (input.observation.recovered) return PlannedRepair{};
  PlanDraft draft(input);
  begins_pure_part("repair_releases");
  AUTOHEAL_TRY(repair_releases(input, draft));
  begins_pure_part("repair_configuration");
  AUTOHEAL_TRY(repair_configuration(input, draft));
  begins_pure_part("plan_draft");
  auto finished = draft.finish();
  if (!finished) return finished;
  PlannedRepair planned = std::move(*finished);
  Plan& plan = planned.plan;
  const auto releases = std::ranges::count(plan.changes, ChangeKind::release, &Change::kind);
  begins_pure_part("repair_state");
  AUTOHEAL_TRY(add_state_changes(input, plan));
  const bool stopped = stop_for_state(input, plan);
  begins_pure_part("repair_deployment");
  AUTOHEAL_TRY(add_builds(input, static_cast<std::size_t>(releases), plan));
  add_platform_acts(input, plan);
  begins_pure_part("repair_service");
  add_acts(input, stopped, plan);
  begins_pure_part("hide_secrets");
  hide_secrets(input.spec, input.name_of_content, planned);
  return planned;
}

std::string_view action_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::arie:
      return "config_repaired";
    case Strategy::chimera:
      return "deployment_repaired";
    case Strategy::cascade:
      return "system_recovered";
    case Strategy::generic:
      break;
  }
  return "engine_reinitialized";
}

ObserveRequest what_to_observe(const EngineSpec& spec, unsigned attempt) {
  ObserveRequest request;
  request.attempt = attempt;
  const auto target = [&](const std::string& path, bool keep_content, bool recursive, bool digest_needed = true,
                          bool rights_only = false) {
    const bool keyed = naming_of_target(spec, path) == engine::BlobNaming::keyed;
    const auto known = std::ranges::find(request.targets, path, &ObserveRequest::Target::path);
    if (known == request.targets.end()) {
      request.targets.push_back({path, keep_content, keyed, recursive, digest_needed, rights_only});
    } else {
      known->digest_needed |= digest_needed;
      known->rights_only &= rights_only;
      known->keep_content |= keep_content;
      known->recursive |= recursive;
    }
  };
  request.owners.emplace_back();
  const auto owner = [&](const std::string& name) {
    if (std::ranges::find(request.owners, name) == request.owners.end()) request.owners.push_back(name);
  };
  const auto acl = [&](const std::optional<std::string>& declared) {
    if (!declared || *declared == acl_none || *declared == acl_keep) return;
    if (std::ranges::find(request.acls, *declared) == request.acls.end()) request.acls.push_back(*declared);
  };
  const RepairSpec& repair = spec.repair;
  for (const FileRepair& file : repair.files) {
    target(file.path, false, false);
    owner(file.owner);
    acl(file.acl);
  }
  for (const EnvRepair& env : repair.env) {
    target(env.file, true, false);
    for (const auto& [name, value] : env.set) {
      if (!value.from_file.empty()) request.secrets.emplace_back(secret_key(env.file, name), value.from_file);
    }
  }
  for (const SettingsRepair& settings : repair.settings) target(settings.file, true, false);
  for (const PolicyRepair& policy : repair.policy) {
    const bool reads = !policy.forbid.empty();
    target(policy.path, reads, policy.recursive, reads, !reads && !policy.absent);
    owner(policy.owner);
    acl(policy.acl);
  }
  for (const LinkRepair& link : repair.links) target(link.path, false, false, false);
  for (const ReleaseRepair& release : repair.release) target(release.link, false, false);
  for (const BuildRepair& build : repair.build) request.outputs.push_back(build.outputs);
  request.releases = repair.release;
  request.states = repair.state;
  owner(spec.certify.security.owner);
  return request;
}

Result<Contents> contents_of(const engine::BlobStore& blobs, const EngineSpec& spec, const Observation& observation) {
  std::vector<engine::BlobName> names;
  for (const auto& [path, name] : observation.contents) names.push_back(name);
  for (const auto& [key, name] : observation.secrets) names.push_back(name);
  for (const FileRepair& file : spec.repair.files) names.push_back(file.baseline);
  Contents contents;
  for (const engine::BlobName& name : names) {
    if (contents.contains(name)) continue;
    auto bytes = blobs.get(name);
    AUTOHEAL_TRY(bytes);
    contents.emplace(name, std::move(*bytes));
  }
  return contents;
}

}  // namespace autoheal::workflows
