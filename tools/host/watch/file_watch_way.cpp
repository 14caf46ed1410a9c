// How FileWatch notices that a root is reached by another way: a link on it is switched, a folder on it is renamed, or
// something is mounted at, above or below it.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>

#include "tools/host/system/system_error.hpp"
#include "tools/host/watch/file_watch.hpp"
#include "tools/host/watch/inotify_terms.hpp"

namespace autoheal::host {

namespace {

constexpr unsigned most_links = 40;  // as the kernel follows
// For a folder on the way only its own removal counts: changes in it would be noise.
constexpr std::uint32_t passed_mask = IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR | IN_MASK_ADD;

std::string link_text(int folder, const std::string& name) {
  std::array<char, PATH_MAX> text;
  const ssize_t size = ::readlinkat(folder, name.c_str(), text.data(), text.size());
  return size < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
}

// Puts the names of a path before those that are left.
void go_along(std::string_view path, std::deque<std::string>& names) {
  std::deque<std::string> first;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) first.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  names.insert(names.begin(), first.begin(), first.end());
}

}  // namespace

// The watches come before the root is opened, so that what changes meanwhile is told.
void FileWatch::watch_way(WatchedFolder& root) {
  forget_way(root);
  std::deque<std::string> names;
  go_along(root.name, names);
  UniqueFd folder(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (unsigned links = 0; folder && !names.empty() && links <= most_links;) {
    const std::string name = std::move(names.front());
    names.pop_front();
    struct stat status{};
    const bool there = ::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there) return note_way(root, folder.get(), name);
    if (S_ISLNK(status.st_mode)) {
      note_way(root, folder.get(), name);
      const std::string text = link_text(folder.get(), name);
      if (text.starts_with('/')) folder = UniqueFd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
      go_along(text, names);
      ++links;
      continue;
    }
    folder = UniqueFd(::openat(folder.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (folder && !names.empty()) note_way(root, folder.get(), {});
  }
}

void FileWatch::note_way(WatchedFolder& root, int folder, const std::string& name) {
  const int watch = add_watch(folder, name.empty() ? passed_mask : structure_mask);
  if (watch >= 0) {
    ways_.emplace(watch, Way{&root, name});
  } else if (!name.empty()) {
    note_problem(root, fmt::format("the target of the link {} on the way to {} is not watched, {}: that the link is "
                                   "switched is found on schedule only",
                                   name, root.name, reason_of(-watch)));
  }
}

void FileWatch::forget_way(const WatchedFolder& root) {
  std::set<int> watches;
  std::erase_if(ways_, [&](const auto& way) {
    if (way.second.root != &root) return false;
    watches.insert(way.first);
    return true;
  });
  for (const int watch : watches) drop_watch(watch);
}

void FileWatch::add_roots_on_way(int watch, std::uint32_t mask, std::string_view name, Batch& batch) const {
  const bool gone = (mask & event_gone_itself) != 0;
  const auto [from, to] = ways_.equal_range(watch);
  for (auto way = from; way != to; ++way) {
    const bool counts = way->second.name.empty() ? gone && name.empty() : name == way->second.name || gone;
    if (counts) batch.roots.insert(way->second.root);
  }
}

// If it leads elsewhere, all engines with paths below it have to be tested, because everything there may have changed.
void FileWatch::arm_again(WatchedFolder& root, bool thorough, Batch& batch) {
  const int before = root.watch;
  arm_root(root, thorough);
  if (!thorough && root.watch == before) return;
  std::set<std::uint32_t> engines;
  tree_.add_engines_below(root, engines);
  hit(root, ".", engines, batch);
}

void FileWatch::mounts_changed(const std::set<std::string>& places) {
  Batch batch;
  for (const auto& root : tree_.roots()) {
    std::error_code problem;
    const std::string real = std::filesystem::weakly_canonical(root->name, problem).string();
    const bool concerned = std::ranges::any_of(
        places, [&](const std::string& place) { return concerns(place, real.empty() ? root->name : real); });
    if (concerned) arm_again(*root, true, batch);
  }
  note_mounted_files();
  finish(std::move(batch));
}

// Writes to a file that is mounted over another are reported to the folder it came from, not to the one where it
// appears.
void FileWatch::note_mounted_files() {
  if (!mounts_) return;
  for (const auto& root : tree_.roots()) {
    std::error_code problem;
    const std::string real = std::filesystem::weakly_canonical(root->name, problem).string();
    for (const Mount& mount : mounts_->mounts()) {
      if (problem || !mount.place.starts_with(real + "/")) continue;
      struct stat status{};
      if (::lstat(mount.place.c_str(), &status) != 0 || S_ISDIR(status.st_mode)) continue;
      const std::filesystem::path below = mount.place.substr(real.size() + 1);
      const WatchedFolder* folder = root.get();
      for (const auto& part : below.parent_path()) folder = folder == nullptr ? nullptr : folder->child(part.string());
      if (folder == nullptr) continue;
      for (const WatchMark& mark : tree_.marks(tree_.marks_of_name(*folder, below.filename().string()))) {
        problems_[mount.place + " is a mount of a file: what is written to it is found on schedule only"].insert(
            tree_.engine(mark.engine));
      }
    }
  }
}

}  // namespace autoheal::host
