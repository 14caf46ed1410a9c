#include "tools/host/change/change_site.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "tools/host/facts/database_client.hpp"
#include "tools/host/system/removed_tree.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

bool lacks_flags(int error_number) { return error_number == EINVAL || error_number == ENOSYS; }

}  // namespace

Result<ChangeSite> ChangeSite::open(const RootFolder& root, const StagingTools& tools, const Change& change,
                                    unsigned number, const EffectMark& mark) {
  auto names = SlotNames::of(change, number, mark);
  AUTOHEAL_TRY(names);
  auto place = root.place_of(change.before.path);
  AUTOHEAL_TRY(place);
  ChangeSite site(root, tools, change, std::move(*names), std::move(*place), mark);
  if (auto staging = open_staging_folder(root)) {
    site.staging_ = std::move(*staging);
  } else if (staging.error().kind != ErrorKind::not_found) {
    return std::unexpected(std::move(staging.error()));
  }
  return site;
}

Look ChangeSite::look() const {
  Look look;
  look.naming = naming_of(*change_);
  look.tree = change_->kind == workflows::ChangeKind::state;
  return look;
}

std::unexpected<Error> ChangeSite::failed(const std::string& what, int error_number) const {
  return system_failure(change_->before.path + ": " + what, error_number);
}

std::string ChangeSite::path_of(Slot slot) const {
  return root_->path() + "/" + std::string(staging_name) + "/" + names_[slot];
}

Result<TargetFacts> ChangeSite::target() const {
  auto seen = inspect(folder(), place_.name, change_->before.path, look(), tools_->blobs, tools_->own);
  AUTOHEAL_TRY(seen);
  return std::move(seen->facts);
}

Result<TargetFacts> ChangeSite::slot(Slot slot) const {
  TargetFacts absent;
  absent.path = change_->before.path;
  if (!staging_) return absent;
  auto seen = inspect(staging(), names_[slot], change_->before.path, look(), tools_->blobs, tools_->own);
  AUTOHEAL_TRY(seen);
  return std::move(seen->facts);
}

UniqueFd ChangeSite::open_target() const {
  const UniqueFd opened(::openat(folder(), place_.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!opened || ::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode) || tools_->own.contain(status))
    return {};
  return reopen_for_reading(opened.get());
}

Result<void> ChangeSite::need_staging() {
  if (staging_) return {};
  auto made = make_staging_folder(*root_);
  AUTOHEAL_TRY(made);
  staging_ = std::move(*made);
  return {};
}

Result<bool> ChangeSite::exchange(Slot slot) {
  if (!tools_->exchange_supported) return false;
  if (::renameat2(staging(), names_[slot].c_str(), folder(), place_.name.c_str(), RENAME_EXCHANGE) == 0) return true;
  if (lacks_flags(errno)) return false;
  if (errno == ENOENT) return failure(ErrorKind::changed, change_->before.path + " is gone since it was looked at");
  return failed("swapping", errno);
}

Result<void> ChangeSite::move_in(Slot slot) {
  const std::string name = names_[slot];
  if (::renameat2(staging(), name.c_str(), folder(), place_.name.c_str(), RENAME_NOREPLACE) == 0) return {};
  int problem = errno;
  if (lacks_flags(problem)) {
    if (::linkat(staging(), name.c_str(), folder(), place_.name.c_str(), 0) == 0) return drop(slot);
    problem = errno;
  }
  if (problem == EEXIST)
    return failure(ErrorKind::changed, change_->before.path + " has come into being since it was looked at");
  return failed("moving it into place", problem);
}

Result<void> ChangeSite::move_out(Slot slot) {
  const std::string name = names_[slot];
  if (::renameat2(folder(), place_.name.c_str(), staging(), name.c_str(), RENAME_NOREPLACE) == 0) return {};
  int problem = errno;
  if (lacks_flags(problem)) {
    if (::renameat(folder(), place_.name.c_str(), staging(), name.c_str()) == 0) return {};
    problem = errno;
  }
  if (problem == ENOENT) return failure(ErrorKind::changed, change_->before.path + " is gone since it was looked at");
  return failed("moving it away", problem);
}

