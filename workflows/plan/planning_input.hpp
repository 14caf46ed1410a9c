// The input of a strategy, and the keys by which it finds things there.
#pragma once

#include <functional>
#include <string>
#include <vector>

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

// The key of a release or snapshot chosen for a target.
[[nodiscard]] std::string choice_key(const std::string& path, const std::string& name);

// How contents of this target are named: keyed for env files, whose plain digest would confirm a guess.
[[nodiscard]] engine::BlobNaming naming_of_target(const EngineSpec& spec, std::string_view path);
// The key of an env value in Observation::secrets.
[[nodiscard]] std::string secret_key(const std::string& file, const std::string& name);

}  // namespace autoheal::workflows
