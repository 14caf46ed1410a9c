#include "tools/host/facts/obstacles.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::TargetFacts;
using workflows::TargetKind;

struct Status {
  bool known = false;
  std::uint64_t mount = 0;
  std::uint64_t device = 0;  // a subvolume has one of its own on the same mount
  bool is_mount = false, immutable = false, append_only = false;
};

Status status_of(int folder, const char* name) {
  struct statx seen{};
  Status status;
  constexpr int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;
  if (::statx(folder, name, flags, STATX_BASIC_STATS | STATX_MNT_ID, &seen) != 0) return status;
  status.known = (seen.stx_mask & STATX_MNT_ID) != 0;
  status.mount = seen.stx_mnt_id;
  status.device = (std::uint64_t{seen.stx_dev_major} << 32U) | seen.stx_dev_minor;
  const auto has = [&](std::uint64_t flag) { return (seen.stx_attributes & seen.stx_attributes_mask & flag) != 0; };
  status.is_mount = has(STATX_ATTR_MOUNT_ROOT);
  status.immutable = has(STATX_ATTR_IMMUTABLE);
  status.append_only = has(STATX_ATTR_APPEND);
  return status;
}

// The folder of a path that is there, the deepest one where some are missing.
UniqueFd deepest_part_there(const RootFolder& root, std::string path) {
  while (true) {
    const auto slash = path.rfind('/');
    path = slash == std::string::npos ? "." : path.substr(0, slash);
    if (auto opened = root.open_below(path, O_PATH | O_DIRECTORY)) return std::move(*opened);
    if (path == ".") return {};
  }
}

bool is_read_only(int folder) {
  struct statvfs volume{};
  return ::fstatvfs(folder, &volume) == 0 && (volume.f_flag & ST_RDONLY) != 0;
}

std::string flags_of(const Status& status) {
  if (status.immutable) return "is immutable: `chattr -i` lets it be changed";
  if (status.append_only) return "can only be appended to: `chattr -a` lets it be changed";
  return {};
}

bool may_act_as_owner() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  return ::syscall(SYS_capget, &header, data.data()) == 0 && (data[0].effective & (1U << CAP_FOWNER)) != 0;
}

bool others_can_write(const struct stat& folder) {
  const uid_t self = ::geteuid();
  if (folder.st_uid != 0 && folder.st_uid != self) return true;
  if ((folder.st_mode & S_IWOTH) != 0) return true;
  return (folder.st_mode & S_IWGRP) != 0 && folder.st_gid != 0 && folder.st_gid != ::getegid();
}

// Calls `visit` with each folder from the root to the one that `path` lies in.
template <class Visit>
std::string first_on_the_way(const std::string& path, const Visit& visit) {
  if (std::string found = visit("."); !found.empty()) return found;
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (std::string found = visit(path.substr(0, slash)); !found.empty()) return found;
  }
  return {};
}

std::string why_not_in_place(const RootFolder& root, const TargetFacts& facts, const Status& target) {
  if (facts.kind == TargetKind::absent) return {};
  if (std::string flags = flags_of(target); !flags.empty()) return flags;
  if (facts.uid != ::geteuid() && !may_act_as_owner())
    return "belongs to another user, and Autoheal does not run as root";
  if (facts.kind == TargetKind::folder || facts.kind == TargetKind::link || facts.links < 2) return {};
  const std::string folder = folder_of_others(root, facts.path);
  if (folder.empty()) return {};
  return fmt::format(
      "has {} names (hard links), and others can write the folder {}: it may be any file of this machine", facts.links,
      folder);
}

std::string why_not_replaced(const RootFolder& root, int folder, const Status& target, bool is_there) {
  const Status here = status_of(folder, "");
  const Status top = status_of(root.descriptor(), "");
  if (is_there && target.is_mount) return "is a mount of its own: nothing can be put in its place";
  if (here.known && top.known && (here.mount != top.mount || here.device != top.device))
    return "lies on a mount of its own below the root: it cannot be replaced in one step; make that folder the root "
           "of an engine of its own";
  if (here.immutable) return "lies in a folder that is immutable: `chattr -i` lets it be changed";
  if (here.append_only && is_there)
    return "lies in a folder that can only be appended to: `chattr -a` lets it be changed";
  if (::faccessat(AT_FDCWD, ("/proc/self/fd/" + std::to_string(folder)).c_str(), W_OK | X_OK, AT_EACCESS) != 0 &&
      errno == EACCES)
    return "lies in a folder that the user who runs Autoheal may not write";
  return {};
}

}  // namespace

void tell_obstacles(const RootFolder& root, TargetFacts& facts) {
  if (facts.path == ".") return;
  const UniqueFd folder = deepest_part_there(root, facts.path);
  if (!folder) return;
  const bool is_there = facts.kind != TargetKind::absent;
  const auto opened = is_there ? root.open_below(facts.path, O_PATH | O_NOFOLLOW) : failure(ErrorKind::not_found, "");
  if (is_read_only(opened ? opened->get() : folder.get())) {
    facts.cannot_change = "lies on a file system that is mounted read-only";
    return;
  }
  const Status target = opened ? status_of(opened->get(), "") : Status();
  facts.cannot_change = why_not_in_place(root, facts, target);
  facts.cannot_replace = why_not_replaced(root, folder.get(), target, is_there);
}

std::string folder_of_others(const RootFolder& root, const std::string& path) {
  return first_on_the_way(path, [&](const std::string& part) -> std::string {
    const auto folder = root.open_below(part, O_PATH | O_DIRECTORY);
    struct stat status{};
    if (!folder || ::fstat(folder->get(), &status) != 0 || !others_can_write(status)) return {};
    return part == "." ? root.path() : part;
  });
}

std::string bad_part_of(const RootFolder& root, const std::string& path) {
  return first_on_the_way(path, [&](const std::string& part) -> std::string {
    if (part == ".") return {};
    const auto place = root.place_of(part);
    struct stat status{};
    if (!place || ::fstatat(place->folder.get(), place->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
    if (S_ISLNK(status.st_mode)) return part + " is a symlink";
    return S_ISDIR(status.st_mode) ? std::string() : part + " is no folder";
  });
}

}  // namespace autoheal::host
