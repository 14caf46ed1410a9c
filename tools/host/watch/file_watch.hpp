// Tells that something of an engine was changed on disk, by others than Autoheal: then the engine is to be looked at.
// One inotify instance. Folders are watched, never files, so that an atomic replacement is seen; each folder once,
// however many engines share it, by its watch descriptor alone. The folders on the way from the root are watched as
// well, so that one that is renamed or comes later is noticed.
//
// The way to a root is watched, too: links on it that are switched, folders that are renamed, and the table of mounts.
//
// Out of reach, and left to the schedule: a write through mmap before its file is closed, a write through a hard link
// elsewhere or to where a mounted file comes from (told), changes made on another machine of a network file system.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autoheal/workflows/effects/file_event.hpp"
#include "tools/host/system/own_changes.hpp"
#include "tools/host/watch/mount_watch.hpp"
#include "tools/host/watch/watch_tree.hpp"

namespace autoheal::host {

// All but `create` and the destructor on the executor's thread, one at a time; so are the callbacks, which may call
// back in here and may destroy the object.
class FileWatch {
 public:
  // At most so many folders below one declared folder are watched; a warning names the others.
  static constexpr std::uint32_t most_folders_below = 1000;

  // `own_changes` and `executor`'s context outlive the watch. `own_files` are Autoheal's own files and folders
  // (absolute): they never count where a folder around them is watched. unavailable: the kernel gives no more inotify
  // instances (or descriptors); then every engine is tested on schedule only.
  [[nodiscard]] static Result<std::unique_ptr<FileWatch>> create(boost::asio::any_io_executor executor,
                                                                 OwnChanges& own_changes,
                                                                 std::vector<std::filesystem::path> own_files = {});
  virtual ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // Set before `watch`. An engine is reported once per batch of events; if `file_event` is set, it is called instead:
  // for each path (relative to the root) with the last event of the batch.
  std::function<void(const std::string& engine)> changed;
  std::function<void(const std::string& engine, const std::string& path, workflows::FileEvent event)> file_event;
  std::function<void(const std::string& why)> sweep;  // events were lost: every engine has to be looked at
  std::function<void(const std::string& sentence)> warn;

  // Replaces all that was watched. Files that stay watched lose no event.
  void watch(const std::vector<WatchedEngine>& engines);

  // Watch descriptors in use.
  [[nodiscard]] std::size_t folders_watched() const;

 protected:
  FileWatch(boost::asio::any_io_executor executor, UniqueFd inotify, OwnChanges& own_changes,
            std::vector<std::filesystem::path> own_files);
  // Begins to wait for events; once.
  void wait();
  void wait_for_mounts();

  // The two places where the kernel speaks, for tests. A watch descriptor, or -errno.
  virtual int add_watch(int folder_descriptor, std::uint32_t mask);
  // Whole inotify events, as read. Ends with the callbacks.
  void take(std::span<const char> events);

 private:
  // The path of an event, and the engines to report unless the change is ours.
  struct Hit {
    std::string root, path;
    std::set<std::string> engines;
    workflows::FileEvent event = workflows::FileEvent::moved;
  };
  struct Told {
    std::set<std::string> engines;
    std::map<std::pair<std::string, std::string>, workflows::FileEvent> files;  // engine and path
  };
  struct Batch {
    std::map<std::string, Hit> hits;              // by absolute path
    std::set<std::pair<int, std::string>> moved;  // watch and name ("": itself) to be looked at for folders
    std::set<WatchedFolder*> roots;               // reached by another way now
    bool lost = false;
  };
  // Something on the way to a root: the name in the watched folder that leads on, or ("") the folder itself.
  struct Way {
    WatchedFolder* root = nullptr;
    std::string name;
  };
  // A root that is not there, and the watch on the nearest folder above it.
  struct Missing {
    int watch = -1;
    std::string next;  // the name to come
  };

  void drain();
  void read_event(int watch, std::uint32_t mask, std::string_view name, Batch& batch);
  void read_event_in(const WatchedFolder& folder, std::uint32_t mask, const std::string& name, Batch& batch);
  void read_event_of_itself(const WatchedFolder& folder, std::uint32_t mask, Batch& batch);
  [[nodiscard]] bool counts_inside(const WatchedFolder& folder, const WatchMark& mark, std::uint32_t event,
                                   const std::string& name) const;
  [[nodiscard]] bool is_own(const WatchedFolder& folder, const std::string& name) const;
  void hit(const WatchedFolder& folder, const std::string& name, const std::set<std::uint32_t>& engines, Batch& batch,
           workflows::FileEvent event = workflows::FileEvent::moved);
  void finish(Batch batch);
  void judge(std::map<std::string, Hit> hits, Told& told);
  void judge_pending();
  void tell(const Told& told, bool lost);

  void look_again(const std::pair<int, std::string>& moved, Batch& batch);
  void arm_root(WatchedFolder& root, bool thorough);
  void arm_again(WatchedFolder& root, bool thorough, Batch& batch);
  void watch_way(WatchedFolder& root);
  void note_way(WatchedFolder& root, int folder, const std::string& name);
  void forget_way(const WatchedFolder& root);
  void add_roots_on_way(int watch, std::uint32_t mask, std::string_view name, Batch& batch) const;
  void mounts_changed(const std::set<std::string>& places);
  void note_mounted_files();
  bool watch_above(WatchedFolder& root);
  void arm_child(WatchedFolder& folder, int descriptor, const std::string& name, bool thorough);
  void arm(WatchedFolder& folder, int descriptor, bool thorough);
  void arm_below(WatchedFolder& folder, int descriptor, bool thorough);
  void take_out(WatchedFolder& found);
  [[nodiscard]] bool may_find(WatchedFolder& folder, const std::string& name);
  void disarm(WatchedFolder& folder);
  void forget_above(const WatchedFolder& root);
  void drop_watch(int watch);
  [[nodiscard]] std::vector<WatchedFolder*> folders_of(int watch) const;

  void note_problem(const WatchedFolder& folder, const std::string& sentence);
  void note_unopened(const WatchedFolder& folder, int descriptor, const std::string& name, bool declared,
                     int error_number);
  void note_failure(const WatchedFolder& folder, const std::string& name, int error_number);
  void tell_problems();

  boost::asio::any_io_executor executor_;
  boost::asio::posix::stream_descriptor inotify_;
  OwnChanges& own_changes_;
  std::vector<std::filesystem::path> own_files_;
  std::set<std::string> own_paths_;  // own files with no symlink in their folder's path
  std::unordered_map<const WatchedFolder*, std::string> real_roots_;  // filled only where there are own files
  WatchTree tree_;
  std::unordered_multimap<int, WatchedFolder*> by_watch_;
  std::map<const WatchedFolder*, Missing> missing_;
  std::unordered_multimap<int, Way> ways_;                 // by watch
  std::unique_ptr<MountWatch> mounts_;                     // null: mounts are not reported
  std::map<std::string, Hit> pending_;                     // a change of ours is under way there
  std::map<std::string, std::set<std::string>> problems_;  // sentence -> engines, to be told
  std::set<std::string> told_problems_;
  bool told_loss_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace autoheal::host
