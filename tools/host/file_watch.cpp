#include "tools/host/file_watch.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include "tools/host/joined_names.hpp"
#include "tools/host/system_error.hpp"
#include "workflows/glob.hpp"

namespace autoheal::host {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t structure = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;
constexpr std::uint32_t gone_itself = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT;
constexpr std::uint32_t writes = IN_MODIFY | IN_CLOSE_WRITE;
// Never replaces the mask of a folder that another engine watches for more.
constexpr std::uint32_t structure_mask =
    structure | IN_DELETE_SELF | IN_MOVE_SELF | IN_EXCL_UNLINK | IN_ONLYDIR | IN_MASK_ADD;

constexpr int folder_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr unsigned reads_per_batch = 256;
constexpr std::size_t read_size = 16384;
constexpr unsigned deepest = 64;
constexpr unsigned tries_for_root = 64;
constexpr std::size_t most_problems_told = 1000;  // between two reloads
constexpr const char* on_schedule = ": tested on schedule only";

std::string setting(const std::string& name) {
  const std::string path = "/proc/sys/fs/inotify/" + name;
  std::string value;
  std::ifstream(path) >> value;
  return path + " is " + (value.empty() ? "unknown" : value);
}

// What SQLite puts beside a database while it is used.
std::string_view without_side_ending(std::string_view name) {
  for (const std::string_view ending : {"-wal", "-shm", "-journal"}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

unsigned depth_of(const WatchedFolder& folder) { return folder.above == nullptr ? 0 : 1 + depth_of(*folder.above); }

Result<UniqueFd> failure_of(const Result<RootFolder>& root) { return std::unexpected(root.error()); }

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// Names of folders in an open folder, at most `most`.
std::vector<std::string> folders_in(int descriptor, std::size_t most) {
  std::vector<std::string> names;
  UniqueFd opened(::openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, CloseFolder> stream(opened ? ::fdopendir(opened.get()) : nullptr);
  if (!stream) return names;
  (void)opened.release();
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)) continue;
    if (names.size() == most) break;
    names.push_back(name);
  }
  return names;
}

std::string absolute(const WatchedFolder& folder, const std::string& name) {
  const std::string below = path_below_root(folder);
  return root_of(folder).name + "/" + (below == "." ? "" : below + "/") + name;
}

}  // namespace

Result<std::unique_ptr<FileWatch>> FileWatch::create(asio::any_io_executor executor, OwnChanges& own_changes,
                                                     std::vector<std::filesystem::path> own_files) {
  UniqueFd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) {
    const int problem = errno;
    auto failed = system_failure("watching files", problem);
    if (problem == EMFILE) failed.error().message += " (" + setting("max_user_instances") + ", or too few descriptors)";
    failed.error().message += ": engines are tested on schedule only";
    return failed;
  }
  try {
    std::unique_ptr<FileWatch> watch(
        new FileWatch(std::move(executor), std::move(inotify), own_changes, std::move(own_files)));
    watch->wait();
    return watch;
  } catch (const std::exception& error) {
    return failure(ErrorKind::unavailable, std::string("watching files: ") + error.what());
  }
}

FileWatch::FileWatch(asio::any_io_executor executor, UniqueFd inotify, OwnChanges& own_changes,
                     std::vector<std::filesystem::path> own_files)
    : executor_(std::move(executor)), inotify_(executor_), own_changes_(own_changes), own_files_(std::move(own_files)) {
  inotify_.assign(inotify.get());
  (void)inotify.release();
  own_changes_.when_ended([this, alive = alive_, on = executor_] {
    asio::post(on, [this, alive] {
      if (*alive) judge_pending();
    });
  });
}

FileWatch::~FileWatch() {
  own_changes_.when_ended({});
  *alive_ = false;
}

void FileWatch::wait() {
  inotify_.async_wait(asio::posix::descriptor_base::wait_read, [this, alive = alive_](boost::system::error_code error) {
    if (error || !*alive) return;
    drain();
    if (*alive) wait();
  });
}

