#include "tools/host/change/restored_change.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tools/host/change/in_place_change.hpp"
#include "tools/host/change/live_database.hpp"
#include "tools/host/facts/staged_content.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::ChangeOutcome;
using workflows::ChangeStatus;
using workflows::TargetKind;
using workflows::UndoOutcome;
using workflows::UndoStatus;

using Undone = Result<UndoStatus>;

class Restoration {
 public:
  Restoration(ChangeSite& site, const ChangeOutcome* outcome)
      : site_(site), change_(site.change()), outcome_(outcome) {}
  Undone run();
  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  Undone remove_folder(const TargetFacts& now);
  Undone nothing_to_undo();
  void drop_staged();
  Undone finish_displaced(const TargetFacts& image);
  Undone take_away(const TargetFacts& now);
  Undone put_in_place();
  Undone exchange_back();
  Undone replace_without_exchange();
  Result<TargetFacts> before_image();
  Result<void> image_from_vault();
  Result<void> date_image();
  [[nodiscard]] bool was_applied(const TargetFacts& now, const TargetFacts& image) const;
  [[nodiscard]] bool is_ours(const TargetFacts& now) const;
  [[nodiscard]] std::unexpected<Error> foreign() const {
    return failure(ErrorKind::changed,
                   change_.before.path + " was changed by somebody else since; it is left as it is");
  }
  Undone synced(UndoStatus status) {
    AUTOHEAL_TRY(site_.sync());
    return status;
  }

  ChangeSite& site_;
  const Change& change_;
  const ChangeOutcome* outcome_;
  std::string note_;
};

bool Restoration::is_ours(const TargetFacts& now) const {
  if (change_.used_by_service && now.kind == change_.after.kind) return true;
  const bool told =
      outcome_ != nullptr && outcome_->status == ChangeStatus::done && outcome_->left.kind == change_.after.kind;
  return told ? holds_the_same(now, outcome_->left) : is_as_after(now, change_.after);
}

bool Restoration::was_applied(const TargetFacts& now, const TargetFacts& image) const {
  if (outcome_ != nullptr && outcome_->status == ChangeStatus::done) return true;
  return image.kind != TargetKind::absent || (now.kind != TargetKind::absent && site_.is_made(now));
}

// The before-image under its own name, also where a crash came before it got it.
Result<TargetFacts> Restoration::before_image() {
  auto image = site_.slot(Slot::before);
  if (!image || image->kind != TargetKind::absent || change_.before.kind == TargetKind::absent) return image;
  auto next = site_.slot(Slot::next);
  if (!next) return next;
  if (next->kind == TargetKind::absent || !is_as_seen(*next, change_.before)) return image;
  AUTOHEAL_TRY(site_.rename(Slot::next, Slot::before));
  return next;
}

Undone Restoration::run() {
  const auto now = site_.target();
  AUTOHEAL_TRY(now);
  const bool folder_alone = change_.after.kind == TargetKind::folder && change_.after.content.empty();
  if (folder_alone && change_.before.kind == TargetKind::absent) return remove_folder(*now);
  const auto image = before_image();
  AUTOHEAL_TRY(image);
  const auto undone = site_.slot(Slot::undone);
  AUTOHEAL_TRY(undone);
  if (change_.before.kind == TargetKind::absent && undone->kind != TargetKind::absent && !is_ours(*undone)) {
    return finish_displaced(*undone);
  }
  if (holds_the_same(*now, change_.before)) {
    // Restored by an earlier run that was cut short, which left in the image's place what it took away.
    if (image->kind == TargetKind::absent || is_as_seen(*image, change_.before)) {
      drop_staged();
      return synced(UndoStatus::restored);
    }
    return finish_displaced(*image);
  }
  if (!was_applied(*now, *image)) return nothing_to_undo();
  if (change_.used_by_service && change_.after.kind == TargetKind::absent && now->kind != TargetKind::absent) {
    // Beside the restored database its service has made such a file anew.
    AUTOHEAL_TRY(site_.move_out(Slot::undone));
    return put_in_place();
  }
  if (!is_ours(*now)) return foreign();
  if (change_.before.kind == TargetKind::absent) return take_away(*now);
  if (image->kind == TargetKind::absent) {
    AUTOHEAL_TRY(image_from_vault());
  } else if (image->inode != change_.before.inode && !holds_the_same(*image, change_.before)) {
    return failure(ErrorKind::failed,
                   fmt::format("{} is not the before-image of {}", site_.path_of(Slot::before), change_.before.path));
  } else if (!holds_the_same(*image, change_.before)) {
    note_ = change_.before.path + " was put back with what somebody wrote to it through an old descriptor meanwhile";
  }
  return put_in_place();
}

