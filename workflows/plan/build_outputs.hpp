// Takes back the outputs of a build. They are known by patterns alone, so the changes that undo them are made from the
// state before and after. Pure.
#pragma once

#include <string>
#include <vector>

#include "autoheal/workflows/plan/plan.hpp"

namespace autoheal::workflows {

// Why these outputs are not what the build should leave, or empty: each pattern must match a file, a digest must be
// met.
[[nodiscard]] std::string problem_of_build(const Act& build, const std::vector<TargetFacts>& built);

// Changes in the form of a plan, with their outcomes, for Host::restore to undo.
struct BuildUndo {
  std::vector<Change> changes;
  std::vector<ChangeOutcome> outcomes;
};
[[nodiscard]] BuildUndo undo_of_build(const std::vector<TargetFacts>& before, const std::vector<TargetFacts>& built);

}  // namespace autoheal::workflows
