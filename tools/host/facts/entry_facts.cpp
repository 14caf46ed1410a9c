#include "tools/host/facts/entry_facts.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <thread>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/host/system/access_lists.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::TargetKind;

constexpr int times_to_look = 4;
constexpr std::int64_t young_ns = 20'000'000;

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

TargetKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return TargetKind::file;
  if (S_ISDIR(mode)) return TargetKind::folder;
  if (S_ISLNK(mode)) return TargetKind::link;
  return TargetKind::other;
}

// From 6.13 on these file systems stamp a change after a look with a time of its own, however soon it comes.
bool stamps_are_fine(int descriptor) {
  static const bool kernel_does = [] {
    utsname system{};
    if (::uname(&system) != 0) return false;
    std::string_view rest = system.release;
    const unsigned major = take_number<unsigned>(rest).value_or(0);
    const unsigned minor = rest.starts_with('.') ? leading_number<unsigned>(rest.substr(1)).value_or(0) : 0;
    return major > 6 || (major == 6 && minor >= 13);
  }();
  struct statfs volume{};
  if (!kernel_does || ::fstatfs(descriptor, &volume) != 0) return false;
  constexpr std::array fine = {0xEF53L, 0x58465342L, 0x9123683EL, 0x01021994L};  // ext4, xfs, btrfs, tmpfs
  for (const long magic : fine) {
    if (static_cast<long>(volume.f_type) == magic) return true;
  }
  return false;
}

// Waits until the file's ctime is older than a tick could hide. False: it is already, nothing to do.
bool wait_until_aged(int descriptor, std::int64_t ctime_ns) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t age = nanoseconds(now) - ctime_ns;
  if (age < 0 || age >= young_ns || stamps_are_fine(descriptor)) return false;
  std::this_thread::sleep_for(std::chrono::nanoseconds(young_ns - age));
  return true;
}

Result<std::string> digest_in_pieces(int descriptor, const std::string& path) {
  Sha256Stream stream;
  const auto read = read_in_pieces(descriptor, [&](std::string_view piece) {
    stream.update(piece.data(), piece.size());
    return true;
  });
  if (!read) return system_failure(path, read.error());
  return "sha256:" + to_hex(stream.finish());
}

Result<void> read_once(int descriptor, const Look& look, const engine::BlobStore& blobs, Seen& seen) {
  if (!look.keep_content && look.naming == BlobNaming::plain) {
    auto digest = digest_in_pieces(descriptor, seen.facts.path);
    AUTOHEAL_TRY(digest);
    seen.facts.digest = std::move(*digest);
    return {};
  }
  auto content = read_all(descriptor, seen.facts.path, look.limit);
  AUTOHEAL_TRY(content);
  seen.facts.digest = blobs.name_of(*content, look.naming);
  if (look.keep_content) seen.content = std::move(*content);
  return {};
}

std::string hex_of_attribute(int descriptor, const char* name) {
  const std::string path = path_of_open(descriptor);
  std::array<char, 256> value{};
  const ssize_t size = ::getxattr(path.c_str(), name, value.data(), value.size());
  std::string hex;
  for (ssize_t at = 0; at < size; ++at) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(value[static_cast<std::size_t>(at)]);
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  return hex;
}

// `readable` may be closed: then the generation is not known.
Result<void> add_rights(int descriptor, int readable, TargetFacts& facts) {
  auto acl = access_list_of(descriptor);
  AUTOHEAL_TRY(acl);
  facts.acl = std::move(*acl);
  if (facts.kind == TargetKind::folder) {
    auto inherited = default_list_of(descriptor);
    AUTOHEAL_TRY(inherited);
    facts.default_acl = std::move(*inherited);
  }
  if (facts.kind == TargetKind::file) facts.capability = hex_of_attribute(descriptor, "security.capability");
  facts.generation = generation_of(readable);
  return {};
}

// Reads until the facts before and after are the same: what is hashed is what is described.
Result<Seen> look_at_file(int descriptor, const std::string& path, const Look& look, const engine::BlobStore& blobs) {
  bool aged = !look.aged;
  for (int round = 0; round < times_to_look; ++round) {
    struct stat before{};
    struct stat after{};
    if (::fstat(descriptor, &before) != 0) return system_failure(path, errno);
    Seen seen{facts_from(before, path), {}};
    AUTOHEAL_TRY(read_once(descriptor, look, blobs, seen));
    if (::fstat(descriptor, &after) != 0) return system_failure(path, errno);
    TargetFacts again = facts_from(after, path);
    again.digest = seen.facts.digest;
    again.links = seen.facts.links;
    if (!(again == seen.facts)) continue;
    if (aged || !wait_until_aged(descriptor, seen.facts.ctime_ns)) return seen;
    aged = true;
  }
  return failure(ErrorKind::changed, path + " changes while it is read");
}

Result<Seen> look_at_link(int descriptor, const struct stat& status, const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(descriptor, "", target.data(), target.size());
  if (size < 0) return system_failure(path, errno);
  Seen seen{facts_from(status, path), {}};
  target.resize(static_cast<std::size_t>(size));
  seen.facts.link_target = std::move(target);
  return seen;
}

