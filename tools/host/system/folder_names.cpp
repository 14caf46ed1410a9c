#include "tools/host/system/folder_names.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

constexpr unsigned deepest = 64;
constexpr std::size_t most_entries = 1'000'000;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

struct Walker {
  const OwnFiles& own;
  const Visitor& visit;
  std::size_t entries = 0;

  Result<void> visit_one(int folder, const std::string& name, const std::string& path, unsigned depth) {
    struct stat status{};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return {};
      return system_failure(path, errno);
    }
    if (own.contain(status) || path == staging_name) return {};
    if (++entries > most_entries) return failure(ErrorKind::invalid, path + ": there are more than a million files");
    const auto next = visit(path, status);
    AUTOHEAL_TRY(next);
    if (!S_ISDIR(status.st_mode) || *next == Walk::not_below) return {};
    const UniqueFd below(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!below && errno == ENOENT) return {};
    if (!below) return system_failure(path, errno);
    return visit_all(below.get(), path == "." ? "" : path + "/", depth + 1);
  }

  Result<void> visit_all(int folder, const std::string& prefix, unsigned depth) {
    if (depth > deepest) return failure(ErrorKind::invalid, prefix + " lies too deep");
    const auto names = names_in(folder, prefix);
    AUTOHEAL_TRY(names);
    for (const std::string& name : *names) {
      if (auto visited = visit_one(folder, name, prefix + name, depth); !visited) return visited;
    }
    return {};
  }
};

}  // namespace

Result<std::vector<std::string>> names_in(int folder, const std::string& path) {
  const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return system_failure(path, errno);
  const std::unique_ptr<DIR, CloseFolder> stream(::fdopendir(again));
  if (!stream) {
    ::close(again);
    return system_failure(path, errno);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  if (errno != 0) return system_failure(path, errno);
  std::ranges::sort(names);
  return names;
}

Result<void> walk(const RootFolder& root, const std::string& start, const OwnFiles& own, const Visitor& visit) {
  Walker walker{own, visit};
  if (start == ".") return walker.visit_one(root.descriptor(), ".", ".", 0);
  const auto place = root.place_of(start);
  if (!place && place.error().kind == ErrorKind::not_found) return {};
  AUTOHEAL_TRY(place);
  return walker.visit_one(place->folder.get(), place->name, start, 0);
}

}  // namespace autoheal::host
