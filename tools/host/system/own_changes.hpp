// Autoheal's own changes, by path, device, inode and ctime, noted after the swap, so that the watch distinguishes them
// from drift. Anything else at the path is somebody's edit.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// The file at a path; all zero: there is none.
struct Identity {
  std::uint64_t device = 0, inode = 0;
  std::int64_t ctime_ns = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

// As lstat shows the path below the root; symlinks above it are not followed. Fails as RootFolder::place_of does, but
// for a missing folder above, which makes the path absent.
[[nodiscard]] Result<Identity> identity_of(const RootFolder& root, std::string_view path);

// Thread-safe. Paths are absolute, as "<root>/<path>". One note per path; beyond `most` the oldest are forgotten, which
// costs at worst a look that was not needed.
class OwnChanges {
 public:
  explicit OwnChanges(std::size_t most = 100'000) : most_(most) {}

  void note(const std::string& absolute_path, std::uint64_t device, std::uint64_t inode, std::int64_t ctime_ns);
  [[nodiscard]] bool is_ours(const std::string& absolute_path, std::uint64_t device, std::uint64_t inode,
                             std::int64_t ctime_ns) const;

  // From before a change of ours until it is noted: its events come earlier than the note does. Several may be under
  // way at one path; each begin has its end.
  void begin(const std::string& absolute_path);
  void end(const std::string& absolute_path);
  [[nodiscard]] bool under_way(const std::string& absolute_path) const;

  // `told` is called after each end, on the thread that ended, and must not call back in here. Empty: nobody is
  // notified; once this returns, the one before is not called any more.
  void when_ended(std::function<void()> told);

 private:
  struct Note {
    std::string path;
    Identity left;
  };
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::list<Note> notes_;  // the oldest first
  std::unordered_map<std::string_view, std::list<Note>::iterator> by_path_;
  std::unordered_map<std::string, unsigned> under_way_;
  std::mutex telling_;
  std::function<void()> told_;
};

// A change of ours that is under way as long as this lives; `changes` may be null.
class OwnChangeUnderWay {
 public:
  OwnChangeUnderWay(OwnChanges* changes, std::string absolute_path)
      : changes_(changes), path_(std::move(absolute_path)) {
    if (changes_ != nullptr) changes_->begin(path_);
  }
  ~OwnChangeUnderWay() {
    if (changes_ != nullptr) changes_->end(path_);
  }
  OwnChangeUnderWay(const OwnChangeUnderWay&) = delete;
  OwnChangeUnderWay& operator=(const OwnChangeUnderWay&) = delete;

  void note(const Identity& left) const {
    if (changes_ != nullptr) changes_->note(path_, left.device, left.inode, left.ctime_ns);
  }

 private:
  OwnChanges* changes_;
  std::string path_;
};

}  // namespace autoheal::host