Result<Seen> look_at_open(const UniqueFd& opened, const std::string& path, const Look& look,
                          const engine::BlobStore& blobs, const OwnFiles& own) {
  struct stat status{};
  if (::fstat(opened.get(), &status) != 0) return system_failure(path, errno);
  if (S_ISLNK(status.st_mode)) return look_at_link(opened.get(), status, path);
  if (S_ISREG(status.st_mode) && own.contain(status))
    return failure(ErrorKind::refused, path + " is one of Autoheal's own files");
  // Opening a device, a socket or a FIFO would do something to it.
  const bool opens = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
  const UniqueFd readable = opens ? reopen_for_reading(opened.get()) : UniqueFd();
  const int problem = errno;
  Seen plain{facts_from(status, path), {}};
  const bool left_out = !look.digest || (!look.digest_of_large && plain.facts.size > content_limit);
  if (S_ISREG(status.st_mode) && !left_out) {
    if (!readable && look.digest_needed) return system_failure(path, problem);
    auto seen = readable ? look_at_file(readable.get(), path, look, blobs) : failure(ErrorKind::refused, path);
    if (!seen && look.digest_needed) return seen;
    if (seen) plain = std::move(*seen);
  }
  if (look.rights) {
    auto added = add_rights(opened.get(), readable.get(), plain.facts);
    if (!added) return failure(added.error().kind, path + ": " + added.error().message);
  }
  return plain;
}

Seen absent(const std::string& path) {
  Seen seen;
  seen.facts.path = path;
  return seen;
}

}  // namespace

TargetFacts facts_from(const struct stat& seen, const std::string& path) {
  TargetFacts facts;
  facts.path = path;
  facts.kind = kind_of(seen.st_mode);
  facts.mode = seen.st_mode & 07777U;
  facts.uid = seen.st_uid;
  facts.gid = seen.st_gid;
  facts.device = seen.st_dev;
  facts.inode = seen.st_ino;
  facts.size = static_cast<std::uint64_t>(seen.st_size);
  facts.links = seen.st_nlink;
  facts.mtime_ns = nanoseconds(seen.st_mtim);
  facts.ctime_ns = nanoseconds(seen.st_ctim);
  return facts;
}

UniqueFd reopen_for_reading(int path_descriptor) {
  const std::string name = "/proc/self/fd/" + std::to_string(path_descriptor);
  return UniqueFd(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

Result<std::string> read_all(int descriptor, const std::string& name, std::size_t limit) {
  const auto too_large = [&] {
    return failure(ErrorKind::invalid, fmt::format("{} is larger than {} bytes", name, limit));
  };
  struct stat status{};
  std::size_t size = 0;
  if (::fstat(descriptor, &status) == 0 && status.st_size > 0) {
    if (static_cast<std::size_t>(status.st_size) > limit) return too_large();
    size = static_cast<std::size_t>(status.st_size);
  }
  auto content = read_whole(descriptor, limit, size);
  if (content) return std::move(*content);
  return content.error() == EFBIG ? too_large() : system_failure(name, content.error());
}

Result<Seen> look_at_entry(int folder, const std::string& name, const std::string& path, const Look& look,
                           const engine::BlobStore& blobs, const OwnFiles& own) {
  const UniqueFd opened(::openat(folder, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!opened && errno == ENOENT) return absent(path);
  if (!opened) return system_failure(path, errno);
  return look_at_open(opened, path, look, blobs, own);
}

std::uint64_t generation_of(int descriptor) {
  // The kernel writes an int, whatever the name of the call says.
  unsigned generation = 0;
  return descriptor >= 0 && ::ioctl(descriptor, FS_IOC_GETVERSION, &generation) == 0 ? generation : 0;
}

bool is_same_inode(const TargetFacts& now, const TargetFacts& before) {
  if (now.kind != before.kind || now.inode != before.inode) return false;
  if (now.generation != 0 && before.generation != 0) return now.generation == before.generation;
  // A device may have another number after a reboot; then what nobody wrote to is still the same.
  return now.device == before.device || (now.size == before.size && now.mtime_ns == before.mtime_ns);
}

bool is_as_after(const TargetFacts& now, const workflows::TargetAfter& after) {
  if (now.kind != after.kind) return false;
  if (after.kind == TargetKind::absent) return true;
  if (now.uid != after.uid || now.gid != after.gid) return false;
  if (after.kind == TargetKind::link) return now.link_target == after.link_target;
  const bool held = after.kind == TargetKind::file || (after.kind == TargetKind::folder && !after.content.empty());
  return now.mode == after.mode && now.acl == after.acl && (!held || now.digest == after.content);
}

bool is_as_seen(const TargetFacts& now, const TargetFacts& before) {
  if (now.kind == TargetKind::absent || before.kind == TargetKind::absent) return now.kind == before.kind;
  if (!is_same_inode(now, before) || !holds_the_same(now, before)) return false;
  return now.kind == TargetKind::folder || (now.size == before.size && now.mtime_ns == before.mtime_ns);
}

bool holds_the_same(const TargetFacts& one, const TargetFacts& other) { return is_as_after(one, as_after(other)); }

workflows::TargetAfter as_after(const TargetFacts& facts) {
  return {facts.kind, facts.digest, facts.mode, facts.uid, facts.gid, facts.link_target, facts.acl, {}};
}

}  // namespace autoheal::host
