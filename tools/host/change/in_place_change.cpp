#include "tools/host/change/in_place_change.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>
#include <exception>

#include "tools/host/facts/obstacles.hpp"
#include "tools/host/system/access_lists.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::ChangeOutcome;
using workflows::ChangeStatus;
using workflows::FileMode;
using workflows::TargetKind;
using workflows::UndoStatus;

constexpr FileMode set_id_bits = 06000;

// All that a change in place may set.
struct Rights {
  FileMode mode = 0;
  std::uint32_t uid = 0, gid = 0;
  std::string acl, capability;
  friend bool operator==(const Rights&, const Rights&) = default;
};

Rights rights_of(const TargetFacts& facts) { return {facts.mode, facts.uid, facts.gid, facts.acl, facts.capability}; }

// File capabilities stay with the content that they were given to.
Rights wanted_by(const Change& change) {
  const workflows::TargetAfter& after = change.after;
  return {after.mode, after.uid, after.gid, after.acl, change.before.capability};
}

// A mode narrower than both, for the time in which owner and list change.
FileMode between(const Rights& one, const Rights& other) { return one.mode & other.mode; }

// Whether the steps from one to the other explain what is there, wherever they were cut short. The kernel clears setuid
// and setgid, and file capabilities, when the owner changes.
bool is_mixture(const Rights& now, const Rights& one, const Rights& other) {
  const auto either = [&](auto Rights::* part) { return now.*part == one.*part || now.*part == other.*part; };
  bool mode_fits = false;
  for (const FileMode mode : {one.mode, other.mode, between(one, other)}) {
    mode_fits = mode_fits || now.mode == mode || now.mode == (mode & ~set_id_bits);
  }
  const bool capability_fits = now.capability.empty() || either(&Rights::capability);
  return mode_fits && capability_fits && either(&Rights::uid) && either(&Rights::gid) && either(&Rights::acl);
}

std::string bytes_of_hex(const std::string& hex) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes += static_cast<char>((digit(hex[at]) << 4U) | digit(hex[at + 1]));
  return bytes;
}

class Target {
 public:
  static Result<Target> open(ChangeSite& site) {
    Target target(site);
    target.inode_ = UniqueFd(::openat(site.folder(), site.name().c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!target.inode_ && errno != ENOENT) return system_failure(site.change().before.path, errno);
    AUTOHEAL_TRY(target.look(false));
    // Now, since the new mode may forbid it. Opening a device, a socket or a FIFO would do something to it.
    const TargetKind kind = target.now_.kind;
    if (kind == TargetKind::file || kind == TargetKind::folder)
      target.readable_ = reopen_for_reading(target.inode_.get());
    return target;
  }

  [[nodiscard]] const TargetFacts& now() const { return now_; }
  [[nodiscard]] bool is_there() const {
    return now_.kind != TargetKind::absent && is_same_inode(now_, site_->change().before);
  }

  // Reads what is there again; with its digest where that can be had.
  Result<void> look(bool with_digest) {
    Look look;
    look.digest = with_digest;
    look.digest_needed = false;
    look.digest_of_large = workflows::declares_content(site_->change());
    look.naming = naming_of(site_->change());
    auto seen = inspect(site_->folder(), site_->name(), site_->change().before.path, look, site_->tools().blobs,
                        site_->tools().own);
    AUTOHEAL_TRY(seen);
    now_ = std::move(seen->facts);
    return {};
  }

  // Every step is skipped where what it sets is there already, so that what was cut short goes on where it stopped.
  Result<void> become(const Rights& from, const Rights& to);
  Result<void> sync();

 private:
  explicit Target(ChangeSite& site) : site_(&site) {}
  Result<void> set_mode(FileMode mode);
  Result<void> set_owner(const Rights& to);
  Result<void> set_capability(const std::string& hex);
  [[nodiscard]] std::unexpected<Error> failed(const std::string& what, int error_number) const {
    return system_failure(site_->change().before.path + ": " + what, error_number);
  }
  [[nodiscard]] std::string path() const { return path_of_open(inode_.get()); }
  Result<void> again() {
    if (auto looked = look(false); !looked) return looked;
    if (!is_there()) return failure(ErrorKind::changed, site_->change().before.path + " was replaced meanwhile");
    return {};
  }

  ChangeSite* site_;
  UniqueFd inode_, readable_;
  TargetFacts now_;
};

Result<void> Target::set_mode(FileMode mode) {
  if (now_.mode == mode) return {};
  if (::chmod(path().c_str(), mode) != 0) return failed("its mode", errno);
  return again();
}

Result<void> Target::set_owner(const Rights& to) {
  if (now_.uid == to.uid && now_.gid == to.gid) return {};
  if (!now_.capability.empty() && ::geteuid() != 0) {
    return failure(ErrorKind::refused, site_->change().before.path +
                                           ": a change of its owner takes its file capabilities away, and only root "
                                           "can give them back");
  }
  if (::fchownat(inode_.get(), "", to.uid, to.gid, AT_EMPTY_PATH) != 0)
    return failed(fmt::format("giving it to user {}, group {}", to.uid, to.gid), errno);
  return again();
}

Result<void> Target::set_capability(const std::string& hex) {
  if (now_.capability == hex) return {};
  const std::string value = bytes_of_hex(hex);
  constexpr const char* name = "security.capability";
  const int done = hex.empty() ? ::removexattr(path().c_str(), name)
                               : ::setxattr(path().c_str(), name, value.data(), value.size(), 0);
  if (done != 0) return failed("its file capabilities", errno);
  return again();
}

Result<void> Target::become(const Rights& from, const Rights& to) {
  const bool several = now_.uid != to.uid || now_.gid != to.gid || now_.acl != to.acl;
  if (several) {
    if (auto set = set_mode(between(from, to)); !set) return set;
    site_->step("narrowed");
  }
  if (auto set = set_owner(to); !set) return set;
  site_->step("owned");
  if (now_.acl != to.acl) {
    if (auto set = set_access_list(inode_.get(), to.acl, now_.mode); !set)
      return failure(set.error().kind, site_->change().before.path + ": " + set.error().message);
    if (auto looked = again(); !looked) return looked;
    site_->step("listed");
  }
  if (auto set = set_capability(to.capability); !set) return set;
  site_->step("capable");
  if (auto set = set_mode(to.mode); !set) return set;
  site_->step("set");
  if (rights_of(now_) == to) return {};
  return failure(ErrorKind::refused, site_->change().before.path +
                                         " did not take its new mode and owner; the kernel may keep a user who is "
                                         "not of its group from setting setgid");
}

Result<void> Target::sync() {
  // A target that cannot be opened has no descriptor to sync; its file system has.
  const int done = readable_ ? ::fsync(readable_.get()) : ::syncfs(site_->folder());
  if (done != 0) return failed("syncing it", errno);
  site_->step("synced");
  return {};
}

Result<void> no_stranger(const ChangeSite& site, const TargetFacts& now) {
  if (now.kind == TargetKind::folder || now.links < 2) return {};
  const std::string folder = folder_of_others(site.root(), now.path);
  if (folder.empty()) return {};
  return failure(
      ErrorKind::refused,
      fmt::format(
          "{} has {} names (hard links), and others can write the folder {}: it may be any file of this machine",
          now.path, now.links, folder));
}

// The content is not touched, but what was repaired shall be possible to rebuild once the incident is looked into.
// Best effort.
void keep_content(const ChangeSite& site) {
  const TargetFacts& before = site.change().before;
  if (before.kind != TargetKind::file || before.digest.empty() || before.size > content_limit) return;
  Look look;
  look.naming = naming_of(site.change());
  look.keep_content = true;
  const auto seen = inspect(site.folder(), site.name(), before.path, look, site.tools().blobs, site.tools().own);
  if (seen && seen->facts.digest == before.digest) (void)site.tools().blobs.put(seen->content, look.naming);
}

std::unexpected<Error> changed(const Change& change, const std::string& how) {
  return failure(ErrorKind::changed, change.before.path + " " + how);
}

// Where the content was declared, too, it must be the one that the plan saw.
Result<void> holds_what_was_declared(const Change& change, Target& target) {
  if (!workflows::declares_content(change)) return {};
  if (auto looked = target.look(true); !looked) return looked;
  const TargetFacts& now = target.now();
  const bool same = now.digest == change.before.digest && now.size == change.before.size;
  if (!same) return changed(change, "was changed while the repair ran; that edit is kept");
  return {};
}

}  // namespace