// We made it, or a build did. Files in it belong to others, so they stay and keep their folder.
Undone Restoration::remove_folder(const TargetFacts& now) {
  drop_staged();
  if (now.kind == TargetKind::absent) return UndoStatus::restored;
  const bool told = outcome_ != nullptr && outcome_->status == ChangeStatus::done && outcome_->left.inode != 0;
  const bool ours = told ? now.inode == outcome_->left.inode : site_.is_made(now);
  if (!ours) return told ? Undone(foreign()) : Undone(UndoStatus::restored);
  AUTOHEAL_TRY(site_.remove_empty_folder());
  return UndoStatus::restored;
}

// The change was never made, or somebody else had made it before us: only what we staged goes.
Undone Restoration::nothing_to_undo() {
  drop_staged();
  return UndoStatus::restored;
}

void Restoration::drop_staged() {
  (void)site_.drop(Slot::part);
  const auto next = site_.slot(Slot::next);
  if (next && next->kind != TargetKind::absent && is_as_after(*next, change_.after)) (void)site_.drop(Slot::next);
}

// An earlier run took something away and was cut short before it looked at it (it lies under `before` after an
// exchange, under `undone` after a removal): ours stays away, anybody else's goes back.
Undone Restoration::finish_displaced(const TargetFacts& displaced) {
  const bool removed = change_.before.kind == TargetKind::absent;
  if (is_ours(displaced)) {
    if (!removed) {
      AUTOHEAL_TRY(site_.rename(Slot::before, Slot::undone));
    }
    return synced(UndoStatus::restored);
  }
  if (removed) {
    if (auto moved = site_.move_in(Slot::undone); !moved) {
      return failure(ErrorKind::changed, fmt::format("{} was changed twice since; an edit lies in {}",
                                                     change_.before.path, site_.path_of(Slot::undone)));
    }
  } else if (const auto swapped = site_.exchange(Slot::before); !swapped) {
    return std::unexpected(swapped.error());
  }
  AUTOHEAL_TRY(site_.sync());
  return foreign();
}

Undone Restoration::take_away(const TargetFacts& now) {
  AUTOHEAL_TRY(site_.need_staging());
  if (now.kind == TargetKind::absent) return UndoStatus::restored;
  AUTOHEAL_TRY(site_.drop(Slot::undone));
  AUTOHEAL_TRY(site_.move_out(Slot::undone));
  site_.step("displaced");
  const auto taken = site_.slot(Slot::undone);
  AUTOHEAL_TRY(taken);
  return finish_displaced(*taken);
}

Result<void> Restoration::image_from_vault() {
  if (auto ready = site_.need_staging(); !ready) return ready;
  const UniqueFd old = site_.open_target();
  auto staged = stage(site_.staging(), site_.name_of(Slot::part), as_after(change_.before), old.get(), false,
                      site_.tools().blobs);
  if (!staged) {
    staged.error().message = fmt::format("{}: its before-image: {}", change_.before.path, staged.error().message);
    return staged;
  }
  if (auto dated = date_image(); !dated) return dated;
  const auto written = site_.slot(Slot::part);
  AUTOHEAL_TRY(written);
  if (!holds_the_same(*written, change_.before)) {
    return failure(ErrorKind::corrupt, change_.before.path + ": its before-image is not what the plan saw");
  }
  return site_.rename(Slot::part, Slot::before);
}

