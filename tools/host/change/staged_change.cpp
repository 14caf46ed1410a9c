#include "tools/host/change/staged_change.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/placeholders.hpp"
#include "autoheal/workflows/effects/kept_output.hpp"
#include "tools/host/change/in_place_change.hpp"
#include "tools/host/change/live_database.hpp"
#include "tools/host/facts/staged_content.hpp"
#include "tools/host/system/swap_lease.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::ChangeOutcome;
using workflows::ChangeStatus;
using workflows::TargetKind;

using Applied = Result<ChangeStatus>;

class Application {
 public:
  explicit Application(ChangeSite& site) : site_(site), change_(site.change()) {}
  Applied run();
  void tidy();
  [[nodiscard]] const std::string& printed() const { return printed_; }  // by the validator, where it refused

 private:
  Applied found_as_planned(const TargetFacts& now, const TargetFacts& next);
  Applied left_over(const TargetFacts& next);
  Applied remove();
  Applied write(const TargetFacts& now);
  Result<void> prepare(const TargetFacts& now);
  Result<void> validate();
  Result<void> ask_validator(const std::string& file);
  Applied create();
  [[nodiscard]] Result<void> nobody_writes(const SwapLease& lease) const;
  Applied swap();
  Applied swap_without_exchange();
  Applied keep_displaced();
  Applied put_back(const std::string& why = "was changed while the repair ran; that edit is kept");
  Applied keep_aside();
  [[nodiscard]] std::unexpected<Error> changed(const std::string& how) const {
    return failure(ErrorKind::changed, change_.before.path + " " + how);
  }

  ChangeSite& site_;
  const Change& change_;
  std::string printed_;
};

Applied Application::run() {
  const auto now = site_.target();
  AUTOHEAL_TRY(now);
  const auto next = site_.slot(Slot::next);
  AUTOHEAL_TRY(next);
  if (is_as_after(*now, change_.after)) return found_as_planned(*now, *next);
  if (next->kind != TargetKind::absent) {
    if (auto cleared = left_over(*next); !cleared) return cleared;
  }
  const auto kept = site_.slot(Slot::before);
  AUTOHEAL_TRY(kept);
  if (kept->kind != TargetKind::absent) {
    // Without exchange a crash may come between the second name and the rename: then both are the same inode.
    if (kept->inode != now->inode) return changed("was changed after the repair; that edit is kept");
    AUTOHEAL_TRY(site_.drop(Slot::before));
    return run();
  }
  if (!is_as_seen(*now, change_.before)) return changed("is not what the plan saw; it is left as it is");
  if (now->kind == TargetKind::file && now->links > 1 && change_.after.kind == TargetKind::file) {
    return failure(ErrorKind::refused,
                   change_.before.path + " has other names (hard links): they would stay as they are");
  }
  AUTOHEAL_TRY(site_.need_staging());
  AUTOHEAL_TRY(site_.nobody_has_target_open());
  return change_.after.kind == TargetKind::absent ? remove() : write(*now);
}

// The target is as planned: because an earlier run of this change was cut short after the swap, or by somebody else.
Applied Application::found_as_planned(const TargetFacts& now, const TargetFacts& next) {
  const auto kept = site_.slot(Slot::before);
  AUTOHEAL_TRY(kept);
  const bool ours = kept->kind != TargetKind::absent || site_.is_made(now);
  if (next.kind == TargetKind::absent) {
    if (!ours) return ChangeStatus::found_done;
    AUTOHEAL_TRY(site_.sync());
    return ChangeStatus::done;
  }
  if (is_as_seen(next, change_.before)) return keep_displaced();
  if (!is_as_after(next, change_.after)) return put_back();
  AUTOHEAL_TRY(site_.drop(Slot::next));
  return ours ? ChangeStatus::done : ChangeStatus::found_done;
}

// Something waits although the target is not as planned: our own file that was not swapped in yet, or what an earlier
// run displaced before somebody wrote the target again.
Applied Application::left_over(const TargetFacts& next) {
  if (is_as_after(next, change_.after)) {
    AUTOHEAL_TRY(site_.drop(Slot::next));
    return ChangeStatus::done;
  }
  if (!is_as_seen(next, change_.before)) return keep_aside();
  AUTOHEAL_TRY(site_.rename(Slot::next, Slot::before));
  return changed("was changed after the repair; that edit is kept");
}

