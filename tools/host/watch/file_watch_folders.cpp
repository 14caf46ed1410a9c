// Chooses the folders that the kernel watches: armed from the root down, and again wherever one came or went.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "tools/host/system/system_error.hpp"
#include "tools/host/watch/file_watch.hpp"
#include "tools/host/watch/inotify_terms.hpp"

namespace autoheal::host {

namespace {

constexpr int folder_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr unsigned deepest_watched = 64;
constexpr unsigned tries_for_root = 64;
constexpr const char* on_schedule = ": tested on schedule only";

unsigned depth_of(const WatchedFolder& folder) { return folder.above == nullptr ? 0 : 1 + depth_of(*folder.above); }

Result<UniqueFd> failure_of(const Result<RootFolder>& root) { return std::unexpected(root.error()); }

struct CloseWatchedFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// Adds the names of folders in an open folder, at most `most`. 0, or what went wrong.
int add_folders_in(int descriptor, std::size_t most, std::set<std::string>& names) {
  UniqueFd opened(::openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, CloseWatchedFolder> stream(opened ? ::fdopendir(opened.get()) : nullptr);
  if (!stream) return errno;
  (void)opened.release();
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)) continue;
    if (names.size() >= most) break;
    names.insert(name);
  }
  return errno;
}

}  // namespace

void FileWatch::watch(const std::vector<WatchedEngine>& engines) {
  std::set<int> before;
  for (const auto& [watch, folder] : by_watch_) before.insert(watch);
  for (const auto& [root, above] : missing_) before.insert(above.watch);
  for (const auto& [watch, way] : ways_) before.insert(watch);
  by_watch_.clear();
  missing_.clear();
  ways_.clear();
  told_problems_.clear();
  told_loss_ = false;
  real_roots_.clear();
  own_paths_.clear();
  for (const auto& path : own_files_) {
    std::error_code problem;
    const auto folder = std::filesystem::canonical(path.parent_path(), problem);
    if (!problem) own_paths_.insert((folder / path.filename()).string());
  }
  tree_ = WatchTree(engines);
  for (const std::string& problem : tree_.problems()) problems_[problem];
  for (const auto& root : tree_.roots()) arm_root(*root, false);
  // Only now: a folder that stays keeps its watch, and with it the events that wait.
  for (const int watch : before) drop_watch(watch);
  note_mounted_files();
  tell_problems();
}

std::size_t FileWatch::folders_watched() const {
  std::set<int> watches;
  for (const auto& [watch, folder] : by_watch_) watches.insert(watch);
  return watches.size();
}

std::vector<WatchedFolder*> FileWatch::folders_of(int watch) const {
  std::vector<WatchedFolder*> folders;
  const auto [from, to] = by_watch_.equal_range(watch);
  for (auto at = from; at != to; ++at) folders.push_back(at->second);
  return folders;
}

void FileWatch::look_again(const std::pair<int, std::string>& moved, Batch& batch) {
  const auto& [watch, name] = moved;
  std::vector<WatchedFolder*> roots;
  for (const auto& root : tree_.roots()) {
    const auto above = missing_.find(root.get());
    if (name.empty() && above != missing_.end() && above->second.watch == watch) roots.push_back(root.get());
  }
  for (WatchedFolder* folder : folders_of(watch)) {
    // An earlier event of this batch may have removed it.
    const auto still = folders_of(watch);
    if (std::ranges::find(still, folder) == still.end()) continue;
    WatchedFolder* const above = name.empty() ? folder->above : folder;
    if (above == nullptr) {
      roots.push_back(folder);
      continue;
    }
    const std::string child = name.empty() ? folder->name : name;
    const auto root = RootFolder::open(root_of(*above).name);
    const auto opened = root ? root->open_below(path_below_root(*above), folder_flags) : failure_of(root);
    if (opened) {
      arm_child(*above, opened->get(), child, false);
    } else if (opened.error().kind != ErrorKind::not_found) {
      note_problem(*above, fmt::format("{} is not watched, {}{}", absolute_path(*above, child), opened.error().message,
                                       on_schedule));
    }
  }
  for (WatchedFolder* root : roots) {
    const bool was_missing = missing_.contains(root);
    arm_root(*root, false);
    if (!was_missing || missing_.contains(root)) continue;
    std::set<std::uint32_t> engines;
    tree_.add_engines_below(*root, engines);
    hit(*root, ".", engines, batch);
  }
}

