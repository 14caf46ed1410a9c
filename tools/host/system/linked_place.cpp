#include "tools/host/system/linked_place.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>

#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

constexpr unsigned most_links_on_the_way = 40;  // as the kernel follows
constexpr int way_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr std::string_view run_folder = "/run";

std::string text_of_link(int folder, const char* name) {
  std::array<char, PATH_MAX> text{};
  const ssize_t size = ::readlinkat(folder, name, text.data(), text.size());
  return size <= 0 || static_cast<std::size_t>(size) == text.size()
             ? std::string()
             : std::string(text.data(), static_cast<std::size_t>(size));
}

// Where the kernel says that an open folder is.
std::string path_of(int folder) { return text_of_link(AT_FDCWD, ("/proc/self/fd/" + std::to_string(folder)).c_str()); }

bool is_in(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.starts_with('/');
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string joined(const std::string& folder, const std::string& name) {
  return (folder == "/" ? "" : folder) + "/" + name;
}

class LinkedWalk {
 public:
  LinkedWalk(const RootFolder& root, std::string_view path)
      : root_(root), written_(path), real_root_(path_of(root.descriptor())) {
    go_along(path);
  }

  Result<LinkedPlace> run() {
    folder_ = UniqueFd(::openat(root_.descriptor(), ".", way_flags));
    while (folder_ && !names_.empty()) {
      const std::string name = std::move(names_.front());
      names_.pop_front();
      auto there = step(name);
      AUTOHEAL_TRY(there);
      if (!*there) return finished(name);
    }
    if (!folder_) return look_failure(written_, errno);
    return failure(ErrorKind::not_found, written_ + " is no file");
  }

 private:
  // Puts the names of a path before those that are left.
  void go_along(std::string_view path) {
    std::deque<std::string> first;
    while (!path.empty()) {
      const auto slash = std::min(path.find('/'), path.size());
      const std::string_view name = path.substr(0, slash);
      if (!name.empty() && name != ".") first.emplace_back(name);
      path.remove_prefix(std::min(slash + 1, path.size()));
    }
    names_.insert(names_.begin(), first.begin(), first.end());
  }

  // True: one name further. False: this name is the last one that is there.
  Result<bool> step(const std::string& name) {
    const std::string here = path_of(folder_.get());
    if (here == real_root_ && name == staging_name) return elsewhere("into what belongs to Autoheal itself");
    UniqueFd next(::openat(folder_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!next && errno != ENOENT) return look_failure(written_, errno);
    if (next && ::fstat(next.get(), &status) != 0) return system_failure(written_, errno);
    if (next && S_ISLNK(status.st_mode)) return follow(here, name);
    if (next && !names_.empty() && S_ISDIR(status.st_mode)) {
      folder_ = std::move(next);
      return true;
    }
    if (next && !names_.empty()) return failure(ErrorKind::not_found, joined(here, name) + " is no folder");
    found_.file = std::move(next);
    return false;
  }

  Result<bool> follow(const std::string& here, const std::string& name) {
    const bool of_system = here == "/var" && name == "run";
    if (!of_system && !is_allowed(here)) return elsewhere("through the link " + joined(here, name));
    if (found_.links.size() == most_links_on_the_way) return system_failure(written_, ELOOP);
    found_.links.push_back(place_of(joined(here, name)));
    std::string text = text_of_link(folder_.get(), name.c_str());
    if (text.empty()) return system_failure(written_, ENAMETOOLONG);
    if (!text.starts_with('/')) {
      go_along(text);
      return true;
    }
    // The root's own path may lead through links: it is the owner's word.
    const bool from_root = is_in(text, root_.path());
    folder_ = UniqueFd(from_root ? ::openat(root_.descriptor(), ".", way_flags) : ::open("/", way_flags));
    go_along(from_root ? std::string_view(text).substr(root_.path().size()) : std::string_view(text));
    return true;
  }

  Result<LinkedPlace> finished(const std::string& name) {
    const std::string here = path_of(folder_.get());
    if (!is_allowed(here)) return elsewhere("to " + joined(here, name));
    std::string path = joined(here, name);
    for (const std::string& rest : names_) path = joined(path, rest);
    found_.place = place_of(path);
    return std::move(found_);
  }

  [[nodiscard]] FoundPlace place_of(const std::string& path) const {
    if (!is_in(path, real_root_)) return {path, false};
    if (path == real_root_) return {".", true};
    return {path.substr(joined(real_root_, "").size()), true};
  }

  [[nodiscard]] bool is_allowed(const std::string& folder) const {
    return is_in(folder, real_root_) || is_in(folder, run_folder);
  }

  [[nodiscard]] std::unexpected<Error> elsewhere(const std::string& where) const {
    return failure(ErrorKind::refused,
                   fmt::format("{} leads {}, which is neither below the root nor in /run", written_, where),
                   "a link on the way to a pidfile may lead to one of these only");
  }

  const RootFolder& root_;
  std::string written_, real_root_;
  std::deque<std::string> names_;
  UniqueFd folder_;
  LinkedPlace found_;
};

}  // namespace

Result<LinkedPlace> follow_links(const RootFolder& root, std::string_view path) {
  AUTOHEAL_TRY(check_path(path));
  return LinkedWalk(root, path).run();
}

}  // namespace autoheal::host