Result<InPlaceChange> change_in_place(ChangeSite& site) {
  const Change& change = site.change();
  auto target = Target::open(site);
  AUTOHEAL_TRY(target);
  const Rights before = rights_of(change.before);
  const Rights after = wanted_by(change);
  if (!target->is_there() || !is_mixture(rights_of(target->now()), before, after))
    return changed(change, "is not what the plan saw; it is left as it is");
  AUTOHEAL_TRY(no_stranger(site, target->now()));
  AUTOHEAL_TRY(holds_what_was_declared(change, *target));
  InPlaceChange result;
  if (rights_of(target->now()) == after) {
    result.status = site.is_made(target->now()) ? ChangeStatus::done : ChangeStatus::found_done;
  } else {
    keep_content(site);
    // Tells a later run that what it finds is ours. Best effort: a mode can be set if there is no room for a name.
    if (site.need_staging()) (void)site.note_made(change.before);
    site.step("noted");
    if (auto done = target->become(before, after); !done) {
      (void)target->become(after, before);
      return std::unexpected(std::move(done.error()));
    }
  }
  AUTOHEAL_TRY(target->sync());
  AUTOHEAL_TRY(target->look(true));
  if (!target->is_there() || rights_of(target->now()) != after)
    return changed(change, "was changed right after the repair; that edit is kept");
  result.left = target->now();
  return result;
}

Result<UndoStatus> restore_in_place(ChangeSite& site, const ChangeOutcome* outcome) {
  const Change& change = site.change();
  auto target = Target::open(site);
  AUTOHEAL_TRY(target);
  const Rights before = rights_of(change.before);
  const Rights after = wanted_by(change);
  const Rights now = rights_of(target->now());
  const bool was_done = outcome != nullptr && outcome->status == ChangeStatus::done;
  const bool may_be_unnoted = site.staging() < 0 && (outcome == nullptr || outcome->status == ChangeStatus::failed ||
                                                     outcome->status == ChangeStatus::refused);
  const bool was_noted = site.is_made(change.before);
  if (target->is_there() && now == before) return UndoStatus::restored;
  if (!target->is_there() || !is_mixture(now, before, after)) {
    if (!was_done && !was_noted) return UndoStatus::restored;
    return changed(change, "was changed by somebody else since; it is left as it is");
  }
  if (!was_done && !was_noted && !may_be_unnoted) return UndoStatus::restored;
  AUTOHEAL_TRY(no_stranger(site, target->now()));
  AUTOHEAL_TRY(target->become(after, before));
  AUTOHEAL_TRY(target->sync());
  return UndoStatus::restored;
}

}  // namespace autoheal::host