void FileWatch::arm_root(WatchedFolder& root, bool thorough) {
  for (unsigned tries = 0; tries < tries_for_root; ++tries) {
    watch_way(root);
    const UniqueFd opened(::open(root.name.c_str(), folder_flags));
    if (opened) {
      std::error_code problem;
      if (!own_paths_.empty()) real_roots_[&root] = std::filesystem::canonical(root.name, problem).string();
      forget_above(root);
      arm(root, opened.get(), thorough);
      return;
    }
    const int problem = errno;
    disarm(root);
    if (problem != ENOENT && problem != ENOTDIR) return note_failure(root, "", problem);
    if (!watch_above(root)) return;
  }
}

// A watch on the nearest folder above, for the name that is missing in it. True: that name has come meanwhile.
bool FileWatch::watch_above(WatchedFolder& root) {
  forget_above(root);
  std::filesystem::path missing = std::filesystem::path(root.name + "/").lexically_normal().parent_path();
  UniqueFd opened;
  while (!opened && missing.has_relative_path()) {
    opened = UniqueFd(::open(missing.parent_path().c_str(), folder_flags));
    if (!opened) missing = missing.parent_path();
  }
  if (!opened) return false;
  const int watch = add_watch(opened.get(), structure_mask);
  if (watch < 0) {
    note_failure(root, "", -watch);
    return false;
  }
  missing_[&root] = {watch, missing.filename().string()};
  struct stat status{};
  return ::stat(missing.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

void FileWatch::arm_child(WatchedFolder& folder, int descriptor, const std::string& name, bool thorough) {
  WatchedFolder* child = folder.child(name);
  const bool declared = child != nullptr && child->declared;
  const MarkSet content = tree_.content_of_child(folder, name);
  if (!declared && content == 0) return;
  const UniqueFd opened(::openat(descriptor, name.c_str(), folder_flags | O_NOFOLLOW));
  if (!opened) {
    const int problem = errno;
    if (child != nullptr) disarm(*child);
    if (child != nullptr && !declared) take_out(*child);
    note_unopened(folder, descriptor, name, declared, problem);
    return;
  }
  if (child == nullptr) {
    if (!may_find(folder, name)) return;
    child = &folder.make_child(name);
    if (folder.inside != 0) child->top = folder.top != nullptr ? folder.top : &folder;
    if (child->top != nullptr) ++child->top->found;
  }
  child->inside = content;
  arm(*child, opened.get(), thorough);
}

// A file where a folder may or may not be is as it should be; where one has to be passed it is not.
void FileWatch::note_unopened(const WatchedFolder& folder, int descriptor, const std::string& name, bool declared,
                              int error_number) {
  if (error_number == ENOENT || (error_number == ENOTDIR && !declared)) return;
  struct stat status{};
  const bool is_link =
      ::fstatat(descriptor, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
  note_failure(declared ? *folder.child(name) : folder, declared ? "" : name, is_link ? ELOOP : error_number);
}

void FileWatch::take_out(WatchedFolder& found) {
  if (found.top != nullptr) --found.top->found;
  found.above->remove_child(std::string(found.name));
}

// A folder in a watched one, nobody's declared target.
bool FileWatch::may_find(WatchedFolder& folder, const std::string& name) {
  if (folder.inside == 0) return true;
  if (is_own(folder, name)) return false;
  WatchedFolder& top = folder.top != nullptr ? *folder.top : folder;
  if (top.found < most_folders_below && depth_of(folder) < deepest_watched) return true;
  note_problem(
      folder,
      fmt::format(
          "{} holds more than {} folders or is nested too deeply: changes further in are found on schedule only",
          absolute_path(top, ""), most_folders_below));
  return false;
}

void FileWatch::arm(WatchedFolder& folder, int descriptor, bool thorough) {
  if (folder.above == nullptr) folder.inside = folder.content;
  const std::uint32_t mask = structure_mask | (tree_.wants_writes(folder) ? event_writes : 0U);
  const int watch = add_watch(descriptor, mask);
  if (watch >= 0 && watch == folder.watch && !thorough) return;
  if (watch != folder.watch) disarm(folder);
  if (watch < 0) {
    note_failure(folder, "", -watch);
  } else if (folder.watch < 0) {
    folder.watch = watch;
    by_watch_.emplace(watch, &folder);
  }
  // Also below a folder that gives no watch: one that may be entered but not read is common.
  arm_below(folder, descriptor, thorough);
}

// After the folder has its watch, so that whatever comes later is told.
void FileWatch::arm_below(WatchedFolder& folder, int descriptor, bool thorough) {
  std::set<std::string> names;
  for (const auto& child : folder.below) names.insert(child->name);
  for (const WatchedName& name : folder.names) {
    struct stat status{};
    const std::string text(tree_.text_of(name));
    const bool is_folder =
        ::fstatat(descriptor, text.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
    if (is_folder) names.insert(text);
  }
  const auto& inside = tree_.marks(folder.inside);
  if (std::ranges::any_of(inside, &WatchMark::deep)) {
    const int problem = add_folders_in(descriptor, names.size() + most_folders_below + 1, names);
    if (problem != 0) note_failure(folder, "", problem);
  }
  for (const std::string& name : names) arm_child(folder, descriptor, name, thorough);
}

void FileWatch::disarm(WatchedFolder& folder) {
  for (const auto& child : folder.below) disarm(*child);
  std::erase_if(folder.below, [](const auto& child) {
    if (child->declared) return false;
    if (child->top != nullptr) --child->top->found;
    return true;
  });
  if (folder.watch < 0) return;
  const auto [from, to] = by_watch_.equal_range(folder.watch);
  const auto one = std::find_if(from, to, [&](const auto& entry) { return entry.second == &folder; });
  if (one != to) by_watch_.erase(one);
  drop_watch(std::exchange(folder.watch, -1));
}

void FileWatch::forget_above(const WatchedFolder& root) {
  const auto above = missing_.find(&root);
  if (above == missing_.end()) return;
  const int watch = above->second.watch;
  missing_.erase(above);
  drop_watch(watch);
}

// Unless another folder shares it.
void FileWatch::drop_watch(int watch) {
  if (by_watch_.contains(watch) || ways_.contains(watch)) return;
  for (const auto& [root, above] : missing_) {
    if (above.watch == watch) return;
  }
  // It may be gone with its folder already.
  (void)::inotify_rm_watch(inotify_.native_handle(), watch);
}

void FileWatch::note_problem(const WatchedFolder& folder, const std::string& sentence) {
  std::set<std::uint32_t> engines;
  tree_.add_engines_below(folder, engines);
  for (const WatchMark& mark : tree_.marks(folder.inside)) engines.insert(mark.engine);
  for (const std::uint32_t engine : engines) problems_[sentence].insert(tree_.engine(engine));
}

void FileWatch::note_failure(const WatchedFolder& folder, const std::string& name, int error_number) {
  if (error_number == ENOSPC) {
    return note_problem(
        folder, fmt::format("no more folders can be watched ({}, raise it with sysctl fs.inotify.max_user_watches){}",
                            inotify_setting("max_user_watches"), on_schedule));
  }
  note_problem(folder, fmt::format("{} is not watched, {}{}", absolute_path(folder, name), reason_of(error_number),
                                   on_schedule));
}

}  // namespace autoheal::host
