#include "tools/host/watch/file_watch.hpp"

#include <fmt/core.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include "autoheal/workflows/text/glob.hpp"
#include "tools/host/system/joined_names.hpp"
#include "tools/host/system/system_error.hpp"
#include "tools/host/watch/inotify_terms.hpp"

namespace autoheal::host {

namespace asio = boost::asio;

namespace {

using workflows::FileEvent;

constexpr unsigned reads_per_batch = 256;
constexpr std::size_t read_size = 16384;
constexpr std::size_t most_problems_told = 1000;  // between two reloads

// The endings of files that SQLite puts beside a database while it is used.
std::string_view without_side_ending(std::string_view name) {
  for (const std::string_view ending : {"-wal", "-shm", "-journal"}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

FileEvent event_of(std::uint32_t mask) {
  if ((mask & event_structure) != 0) return FileEvent::moved;
  return (mask & IN_CLOSE_WRITE) != 0 ? FileEvent::closed : FileEvent::written;
}

}  // namespace

Result<std::unique_ptr<FileWatch>> FileWatch::create(asio::any_io_executor executor, OwnChanges& own_changes,
                                                     std::vector<std::filesystem::path> own_files) {
  UniqueFd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) {
    const int problem = errno;
    auto failed = system_failure("watching files", problem);
    if (problem == EMFILE)
      failed.error().message += fmt::format(" ({}, or too few descriptors)", inotify_setting("max_user_instances"));
    failed.error().message += ": engines are tested on schedule only";
    return failed;
  }
  try {
    std::unique_ptr<FileWatch> watch(
        new FileWatch(std::move(executor), std::move(inotify), own_changes, std::move(own_files)));
    watch->wait();
    watch->wait_for_mounts();
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

void FileWatch::wait_for_mounts() {
  auto mounts = MountWatch::create(executor_);
  if (!mounts) {
    problems_[fmt::format("mounts are not watched, {}: a mount over a watched folder is found on schedule only",
                          mounts.error().message)];
    return;
  }
  mounts_ = std::move(*mounts);
  mounts_->changed = [this](const std::set<std::string>& places) { mounts_changed(places); };
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
  add_roots_on_way(watch, mask, name, batch);
}

void FileWatch::read_event_of_itself(const WatchedFolder& folder, std::uint32_t mask, Batch& batch) {
  const bool gone = (mask & event_gone_itself) != 0;
  if (gone) batch.moved.emplace(folder.watch, "");
  // For other folders the parent's event already carries the name.
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
  const bool structural = (mask & event_structure) != 0;
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
  if (!engines.empty()) hit(folder, name, engines, batch, event_of(mask));
}

bool FileWatch::counts_inside(const WatchedFolder& folder, const WatchMark& mark, std::uint32_t event,
                              const std::string& name) const {
  const bool writing = (event & event_structure) == 0;
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
  if ((event & IN_ISDIR) != 0)
    return mark.deep && (event & event_structure & ~static_cast<std::uint32_t>(IN_ATTRIB)) != 0;
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
                    Batch& batch, FileEvent event) {
  const WatchedFolder& root = root_of(folder);
  const std::string below = path_below_root(folder);
  const std::string path = below == "." ? name : below + "/" + name;
  Hit& one = batch.hits[root.name + "/" + path];
  one.root = root.name;
  one.path = path;
  one.event = event;
  for (const std::uint32_t engine : engines) one.engines.insert(tree_.engine(engine));
}

void FileWatch::finish(Batch batch) {
  for (WatchedFolder* root : std::exchange(batch.roots, {})) arm_again(*root, false, batch);
  for (const auto& moved : batch.moved) look_again(moved, batch);
  if (batch.lost) {
    for (const auto& root : tree_.roots()) arm_root(*root, true);
  }
  Told told;
  judge(std::move(batch.hits), told);
  tell(told, batch.lost);
}

void FileWatch::judge(std::map<std::string, Hit> hits, Told& told) {
  std::optional<RootFolder> root;
  for (auto& [whole, one] : hits) {
    const bool same_again = one.event == FileEvent::moved || !file_event;
    if (same_again && std::ranges::includes(told.engines, one.engines)) continue;
    if (own_changes_.under_way(whole)) {
      Hit& waiting = pending_[whole];
      one.engines.merge(waiting.engines);
      waiting = std::move(one);
      continue;
    }
    if (!root || root->path() != one.root) {
      auto opened = RootFolder::open(one.root);
      root = opened ? std::optional(std::move(*opened)) : std::nullopt;
    }
    const auto now = root ? identity_of(*root, one.path) : failure(ErrorKind::not_found, one.root);
    if (now && own_changes_.is_ours(whole, now->device, now->inode, now->ctime_ns)) continue;
    for (const std::string& engine : one.engines) told.files[{engine, one.path}] = one.event;
    if (same_again) told.engines.merge(one.engines);
  }
}

void FileWatch::judge_pending() {
  if (pending_.empty()) return;
  Told told;
  judge(std::exchange(pending_, {}), told);
  std::erase_if(told.engines, [this](const std::string& engine) { return !tree_.has_engine(engine); });
  std::erase_if(told.files, [this](const auto& file) { return !tree_.has_engine(file.first.first); });
  tell(told, false);
}

void FileWatch::tell(const Told& told, bool lost) {
  // Copies, since a callback may end this object.
  const std::shared_ptr<bool> alive = alive_;
  const auto changed_now = changed;
  const auto file_event_now = file_event;
  const auto sweep_now = sweep;
  tell_problems();
  if (!*alive) return;
  if (lost) {
    const std::string why =
        fmt::format("more files changed at once than the kernel holds events for ({}): every engine is looked at",
                    inotify_setting("max_queued_events"));
    if (!std::exchange(told_loss_, true)) {
      problems_[why];
      tell_problems();
    }
    if (*alive && sweep_now) sweep_now(why);
  }
  if (file_event_now) {
    for (const auto& [file, event] : told.files) {
      if (*alive) file_event_now(file.first, file.second, event);
    }
    return;
  }
  for (const std::string& engine : told.engines) {
    if (*alive && changed_now) changed_now(engine);
  }
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
