// The trace of one heal, attempt by attempt, taken from its entries: to be compared with another trace of the same
// heal, and to answer for a world that no longer exists.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/replay/record/recorded_heal.hpp"
#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::replay {

struct Attempt {
  std::optional<workflows::Observation> observation;
  std::optional<workflows::Plan> plan;
  bool may_change = true;
  std::string adopted_baseline;  // its digest, or empty
  std::map<unsigned, workflows::ChangeOutcome> outcomes;
  std::map<unsigned, engine::BlobName> captured;
  std::map<unsigned, workflows::UndoOutcome> undone;
  std::optional<workflows::Evidence> evidence;
  std::string verdict = "none";  // certified, refused, plan_refused, failed, none: it was interrupted
  std::vector<std::string> why;  // "security: ...", or why the repair failed
};

struct Course {
  workflows::Triggered begun;
  std::map<unsigned, Attempt> attempts;
  workflows::HealState end;
  bool resumed = false;  // a process took it up again in between
};

// not_found, corrupt, invalid: an entry, or what it names, cannot be read.
[[nodiscard]] Result<Course> course_of(RecordedHeal& heal);

// One thing that both courses can be asked for.
struct Compared {
  std::string what;  // "outcome", "attempt 1: plan", "attempt 1: digest of etc/app.conf", ...
  std::string recorded, here;
  [[nodiscard]] bool same() const { return recorded == here; }
};

// Outcome, plans, what was left, digests and verdicts. `placeless` takes out of a plan what belongs to the place it was
// made in.
[[nodiscard]] std::vector<Compared> compare(const Course& recorded, const Course& here,
                                            workflows::Plan (*placeless)(workflows::Plan));

// Without device, inode, link count and times.
[[nodiscard]] workflows::Plan without_place(workflows::Plan plan);
// Without owners, too, for users who cannot change the owner of a file.
[[nodiscard]] workflows::Plan without_place_and_owners(workflows::Plan plan);

}  // namespace autoheal::replay
