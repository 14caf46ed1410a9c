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

// Changes as they would stand in a plan, with their outcomes: to be undone by Host::restore.
struct BuildUndo {
  std::vector<Change> changes;
  std::vector<ChangeOutcome> outcomes;
};
[[nodiscard]] BuildUndo undo_of_build(const std::vector<TargetFacts>& before, const std::vector<TargetFacts>& built);

}  // namespace autoheal::workflows