// With the time that the file had: what was restored is no newer than it was.
Result<void> Restoration::date_image() {
  if (change_.before.kind != TargetKind::file) return {};
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t within = (change_.before.mtime_ns % second + second) % second;
  const timespec then{(change_.before.mtime_ns - within) / second, within};
  const std::array<timespec, 2> times = {timespec{0, UTIME_OMIT}, then};
  if (::utimensat(site_.staging(), site_.name_of(Slot::part).c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
    return system_failure(change_.before.path + ": the time of its before-image", errno);
  return {};
}

Undone Restoration::put_in_place() {
  if (change_.after.kind != TargetKind::absent) return exchange_back();
  AUTOHEAL_TRY(site_.move_in(Slot::before));
  site_.step("restored");
  return synced(UndoStatus::restored);
}

Undone Restoration::exchange_back() {
  const auto swapped = site_.exchange(Slot::before);
  AUTOHEAL_TRY(swapped);
  if (!*swapped) return replace_without_exchange();
  site_.step("displaced");
  const auto displaced = site_.slot(Slot::before);
  AUTOHEAL_TRY(displaced);
  const Undone finished = finish_displaced(*displaced);
  if (finished) site_.step("restored");
  return finished;
}

Undone Restoration::replace_without_exchange() {
  AUTOHEAL_TRY(site_.drop(Slot::undone));
  (void)site_.link_target_as(Slot::undone);
  const auto again = site_.target();
  AUTOHEAL_TRY(again);
  if (!is_ours(*again)) {
    (void)site_.drop(Slot::undone);
    return foreign();
  }
  AUTOHEAL_TRY(site_.replace_by(Slot::before));
  site_.step("restored");
  return synced(UndoStatus::restored);
}

// Whatever a change puts in place or takes away leaves a name in the staging folder, from before it does until it is
// settled.
bool was_begun(const RootFolder& root, const Change& change, unsigned number, const EffectMark& mark) {
  const auto names = SlotNames::of(change, number, mark);
  const auto staging = open_staging_folder(root);
  if (!staging) return staging.error().kind != ErrorKind::not_found;
  if (!names) return true;
  constexpr std::array slots = {Slot::next, Slot::before, Slot::undone, Slot::made, Slot::kept};
  return std::ranges::any_of(slots, [&](Slot slot) {
    return ::faccessat(staging->get(), (*names)[slot].c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  });
}

// By a version that swapped files for their mode, too.
bool was_exchanged(const ChangeSite& site) {
  const auto image = site.slot(Slot::before);
  const auto next = site.slot(Slot::next);
  return (image && image->kind != TargetKind::absent) || (next && next->kind != TargetKind::absent);
}

}  // namespace

UndoOutcome restore_change(const RootFolder& root, const StagingTools& tools, const Change& change,
                           const ChangeOutcome* outcome, unsigned number, const EffectMark& mark) {
  UndoOutcome undone{number, UndoStatus::failed, {}};
  auto site = ChangeSite::open(root, tools, change, number, mark);
  const bool was_done = outcome != nullptr && outcome->status == ChangeStatus::done;
  if (!site && site.error().kind == ErrorKind::not_found) {
    // Its folder is gone, and with it whatever the change had left: nothing of ours is in place.
    undone.status = was_done ? UndoStatus::foreign : UndoStatus::restored;
    undone.message = site.error().message;
    return undone;
  }
  if (!site && !was_done && change.after.kind != TargetKind::database && !was_begun(root, change, number, mark)) {
    undone.status = UndoStatus::restored;  // that it cannot be looked at is no failure to undo what was never done
    return undone;
  }
  if (!site) {
    undone.message = site.error().message;
    return undone;
  }
  if (change.after.kind == TargetKind::database) return restore_database(root, *site, outcome, number);
  Restoration restoration(*site, outcome);
  const auto status =
      is_in_place(change) && !was_exchanged(*site) ? restore_in_place(*site, outcome) : restoration.run();
  undone.message = status ? restoration.note() : status.error().message;
  if (status) {
    undone.status = *status;
  } else if (status.error().kind == ErrorKind::changed) {
    undone.status = UndoStatus::foreign;
  }
  return undone;
}

}  // namespace autoheal::host
