// The targets of a plan while it is made: several repairs of one target fold into one change, so that what it replaces
// is what was observed and what it leaves is what all of them together want.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "workflows/strategy.hpp"

namespace autoheal::workflows {

class PlanDraft {
 public:
  struct Target {
    TargetFacts facts;                   // as observed
    TargetAfter after;                   // as it shall be; starts as observed
    std::optional<std::string> content;  // once it was needed
    bool rewritten = false;
    ChangeKind kind = ChangeKind::files;
    std::optional<ProgramRun> validate;
    std::vector<std::string> named;
  };

  explicit PlanDraft(const PlanningInput& input);

  // The target at `path`; invalid if it was not observed.
  [[nodiscard]] Result<Target*> at(const std::string& path);
  // The same, for a repair that writes a file's bytes: a folder, a link, something odd or a file with several names is
  // refused, since a rewrite would not mean what it says.
  [[nodiscard]] Result<Target*> file_at(const std::string& path);
  // Paths of all targets at and below `path`, in order.
  [[nodiscard]] std::vector<std::string> below(const std::string& path) const;

  // The bytes of a file as they shall be so far; empty where it is new.
  [[nodiscard]] Result<std::string> content_of(const Target& target) const;
  void rewrite(Target& target, std::string content);
  // Gives ids of "user:group", or of who runs autoheal for "".
  [[nodiscard]] Result<std::pair<std::uint32_t, std::uint32_t>> owner(const std::string& name) const;
  // Marks that `kind` has a say in this target; the first one names the change.
  void touch(Target& target, ChangeKind kind);

  // Every target that shall be other than it was observed, in the order in which repairs touched them.
  [[nodiscard]] PlannedRepair finish();

 private:
  [[nodiscard]] bool differs(Target& target) const;

  const PlanningInput& input_;
  std::map<std::string, Target> targets_;
  std::vector<std::string> touched_;
};

}  // namespace autoheal::workflows