void FileWatch::drain() {
  std::vector<char> events;
  std::array<char, read_size> piece;
  for (unsigned reads = 0; reads < reads_per_batch; ++reads) {
    const ssize_t got = ::read(inotify_.native_handle(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    events.insert(events.end(), piece.begin(), piece.begin() + got);
  }
  take(events);
}

int FileWatch::add_watch(int folder_descriptor, std::uint32_t mask) {
  // By descriptor: the folder was opened without following a link, and no name can be changed under it.
  const std::string path = "/proc/self/fd/" + std::to_string(folder_descriptor);
  const int watch = ::inotify_add_watch(inotify_.native_handle(), path.c_str(), mask);
  return watch >= 0 ? watch : -errno;
}

// ---- events

void FileWatch::take(std::span<const char> events) {
  Batch batch;
  while (events.size() >= sizeof(inotify_event)) {
    inotify_event event{};
    std::memcpy(&event, events.data(), sizeof event);
    if (events.size() - sizeof event < event.len) break;
    const char* const text = events.data() + sizeof event;
    read_event(event.wd, event.mask, {text, ::strnlen(text, event.len)}, batch);
    events = events.subspan(sizeof event + event.len);
  }
  finish(std::move(batch));
}

void FileWatch::read_event(int watch, std::uint32_t mask, std::string_view name, Batch& batch) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    batch.lost = true;
    return;
  }
  const auto [from, to] = by_watch_.equal_range(watch);
  for (auto at = from; at != to; ++at) {
    if (name.empty()) {
      read_event_of_itself(*at->second, mask, batch);
    } else {
      read_event_in(*at->second, mask, std::string(name), batch);
    }
  }
  for (const auto& [root, above] : missing_) {
    if (above.watch == watch && (name.empty() || name == above.next)) batch.moved.emplace(watch, "");
  }
}

void FileWatch::read_event_of_itself(const WatchedFolder& folder, std::uint32_t mask, Batch& batch) {
  const bool gone = (mask & gone_itself) != 0;
  if (gone) batch.moved.emplace(folder.watch, "");
  // Of any other folder, the one above it tells the same with its name.
  const bool told_above = folder.above != nullptr && folder.above->watch >= 0;
  if (!folder.declared || (!gone && told_above)) return;
  std::set<std::uint32_t> engines;
  tree_.add_engines_below(folder, engines);
  if (folder.above == nullptr) {
    hit(folder, ".", engines, batch);
  } else {
    hit(*folder.above, folder.name, engines, batch);
  }
}

void FileWatch::read_event_in(const WatchedFolder& folder, std::uint32_t mask, const std::string& name, Batch& batch) {
  if (name == staging_name && folder.above == nullptr) return;
  std::set<std::uint32_t> engines;
  const bool structural = (mask & structure) != 0;
  const WatchedFolder* const child = folder.child(name);
  const MarkSet marks = tree_.marks_of_name(folder, name);
  if (structural && child != nullptr && child->declared) tree_.add_engines_below(*child, engines);
  for (const WatchMark& mark : tree_.marks(marks)) {
    if (structural || !mark.presence) engines.insert(mark.engine);
  }
  if (folder.inside != 0 && name != staging_name && !is_own(folder, name)) {
    for (const WatchMark& mark : tree_.marks(folder.inside)) {
      if (counts_inside(folder, mark, mask, name)) engines.insert(mark.engine);
    }
  }
  const bool could_lead_on = child != nullptr || marks != 0 || (folder.inside != 0 && (mask & IN_ISDIR) != 0);
  if (structural && could_lead_on) batch.moved.emplace(folder.watch, name);
  if (!engines.empty()) hit(folder, name, engines, batch);
}

