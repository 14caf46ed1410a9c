// The question every strategy answers: given the configuration and what was observed, which changes? Pure.
#pragma once

#include <functional>

#include "autoheal/workflows/plan/plan.hpp"

namespace autoheal::workflows {

// Everything a strategy may look at besides the configuration. `contents` holds the bytes of every name in
// observation.contents, observation.secrets and of every baseline.
struct PlanningInput {
  const EngineSpec& spec;
  const Observation& observation;
  const Contents& contents;
  // Names new content as the vault will: plain, or keyed for env files.
  std::function<engine::BlobName(std::string_view content, engine::BlobNaming naming)> name_of_content;
  unsigned attempt = 1;
  bool last_attempt = false;
  std::vector<std::string> refused = {};  // choice_key() of releases and snapshots that did not help in this heal
  bool by_earlier_rules = false;          // of a heal from before changes in place: refused is what was refused then
  bool by_rules_before_states = false;    // of one from before states of services: what runs is reloaded if it can be
};

// How a release or snapshot chosen for a target is told from others.
[[nodiscard]] std::string choice_key(const std::string& path, const std::string& name);

// The plan in the contract's order: stop (only for state), release, build, files, env, settings, policy, links, state,
// platform, commands, service check, service.
// Targets that already are as declared give no change; nothing to change is a plan too. Fails (invalid) where the
// observed content cannot be edited: unparsable JSON, a folder where a file is declared, a hard link.
[[nodiscard]] Result<PlannedRepair> plan_repair(const PlanningInput& input);

// "config_repaired", "deployment_repaired", "system_recovered", "engine_reinitialized".
[[nodiscard]] std::string_view action_of(Strategy strategy);

// Paths whose facts the strategy needs, with what else to read; the observe effect reads exactly these.
struct ObserveRequest {
  struct Target {
    std::string path;
    bool keep_content = false;   // into the vault (what is edited)
    bool keyed = false;          // an env file
    bool recursive = false;      // everything below (policy)
    bool digest_needed = false;  // else it is no failure if the content cannot be read in peace
    bool rights_only = false;    // mode, owner and list alone: what is large is not read at all
  };
  std::vector<Target> targets;
  std::vector<std::vector<std::string>> outputs;  // of each build: globs; what they match is kept in the vault
  std::vector<ReleaseRepair> releases;
  std::vector<StateRepair> states;
  unsigned attempt = 1;             // later ones reach further back
  std::string mark;                 // of the effect, for what has to be run to look
  std::vector<std::string> owners;  // "user:group" to resolve; "" is who runs autoheal
  std::vector<std::string> acls;    // access lists as declared, to resolve
  std::vector<std::pair<std::string, std::string>>
      secrets;  // key as in Observation::secrets, absolute path of the file
};
[[nodiscard]] ObserveRequest what_to_observe(const EngineSpec& spec, unsigned attempt);

// The contents that planning needs, from the vault: what PlanningInput::contents holds.
[[nodiscard]] Result<Contents> contents_of(const engine::BlobStore& blobs, const EngineSpec& spec,
                                           const Observation& observation);

// How contents of this target are named: keyed for env files, whose plain digest would confirm a guess.
[[nodiscard]] engine::BlobNaming naming_of_target(const EngineSpec& spec, std::string_view path);
// The key of an env value in Observation::secrets.
[[nodiscard]] std::string secret_key(const std::string& file, const std::string& name);

}  // namespace autoheal::workflows
