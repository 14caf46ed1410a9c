#include "tools/host/system/own_changes.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

Result<Identity> identity_of(const RootFolder& root, std::string_view path) {
  struct stat seen{};
  if (path == ".") {
    if (::fstat(root.descriptor(), &seen) != 0) return system_failure(root.path(), errno);
  } else {
    const auto place = root.place_of(path);
    if (!place && place.error().kind == ErrorKind::not_found) return Identity{};
    AUTOHEAL_TRY(place);
    if (::fstatat(place->folder.get(), place->name.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return Identity{};
      return system_failure(std::string(path), errno);
    }
  }
  return Identity{seen.st_dev, seen.st_ino, seen.st_ctim.tv_sec * 1'000'000'000LL + seen.st_ctim.tv_nsec};
}

void OwnChanges::note(const std::string& absolute_path, std::uint64_t device, std::uint64_t inode,
                      std::int64_t ctime_ns) {
  const Identity left{device, inode, ctime_ns};
  const std::lock_guard lock(mutex_);
  if (const auto known = by_path_.find(absolute_path); known != by_path_.end()) {
    known->second->left = left;
    notes_.splice(notes_.end(), notes_, known->second);
    return;
  }
  notes_.push_back({absolute_path, left});
  by_path_.emplace(notes_.back().path, std::prev(notes_.end()));
  if (notes_.size() <= most_) return;
  by_path_.erase(notes_.front().path);
  notes_.pop_front();
}

bool OwnChanges::is_ours(const std::string& absolute_path, std::uint64_t device, std::uint64_t inode,
                         std::int64_t ctime_ns) const {
  const std::lock_guard lock(mutex_);
  const auto known = by_path_.find(absolute_path);
  return known != by_path_.end() && known->second->left == Identity{device, inode, ctime_ns};
}

void OwnChanges::begin(const std::string& absolute_path) {
  const std::lock_guard lock(mutex_);
  ++under_way_[absolute_path];
}

void OwnChanges::end(const std::string& absolute_path) {
  {
    const std::lock_guard lock(mutex_);
    const auto one = under_way_.find(absolute_path);
    if (one != under_way_.end() && --one->second == 0) under_way_.erase(one);
  }
  const std::lock_guard lock(telling_);
  if (told_) told_();
}

bool OwnChanges::under_way(const std::string& absolute_path) const {
  const std::lock_guard lock(mutex_);
  return under_way_.contains(absolute_path);
}

void OwnChanges::when_ended(std::function<void()> told) {
  const std::lock_guard lock(telling_);
  told_ = std::move(told);
}

}  // namespace autoheal::host