bool FileWatch::counts_inside(const WatchedFolder& folder, const WatchMark& mark, std::uint32_t event,
                              const std::string& name) const {
  const bool writing = (event & structure) == 0;
  const std::string_view database = without_side_ending(name);
  const bool beside = database.size() < name.size();
  if (mark.presence && (writing || beside)) return false;
  if (writing || beside) {
    // The users of a database that is state write to it all the time.
    for (const WatchMark& declared : tree_.marks(tree_.marks_of_name(folder, database))) {
      if (declared.engine == mark.engine && declared.presence) return false;
    }
  }
  if (mark.pattern == WatchMark::no_pattern) return true;
  if ((event & IN_ISDIR) != 0) return mark.deep && (event & structure & ~static_cast<std::uint32_t>(IN_ATTRIB)) != 0;
  const std::string above = path_below_root(folder);
  return workflows::glob_matches(tree_.pattern(mark.pattern), above == "." ? name : above + "/" + name);
}

bool FileWatch::is_own(const WatchedFolder& folder, const std::string& name) const {
  if (own_paths_.empty()) return false;
  const auto real = real_roots_.find(&root_of(folder));
  if (real == real_roots_.end()) return false;
  const std::string below = path_below_root(folder);
  return own_paths_.contains(real->second + "/" + (below == "." ? "" : below + "/") + name);
}

void FileWatch::hit(const WatchedFolder& folder, const std::string& name, const std::set<std::uint32_t>& engines,
                    Batch& batch) {
  const WatchedFolder& root = root_of(folder);
  const std::string below = path_below_root(folder);
  const std::string path = below == "." ? name : below + "/" + name;
  Hit& one = batch.hits[root.name + "/" + path];
  one.root = root.name;
  one.path = path;
  for (const std::uint32_t engine : engines) one.engines.insert(tree_.engine(engine));
}

void FileWatch::finish(Batch batch) {
  for (const auto& moved : batch.moved) look_again(moved, batch);
  if (batch.lost) {
    for (const auto& root : tree_.roots()) arm_root(*root, true);
  }
  std::set<std::string> told;
  judge(std::move(batch.hits), told);
  tell(told, batch.lost);
}

void FileWatch::judge(std::map<std::string, Hit> hits, std::set<std::string>& told) {
  std::optional<RootFolder> root;
  for (auto& [absolute_path, one] : hits) {
    if (std::ranges::includes(told, one.engines)) continue;
    if (own_changes_.under_way(absolute_path)) {
      Hit& waiting = pending_[absolute_path];
      one.engines.merge(waiting.engines);
      waiting = std::move(one);
      continue;
    }
    if (!root || root->path() != one.root) {
      auto opened = RootFolder::open(one.root);
      root = opened ? std::optional(std::move(*opened)) : std::nullopt;
    }
    const auto now = root ? identity_of(*root, one.path) : failure(ErrorKind::not_found, one.root);
    if (now && own_changes_.is_ours(absolute_path, now->device, now->inode, now->ctime_ns)) continue;
    told.merge(one.engines);
  }
}

void FileWatch::judge_pending() {
  if (pending_.empty()) return;
  std::set<std::string> told;
  judge(std::exchange(pending_, {}), told);
  std::erase_if(told, [this](const std::string& engine) { return !tree_.has_engine(engine); });
  tell(told, false);
}

void FileWatch::tell(const std::set<std::string>& engines, bool lost) {
  // Copies, since a callback may end this object.
  const std::shared_ptr<bool> alive = alive_;
  const auto changed_now = changed;
  const auto sweep_now = sweep;
  tell_problems();
  if (!*alive) return;
  if (lost) {
    const std::string why = "more files changed at once than the kernel holds events for (" +
                            setting("max_queued_events") + "): every engine is looked at";
    if (!std::exchange(told_loss_, true)) {
      problems_[why];
      tell_problems();
    }
    if (*alive && sweep_now) sweep_now(why);
  }
  for (const std::string& engine : engines) {
    if (*alive && changed_now) changed_now(engine);
  }
}

// ---- watches

