#include "tools/host/change/left_behind.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "tools/host/system/folder_names.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

constexpr std::string_view lock_name = "lock";
constexpr unsigned most_levels = 64;

std::uint64_t bytes_below(int folder, const std::string& name, unsigned depth) {
  const UniqueFd opened(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const auto names = opened ? names_in(opened.get(), name) : failure(ErrorKind::failed, "");
  std::uint64_t bytes = 0;
  if (!names || depth > most_levels) return bytes;
  for (const std::string& inner : *names) {
    struct stat status{};
    if (::fstatat(opened.get(), inner.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    bytes += S_ISDIR(status.st_mode) ? bytes_below(opened.get(), inner, depth + 1)
                                     : static_cast<std::uint64_t>(status.st_size);
  }
  return bytes;
}

// A rename sets the ctime: that is when it came here.
Duration since_it_came(const struct stat& status) {
  const auto came = std::chrono::seconds(status.st_ctim.tv_sec) + std::chrono::nanoseconds(status.st_ctim.tv_nsec);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::max(Duration{0}, std::chrono::duration_cast<Duration>(now - came));
}

}  // namespace

Result<std::vector<LeftBehind>> left_behind(const std::string& root) {
  const std::string path = root + "/" + std::string(staging_name);
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  std::vector<LeftBehind> all;
  if (!folder && (errno == ENOENT || errno == ENOTDIR)) return all;
  if (!folder) return system_failure(path, errno);
  const auto names = names_in(folder.get(), path);
  AUTOHEAL_TRY(names);
  for (const std::string& name : *names) {
    struct stat status{};
    if (name == lock_name || ::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    LeftBehind& one = all.emplace_back();
    one.path = std::string(staging_name) + "/" + name;
    one.bytes =
        S_ISDIR(status.st_mode) ? bytes_below(folder.get(), name, 0) : static_cast<std::uint64_t>(status.st_size);
    one.age = since_it_came(status);
    const auto read = read_slot_name(name, {});
    if (!read) continue;
    one.slot = read->slot;
    one.ledger = read->ledger;
    one.heal = read->heal;
    one.number = read->number;
  }
  return all;
}

}  // namespace autoheal::host
