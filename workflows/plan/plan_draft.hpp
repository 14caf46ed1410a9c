// The targets of a plan while it is made: several repairs of one target fold into one change, so that what it replaces
// is what was observed and what it leaves is what all of them together want.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "autoheal/workflows/plan/planning_input.hpp"

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
    bool mode_is_declared = false;
    bool acl_is_declared = false;  // who is named there may get more than before
  };

  explicit PlanDraft(const PlanningInput& input);

  // The target at `path`; invalid if it was not observed.
  [[nodiscard]] Result<Target*> at(const std::string& path);
  // The same, for a repair that writes a file's bytes: what is not there is new, with the folders above it; a folder, a
  // link or something odd is refused, unless `replace` lets it give way. `new_mode` is of one that is new.
  [[nodiscard]] Result<Target*> file_at(const std::string& path, bool replace, FileMode new_mode);
  // Rights of something new at `path`, as the folder gives them to what is made in it; the folders above it are made
  // where they are missing.
  [[nodiscard]] Result<TargetAfter> as_new(const std::string& path, TargetKind kind, FileMode mode);
  // A declared mode of a file that is new is that one, whatever the folder gives.
  void set_mode(Target& target, FileMode mode);
  // Applies the `acl` of a repair.
  [[nodiscard]] Result<void> set_list(Target& target, const std::optional<std::string>& declared);
  // Paths of all targets at and below `path`, in order.
  [[nodiscard]] std::vector<std::string> below(const std::string& path) const;

  // The bytes of a file as they shall be so far; empty if it is new.
  [[nodiscard]] Result<std::string> content_of(const Target& target) const;
  void rewrite(Target& target, std::string content);
  // Gives ids of "user:group", or of who runs autoheal for "".
  [[nodiscard]] Result<std::pair<std::uint32_t, std::uint32_t>> owner(const std::string& name) const;
  // Marks that `kind` has a say in this target; the first one names the change.
  void touch(Target& target, ChangeKind kind);

  // Every target that has to change, in the order in which repairs touched them; new folders and the targets in them
  // are made in turn. Refuses what is known to be impossible, by its reason.
  [[nodiscard]] Result<PlannedRepair> finish();

 private:
  [[nodiscard]] bool differs(Target& target) const;
  [[nodiscard]] Result<void> make_folders_above(const std::string& path);
  [[nodiscard]] bool lies_in_made_folder(const std::string& path) const;
  [[nodiscard]] std::vector<std::string> in_order() const;

  const PlanningInput& input_;
  std::map<std::string, Target> targets_;
  std::vector<std::string> touched_;
  std::set<std::string> made_folders_;
};

}  // namespace autoheal::workflows
