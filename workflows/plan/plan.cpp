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

std::string_view name_of(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::files:
      return "files";
    case ChangeKind::env:
      return "env";
    case ChangeKind::settings:
      return "settings";
    case ChangeKind::policy:
      return "policy";
    case ChangeKind::links:
      return "links";
    case ChangeKind::release:
      return "release";
    case ChangeKind::state:
      return "state";
  }
  return "files";
}

std::string_view name_of(ActKind kind) {
  switch (kind) {
    case ActKind::command:
      return "command";
    case ActKind::build:
      return "build";
    case ActKind::platform:
      return "platform";
    case ActKind::service_stop:
      return "service.stop";
    case ActKind::service_check:
      return "service.check";
    case ActKind::service_start:
      return "service.start";
    case ActKind::service_restart:
      return "service.restart";
    case ActKind::service_reload:
      return "service.reload";
  }
  return "command";
}

std::string_view name_of(ChangeStatus status) {
  switch (status) {
    case ChangeStatus::done:
      return "done";
    case ChangeStatus::found_done:
      return "found_done";
    case ChangeStatus::target_changed:
      return "target_changed";
    case ChangeStatus::refused:
      return "refused";
    case ChangeStatus::failed:
      return "failed";
    case ChangeStatus::unknown:
      return "unknown";
    case ChangeStatus::skipped:
      return "skipped";
    case ChangeStatus::not_started:
      return "not_started";
  }
  return "failed";
}

std::string_view name_of(UndoStatus status) {
  switch (status) {
    case UndoStatus::restored:
      return "restored";
    case UndoStatus::undone:
      return "undone";
    case UndoStatus::irreversible:
      return "irreversible";
    case UndoStatus::foreign:
      return "foreign";
    case UndoStatus::failed:
      return "failed";
  }
  return "failed";
}

std::string_view name_of(TargetKind kind) {
  switch (kind) {
    case TargetKind::absent:
      return "absent";
    case TargetKind::file:
      return "file";
    case TargetKind::folder:
      return "folder";
    case TargetKind::link:
      return "link";
    case TargetKind::other:
      return "other";
    case TargetKind::database:
      return "database";
  }
  return "other";
}

std::string in_words(TargetKind kind) {
  if (kind == TargetKind::absent) return "nothing";
  if (kind == TargetKind::other) return "a pipe, a socket or a device";
  return "a " + std::string(name_of(kind));
}

}  // namespace autoheal::workflows
