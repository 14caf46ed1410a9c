#include "tools/host/change/live_database.hpp"

#include <fmt/core.h>

#include "tools/host/facts/database_client.hpp"
#include "tools/host/facts/staged_content.hpp"
#include "tools/host/facts/state_facts.hpp"

namespace autoheal::host {

namespace {

using workflows::ChangeOutcome;
using workflows::ChangeStatus;
using workflows::TargetKind;
using workflows::UndoOutcome;
using workflows::UndoStatus;

// The content of `name` as a file in the staging folder, for the child to read; gone with the object.
class StagedCopy {
 public:
  static Result<StagedCopy> of(ChangeSite& site, const engine::BlobName& name) {
    AUTOHEAL_TRY(site.need_staging());
    const workflows::TargetAfter copy{TargetKind::file, name, 0600, ::geteuid(), ::getegid(), {}};
    auto staged = stage(site.staging(), site.name_of(Slot::part), copy, -1, false, site.tools().blobs);
    if (!staged) return failure(staged.error().kind, site.change().before.path + ": " + staged.error().message);
    return StagedCopy(site);
  }
  ~StagedCopy() {
    if (site_ != nullptr) (void)site_->drop(Slot::part);
  }
  StagedCopy(StagedCopy&& other) noexcept : site_(std::exchange(other.site_, nullptr)) {}
  StagedCopy& operator=(StagedCopy&&) = delete;
  [[nodiscard]] std::string path() const { return site_->path_of(Slot::part); }

 private:
  explicit StagedCopy(ChangeSite& site) : site_(&site) {}
  ChangeSite* site_;
};

StateTools tools_of(const ChangeSite& site) {
  return {site.tools().blobs, *site.tools().databases, site.tools().own, site.mark()};
}

Result<DatabaseRestore> write(const RootFolder& root, ChangeSite& site, const engine::BlobName& content,
                              const engine::BlobName& expected) {
  const auto copy = StagedCopy::of(site, content);
  AUTOHEAL_TRY(copy);
  site.step("part");
  auto written = site.tools().databases->restore(root, site.change().before.path, site.mark(), site.change().timeout,
                                                 copy->path(), expected);
  site.step("swapped");
  return written;
}

Result<ChangeStatus> apply(const RootFolder& root, ChangeSite& site) {
  const Change& change = site.change();
  const std::string& path = change.before.path;
  const auto now = look_at_state(root, path, tools_of(site));
  AUTOHEAL_TRY(now);
  if (now->kind == TargetKind::database && now->digest == change.after.content) return ChangeStatus::found_done;
  if (now->kind != TargetKind::database || now->inode != change.before.inode || now->digest != change.before.digest)
    return failure(ErrorKind::changed, path + " holds something else than the plan saw; it is left as it is");
  const auto written = write(root, site, change.after.content, change.before.digest);
  AUTOHEAL_TRY(written);
  switch (written->status) {
    case DatabaseRestore::Status::restored:
      return ChangeStatus::done;
    case DatabaseRestore::Status::changed:
      return failure(ErrorKind::changed, path + " was written to while the repair ran; it is left as it is");
    case DatabaseRestore::Status::busy:
      return failure(ErrorKind::busy, written->message);
    case DatabaseRestore::Status::failed:
      break;
  }
  return failure(ErrorKind::failed, written->message);
}

// Writes of its users since the restore go to the vault before the restore is taken back.
Result<std::string> keep_what_was_written(const RootFolder& root, ChangeSite& site) {
  const Change& change = site.change();
  const DatabaseLook now = site.tools().databases->look(root, change.before.path, site.mark(), change.timeout, true);
  if (now.status != DatabaseLook::Status::database) return failure(ErrorKind::failed, now.message);
  auto kept = site.tools().blobs.put(now.content, BlobNaming::plain);
  AUTOHEAL_TRY(kept);
  return fmt::format("{} was written to after it was restored; what it held then is kept as {}", change.before.path,
                     *kept);
}

Result<UndoOutcome> undo(const RootFolder& root, ChangeSite& site, const ChangeOutcome* outcome) {
  const Change& change = site.change();
  const std::string& path = change.before.path;
  const auto now = look_at_state(root, path, tools_of(site));
  AUTOHEAL_TRY(now);
  const bool untouched = now->kind == TargetKind::database && now->digest == change.before.digest;
  const bool never_applied = outcome != nullptr && outcome->status != ChangeStatus::done;
  if (untouched || never_applied) return UndoOutcome{};
  const bool ours = now->kind == TargetKind::database && now->digest == change.after.content;
  if (now->kind != TargetKind::database || (!ours && !change.used_by_service))
    return failure(ErrorKind::changed, path + " was changed by somebody else since; it is left as it is");
  UndoOutcome undone;
  if (!ours) {
    auto kept = keep_what_was_written(root, site);
    AUTOHEAL_TRY(kept);
    undone.message = std::move(*kept);
  }
  const auto written = write(root, site, change.before.digest, now->digest);
  AUTOHEAL_TRY(written);
  if (written->status == DatabaseRestore::Status::restored) return undone;
  const bool changed = written->status == DatabaseRestore::Status::changed;
  return failure(changed ? ErrorKind::changed : ErrorKind::failed, written->message);
}

ChangeStatus failed_status(const Error& error) {
  return error.kind == ErrorKind::changed ? ChangeStatus::target_changed : ChangeStatus::failed;
}

}  // namespace

ChangeOutcome apply_to_database(const RootFolder& root, ChangeSite& site, unsigned number) {
  ChangeOutcome outcome;
  outcome.number = number;
  const auto status = apply(root, site);
  if (!status) {
    outcome.status = failed_status(status.error());
    outcome.message = status.error().message;
    return outcome;
  }
  outcome.status = *status;
  if (const auto left = look_at_state(root, site.change().before.path, tools_of(site))) outcome.left = *left;
  return outcome;
}

UndoOutcome restore_database(const RootFolder& root, ChangeSite& site, const ChangeOutcome* outcome, unsigned number) {
  auto undone = undo(root, site, outcome);
  if (undone) {
    undone->number = number;
    return std::move(*undone);
  }
  const bool foreign = undone.error().kind == ErrorKind::changed;
  return {number, foreign ? UndoStatus::foreign : UndoStatus::failed, undone.error().message};
}

}  // namespace autoheal::host
