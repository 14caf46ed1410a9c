#include "autoheal/workflows/plan/plan.hpp"

namespace autoheal::workflows {

bool is_in_place(const Change& change) {
  const TargetFacts& before = change.before;
  const TargetAfter& after = change.after;
  if (before.kind != after.kind || change.kind == ChangeKind::state) return false;
  switch (after.kind) {
    case TargetKind::file:
      return after.content == before.digest;
    case TargetKind::folder:
      return after.content.empty() || after.content == before.digest;
    case TargetKind::other:
      return true;
    default:
      return false;
  }
}

bool declares_content(const Change& change) {
  if (change.after.kind != TargetKind::file) return false;
  const bool written = change.kind == ChangeKind::files || change.kind == ChangeKind::env ||
                       change.kind == ChangeKind::settings || change.kind == ChangeKind::state;
  return written || !is_in_place(change);
}

std::string_view name_of(ChangeKind kind) { return word_of<ChangeKind>(words_for<ChangeKind>, kind); }
std::string_view name_of(ActKind kind) { return word_of<ActKind>(words_for<ActKind>, kind); }
std::string_view name_of(ChangeStatus status) { return word_of<ChangeStatus>(words_for<ChangeStatus>, status); }
std::string_view name_of(UndoStatus status) { return word_of<UndoStatus>(words_for<UndoStatus>, status); }
std::string_view name_of(TargetKind kind) { return word_of<TargetKind>(words_for<TargetKind>, kind); }

std::string in_words(TargetKind kind) {
  if (kind == TargetKind::absent) return "nothing";
  if (kind == TargetKind::other) return "a pipe, a socket or a device";
  return "a " + std::string(name_of(kind));
}

}  // namespace autoheal::workflows
