#include "tools/host/system/root_folder.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>
#include <climits>

#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

constexpr int root_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

int open_beneath(int folder, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long opened = -1;
  do {
    opened = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
  } while (opened < 0 && (errno == EAGAIN || errno == EINTR));
  return static_cast<int>(opened);
}

}  // namespace

Result<void> check_path(std::string_view path) {
  const auto refuse = [&](const char* why) {
    return failure(ErrorKind::invalid, fmt::format("\"{}\" {}", path.substr(0, 200), why));
  };
  if (path.empty() || path.front() == '/') return refuse("is not a path relative to the root");
  if (path.size() >= PATH_MAX || path.find('\0') != std::string_view::npos) return refuse("is not a path");
  if (path == staging_name || path.starts_with(std::string(staging_name) + "/"))
    return refuse("belongs to Autoheal itself");
  for (std::string_view rest = path; !rest.empty();) {
    const auto slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty()) return refuse("has two slashes in a row");
    if (part == "." || part == "..") return refuse("has \".\" or \"..\" in it: write the path without them");
    if (part.size() > NAME_MAX) return refuse("has a name in it that is longer than 255 bytes");
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
    if (rest.empty()) return refuse("ends in a slash");
  }
  return {};
}

Result<RootFolder> RootFolder::open(const std::string& path) {
  if (!path.starts_with('/')) return failure(ErrorKind::invalid, fmt::format("root \"{}\" is not absolute", path));
  UniqueFd opened(::open(path.c_str(), root_flags));
  if (!opened) return system_failure("root " + path, errno);
  return RootFolder(std::move(opened), path);
}

Result<UniqueFd> RootFolder::open_below(std::string_view path, int flags) const {
  if (path != ".") {
    AUTOHEAL_TRY(check_path(path));
  }
  UniqueFd opened(open_beneath(descriptor(), std::string(path), flags));
  if (!opened) return system_failure(std::string(path), errno);
  return opened;
}

Result<Place> RootFolder::place_of(std::string_view path) const {
  AUTOHEAL_TRY(check_path(path));
  const auto slash = path.rfind('/');
  const std::string_view folder = slash == std::string_view::npos ? "." : path.substr(0, slash);
  UniqueFd opened(open_beneath(descriptor(), std::string(folder), root_flags));
  if (!opened) return system_failure("the folder of " + std::string(path), errno);
  return Place{std::move(opened), std::string(slash == std::string_view::npos ? path : path.substr(slash + 1))};
}

}  // namespace autoheal::host