// Processes are looked into only where the kernel gives no lease.
Result<void> Application::nobody_writes(const SwapLease& lease) const {
  if (lease.taken() == SwapLease::Taken::yes) return {};
  return site_.nobody_writes_target(lease.taken() == SwapLease::Taken::in_use);
}

Applied Application::remove() {
  {
    const SwapLease lease(change_.before.kind == TargetKind::file ? site_.open_target() : UniqueFd());
    AUTOHEAL_TRY(nobody_writes(lease));
  }
  AUTOHEAL_TRY(site_.move_out(Slot::next));
  site_.step("swapped");
  return keep_displaced();
}

Applied Application::write(const TargetFacts& now) {
  AUTOHEAL_TRY(prepare(now));
  return change_.before.kind == TargetKind::absent ? create() : swap();
}

Result<void> Application::prepare(const TargetFacts& now) {
  const bool same_content =
      now.kind == TargetKind::file && change_.after.kind == TargetKind::file && now.digest == change_.after.content;
  if (auto cleared = site_.drop(Slot::check); !cleared) return cleared;  // of a run that was cut short
  const UniqueFd old = site_.open_target();
  auto staged =
      stage(site_.staging(), site_.name_of(Slot::part), change_.after, old.get(), same_content, site_.tools().blobs);
  if (!staged) {
    staged.error().message = change_.before.path + ": " + staged.error().message;
    return staged;
  }
  site_.step("part");
  if (auto valid = validate(); !valid) return valid;
  const auto written = site_.slot(Slot::part);
  AUTOHEAL_TRY(written);
  if (!is_as_after(*written, change_.after))
    return changed(change_.validate ? "is not what was staged any more: its `validate` changed the new file"
                                    : "is not what was staged any more: another process changed the new file");
  if (auto renamed = site_.rename(Slot::part, Slot::next); !renamed) return renamed;
  site_.step("staged");
  return {};
}

Result<void> Application::validate() {
  if (!change_.validate || change_.after.kind != TargetKind::file) return {};
  const auto file = site_.show_for_check();
  AUTOHEAL_TRY(file);
  site_.step("shown");
  auto valid = ask_validator(*file);
  auto back = site_.end_check();
  return valid ? back : valid;
}

// Many go by the name or its ending, so the file has the target's own.
Result<void> Application::ask_validator(const std::string& file) {
  workflows::RunRequest request{*change_.validate, site_.mark(), workflows::ChildPolicy::end_all};
  fill_in(request.run.argv, "{file}", file);
  const auto ran = site_.tools().run(request);
  if (ran.started && ran.exit_code == 0 && !ran.timed_out) return {};
  printed_ = workflows::what_it_printed(ran);
  const std::string& program = change_.validate->argv.front();
  if (!ran.started)
    return failure(ErrorKind::refused,
                   fmt::format("{}: its validator could not be run: {}", change_.before.path, ran.message));
  if (ran.timed_out) {
    return failure(ErrorKind::refused,
                   fmt::format("{}: its validator {} did not end within its time limit", change_.before.path, program));
  }
  return failure(ErrorKind::refused,
                 fmt::format("{}: the new content did not validate: {} ended with {}", change_.before.path, program,
                             ran.message.empty() ? fmt::format("exit status {}", ran.exit_code) : ran.message));
}

Applied Application::create() {
  const auto staged = site_.slot(Slot::next);
  AUTOHEAL_TRY(staged);
  AUTOHEAL_TRY(site_.note_made(*staged));
  AUTOHEAL_TRY(site_.move_in(Slot::next));
  site_.step("swapped");
  AUTOHEAL_TRY(site_.sync());
  return ChangeStatus::done;
}

Applied Application::swap() {
  SwapLease lease(change_.before.kind == TargetKind::file ? site_.open_target() : UniqueFd());
  AUTOHEAL_TRY(nobody_writes(lease));
  site_.step("leased");
  const auto swapped = site_.exchange(Slot::next);
  AUTOHEAL_TRY(swapped);
  if (!*swapped) return swap_without_exchange();
  site_.step("swapped");
  // A program that waits to open the file would write to the new one once the lease is released.
  if (lease.is_wanted()) return put_back("is opened for writing by somebody; it is left as it is");
  lease.release();
  return keep_displaced();
}

