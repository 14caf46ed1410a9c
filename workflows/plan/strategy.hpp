// The question every strategy answers: given the configuration and what was observed, which changes? Pure.
#pragma once

#include <string>
#include <vector>

#include "autoheal/workflows/plan/planning_input.hpp"

namespace autoheal::workflows {

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

}  // namespace autoheal::workflows