void FileWatch::watch(const std::vector<WatchedEngine>& engines) {
  std::set<int> before;
  for (const auto& [watch, folder] : by_watch_) before.insert(watch);
  for (const auto& [root, above] : missing_) before.insert(above.watch);
  by_watch_.clear();
  missing_.clear();
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
    // What came before in this batch may have taken it away.
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
      note_problem(*above, absolute(*above, child) + " is not watched, " + opened.error().message + on_schedule);
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
    watch_above(root);
    // It may have come before the watch did.
    struct stat status {};
    if (::stat(root.name.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return;
  }
}

void FileWatch::watch_above(WatchedFolder& root) {
  forget_above(root);
  std::string above = root.name;
  while (true) {
    const auto slash = above.rfind('/');
    if (slash == std::string::npos || above == "/") return;
    const std::string next = above.substr(slash + 1);
    above = slash == 0 ? "/" : above.substr(0, slash);
    const UniqueFd opened(::open(above.c_str(), folder_flags));
    if (!opened) continue;
    const int watch = add_watch(opened.get(), structure_mask);
    if (watch < 0) return note_failure(root, "", -watch);
    missing_[&root] = {watch, next};
    // What is missing may have come in between: then the watch belongs further down.
    struct stat status {};
    if (::stat((above + "/" + next).c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
        above + "/" + next == root.name)
      return;
    forget_above(root);
    above = root.name;
  }
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
  struct stat status {};
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
  if (top.found < most_folders_below && depth_of(folder) < deepest) return true;
  note_problem(folder, absolute(top, "") + " holds more than " + std::to_string(most_folders_below) +
                           " folders or lies too deep: what changes further in is found on schedule only");
  return false;
}

void FileWatch::arm(WatchedFolder& folder, int descriptor, bool thorough) {
  if (folder.above == nullptr) folder.inside = folder.content;
  const std::uint32_t mask = structure_mask | (tree_.wants_writes(folder) ? writes : 0U);
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
    struct stat status {};
    const std::string text(tree_.text_of(name));
    const bool is_folder =
        ::fstatat(descriptor, text.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
    if (is_folder) names.insert(text);
  }
  const auto& inside = tree_.marks(folder.inside);
  if (std::ranges::any_of(inside, &WatchMark::deep)) {
    for (std::string& name : folders_in(descriptor, most_folders_below + 1)) names.insert(std::move(name));
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
  if (by_watch_.contains(watch)) return;
  for (const auto& [root, above] : missing_) {
    if (above.watch == watch) return;
  }
  // It may be gone with its folder already.
  (void)::inotify_rm_watch(inotify_.native_handle(), watch);
}

// ---- what cannot be watched

void FileWatch::note_problem(const WatchedFolder& folder, const std::string& sentence) {
  std::set<std::uint32_t> engines;
  tree_.add_engines_below(folder, engines);
  for (const WatchMark& mark : tree_.marks(folder.inside)) engines.insert(mark.engine);
  for (const std::uint32_t engine : engines) problems_[sentence].insert(tree_.engine(engine));
}

void FileWatch::note_failure(const WatchedFolder& folder, const std::string& name, int error_number) {
  if (error_number == ENOSPC) {
    return note_problem(folder, "no more folders can be watched (" + setting("max_user_watches") +
                                    ", raise it with sysctl fs.inotify.max_user_watches)" + on_schedule);
  }
  const std::string path = folder.above == nullptr ? folder.name : absolute(*folder.above, folder.name);
  note_problem(folder,
               path + (name.empty() ? "" : "/" + name) + " is not watched, " + reason_of(error_number) + on_schedule);
}

void FileWatch::tell_problems() {
  const std::shared_ptr<bool> alive = alive_;
  const auto warn_now = warn;
  for (const auto& [sentence, engines] : std::exchange(problems_, {})) {
    const std::string whole = sentence + (engines.empty() ? "" : ": " + joined_names(engines));
    if (!*alive) return;
    if (told_problems_.size() >= most_problems_told || !told_problems_.insert(whole).second) continue;
    if (warn_now) warn_now(whole);
  }
}

}  // namespace autoheal::host