Result<void> ChangeSite::replace_by(Slot slot) {
  if (::renameat(staging(), names_[slot].c_str(), folder(), place_.name.c_str()) == 0) return {};
  return failed("moving it into place", errno);
}

Result<void> ChangeSite::link_target_as(Slot slot) {
  if (::linkat(folder(), place_.name.c_str(), staging(), names_[slot].c_str(), 0) == 0) return {};
  return failed("keeping what it was", errno);
}

Result<void> ChangeSite::rename(Slot from, Slot to) {
  const unsigned flags = to == Slot::kept ? RENAME_NOREPLACE : 0U;
  if (::renameat2(staging(), names_[from].c_str(), staging(), names_[to].c_str(), flags) == 0) return {};
  if (errno == EEXIST)
    return failure(ErrorKind::busy, path_of(to) + " holds an earlier edit: look at it and move it away");
  return failed("renaming " + names_[from], errno);
}

Result<std::string> ChangeSite::show_for_check() {
  const std::string folder = names_[Slot::check];
  AUTOHEAL_TRY(remove_tree(staging(), folder));
  if (::mkdirat(staging(), folder.c_str(), 0700) != 0) return failed("a folder to validate it in", errno);
  const std::string inside = folder + "/" + place_.name;
  if (::renameat(staging(), names_[Slot::part].c_str(), staging(), inside.c_str()) != 0)
    return failed("to validate it", errno);
  return path_of(Slot::check) + "/" + place_.name;
}

Result<void> ChangeSite::end_check() {
  const std::string folder = names_[Slot::check];
  const std::string inside = folder + "/" + place_.name;
  if (::renameat(staging(), inside.c_str(), staging(), names_[Slot::part].c_str()) != 0)
    return failed("after it was validated", errno);
  return remove_tree(staging(), folder);
}

Result<void> ChangeSite::drop(Slot slot) {
  if (!staging_) return {};
  const std::string name = names_[slot];
  if (slot == Slot::part || slot == Slot::check) return remove_tree(staging(), name);
  if (::unlinkat(staging(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  // A folder goes name by name: what a crash leaves of it has to be known as worthless, not taken for somebody's.
  if (auto dropped = drop(Slot::part); !dropped) return dropped;
  if (auto renamed = rename(slot, Slot::part); !renamed) return renamed;
  return drop(Slot::part);
}

Result<void> ChangeSite::remove_empty_folder() {
  const bool stays = ::unlinkat(folder(), place_.name.c_str(), AT_REMOVEDIR) != 0;
  if (stays && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST) return failed("removing it", errno);
  return sync();
}

Result<void> ChangeSite::sync() const {
  if (::fsync(folder()) != 0) return failed("syncing its folder", errno);
  return {};
}

Result<void> ChangeSite::nobody_has_target_open() const {
  if (!change_->alone) return {};
  return tools_->databases->nobody_has_open(*root_, change_->before.path, mark_);
}

Result<void> ChangeSite::nobody_has_open(Slot slot) const {
  if (!change_->alone) return {};
  const auto staging = RootFolder::open(root_->path() + "/" + std::string(staging_name));
  AUTOHEAL_TRY(staging);
  return tools_->databases->nobody_has_open(*staging, names_[slot], mark_);
}

Result<void> ChangeSite::nobody_writes_target(bool in_use) const {
  struct stat status{};
  const bool there = ::fstatat(folder(), place_.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!there || !S_ISREG(status.st_mode)) return {};
  return may_be_displaced(status, change_->before.path, tools_->open_writers, tools_->now_ns(), in_use);
}

Result<void> ChangeSite::note_made(const TargetFacts& staged) {
  if (auto dropped = drop(Slot::made); !dropped) return dropped;
  const std::string inode = std::to_string(staged.inode);
  if (::symlinkat(inode.c_str(), staging(), names_[Slot::made].c_str()) != 0) return failed("noting its inode", errno);
  return {};
}

bool ChangeSite::is_made(const TargetFacts& target) const {
  if (!staging_) return false;
  std::array<char, 32> noted{};
  const ssize_t size = ::readlinkat(staging(), names_[Slot::made].c_str(), noted.data(), noted.size());
  return size > 0 && std::string_view(noted.data(), static_cast<std::size_t>(size)) == std::to_string(target.inode);
}

}  // namespace autoheal::host