Applied Application::swap_without_exchange() {
  if (change_.before.kind == TargetKind::file) {
    const UniqueFd old = site_.open_target();
    auto content = read_all(old.get(), change_.before.path, content_limit);
    AUTOHEAL_TRY(content);
    AUTOHEAL_TRY(site_.tools().blobs.put(*content, naming_of(change_)));
  }
  const auto staged = site_.slot(Slot::next);
  const auto again = site_.target();
  if (!staged || !again) return std::unexpected(staged ? again.error() : staged.error());
  if (!is_as_seen(*again, change_.before)) return changed("was changed while the repair ran; that edit is kept");
  AUTOHEAL_TRY(site_.note_made(*staged));
  // Best effort: where hard links do not work either, the vault's copy is the before-image.
  if (auto linked = site_.link_target_as(Slot::before)) site_.step("linked");
  AUTOHEAL_TRY(site_.replace_by(Slot::next));
  site_.step("swapped");
  AUTOHEAL_TRY(site_.sync());
  return ChangeStatus::done;
}

Applied Application::keep_displaced() {
  const auto displaced = site_.slot(Slot::next);
  AUTOHEAL_TRY(displaced);
  if (!is_as_seen(*displaced, change_.before)) return put_back();
  if (auto alone = site_.nobody_has_open(Slot::next); !alone) {
    (void)put_back();  // a program that opens it now finds the old file
    return std::unexpected(alone.error());
  }
  AUTOHEAL_TRY(site_.rename(Slot::next, Slot::before));
  site_.step("verified");
  AUTOHEAL_TRY(site_.sync());
  return ChangeStatus::done;
}

// The displaced file is not the one that the plan saw: it is somebody's edit, and goes back to its place.
Applied Application::put_back(const std::string& why) {
  if (change_.after.kind == TargetKind::absent) {
    auto moved = site_.move_in(Slot::next);
    if (!moved && moved.error().kind == ErrorKind::changed) return keep_aside();
    AUTOHEAL_TRY(moved);
  } else {
    const auto swapped = site_.exchange(Slot::next);
    if (!swapped && swapped.error().kind != ErrorKind::changed) return std::unexpected(swapped.error());
    if (!swapped || !*swapped) return keep_aside();
    const auto ours = site_.slot(Slot::next);
    AUTOHEAL_TRY(ours);
    if (!is_as_after(*ours, change_.after)) {
      // Edited once more in between: the newest stays in place, the one before it is kept beside.
      AUTOHEAL_TRY(site_.exchange(Slot::next));
      return keep_aside();
    }
    AUTOHEAL_TRY(site_.drop(Slot::next));
  }
  AUTOHEAL_TRY(site_.sync());
  return changed(why);
}

Applied Application::keep_aside() {
  AUTOHEAL_TRY(site_.rename(Slot::next, Slot::kept));
  return changed("was changed more than once while the repair ran; an edit lies in " + site_.path_of(Slot::kept));
}

// After a failure: what is surely ours and of no more use goes.
void Application::tidy() {
  (void)site_.drop(Slot::check);
  (void)site_.drop(Slot::part);
  const auto next = site_.slot(Slot::next);
  if (next && change_.after.kind != TargetKind::absent && is_as_after(*next, change_.after))
    (void)site_.drop(Slot::next);
}

ChangeStatus status_of(const Error& error) {
  if (error.kind == ErrorKind::changed) return ChangeStatus::target_changed;
  return error.kind == ErrorKind::refused ? ChangeStatus::refused : ChangeStatus::failed;
}

}  // namespace

ChangeOutcome apply_change(const RootFolder& root, const StagingTools& tools, const Change& change, unsigned number,
                           const EffectMark& mark) {
  ChangeOutcome outcome;
  outcome.number = number;
  const auto fail = [&](const Error& error) {
    outcome.status = status_of(error);
    outcome.message = error.message;
    return outcome;
  };
  auto site = ChangeSite::open(root, tools, change, number, mark);
  if (!site) return fail(site.error());
  if (change.after.kind == TargetKind::database) return apply_to_database(root, *site, number);
  if (workflows::is_in_place(change)) {
    auto done = change_in_place(*site);
    if (!done) return fail(done.error());
    outcome.status = done->status;
    outcome.left = std::move(done->left);
    return outcome;
  }
  Application application(*site);
  const auto status = application.run();
  if (!status) {
    application.tidy();
    outcome.printed = application.printed();
    return fail(status.error());
  }
  outcome.status = *status;
  auto left = site->target();
  if (!left) return fail(left.error());
  if (!is_as_after(*left, change.after)) {
    return fail(
        {ErrorKind::changed, change.before.path + " was changed right after the repair; that edit is kept", {}});
  }
  outcome.left = std::move(*left);
  return outcome;
}

}  // namespace autoheal::host
