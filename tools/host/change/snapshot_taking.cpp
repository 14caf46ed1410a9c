#include "tools/host/change/snapshot_taking.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "autoheal/store/vault/memory_blobs.hpp"
#include "tools/host/facts/folder_tree.hpp"
#include "tools/host/facts/snapshot_names.hpp"
#include "tools/host/facts/staged_content.hpp"
#include "tools/host/system/folder_names.hpp"
#include "tools/host/system/removed_tree.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::StateRepair;

constexpr const char* unfinished = ".taking";
constexpr std::string_view waiting = ".waiting";  // ends the name of a copy that is no snapshot yet

class SnapshotFolder {
 public:
  explicit SnapshotFolder(std::string path) : path_(std::move(path)) {}

  // not_found: there is none yet.
  Result<void> open() {
    descriptor_ = UniqueFd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!descriptor_) return system_failure(path_, errno);
    return {};
  }
  Result<void> make() {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
    if (error) return system_failure(path_, error.value());
    if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) return system_failure(path_, errno);
    return open();
  }
  [[nodiscard]] int descriptor() const { return descriptor_.get(); }
  Result<void> remove(const std::string& name) { return remove_tree(descriptor(), name); }
  Result<std::vector<std::string>> waiting_copies() {
    auto names = names_in(descriptor(), path_);
    AUTOHEAL_TRY(names);
    std::erase_if(*names, [](const std::string& name) { return !name.ends_with(waiting); });
    return names;
  }
  Result<void> rename(const std::string& from, const std::string& to) {
    if (::renameat2(descriptor(), from.c_str(), descriptor(), to.c_str(), RENAME_NOREPLACE) != 0 ||
        ::fsync(descriptor()) != 0) {
      return system_failure(path_ + "/" + to, errno);
    }
    return {};
  }
  // Its age is counted from the last time that it was right.
  Result<void> renew(const std::string& name) {
    const timespec now[] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    if (::utimensat(descriptor(), name.c_str(), now, AT_SYMLINK_NOFOLLOW) != 0)
      return system_failure(path_ + "/" + name, errno);
    return {};
  }
  Result<void> remove_old(unsigned keep) {
    const auto all = snapshots_in(path_);
    for (std::size_t index = std::max(1U, keep); index < all.size(); ++index) {
      if (auto gone = remove(all[index].file); !gone) return gone;
    }
    return {};
  }

 private:
  std::string path_;
  UniqueFd descriptor_;
};

// A crash here leaves `.taking`, which the next attempt removes.
class Taking {
 public:
  Taking(const RootFolder& root, const StateRepair& state, const StateTools& tools, Timestamp now)
      : root_(root), state_(state), tools_(tools), now_(now), folder_(state.snapshot) {}

  Result<void> take() {
    if (auto made = folder_.make(); !made) return made;
    if (auto gone = folder_.remove(unfinished); !gone) return gone;
    const auto before = folder_.waiting_copies();
    AUTOHEAL_TRY(before);
    for (const std::string& copy : *before) {
      if (auto gone = folder_.remove(copy); !gone) return gone;
    }
    const auto is_folder = target_is_folder();
    AUTOHEAL_TRY(is_folder);
    auto content = *is_folder ? copy_folder() : copy_database();
    AUTOHEAL_TRY(content);
    return folder_.rename(unfinished, snapshot_name(now_, *content) + std::string(waiting));
  }

 private:
  [[nodiscard]] std::string copy_path() const { return state_.snapshot + "/" + unfinished; }

  Result<bool> target_is_folder() {
    auto place = root_.place_of(state_.path);
    AUTOHEAL_TRY(place);
    struct stat status{};
    if (::fstatat(place->folder.get(), place->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return system_failure(state_.path, errno);
    if (S_ISDIR(status.st_mode)) {
      source_ =
          UniqueFd(::openat(place->folder.get(), place->name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!source_) return system_failure(state_.path, errno);
      mode_ = status.st_mode & 07777U;
      return true;
    }
    if (!S_ISREG(status.st_mode)) return failure(ErrorKind::refused, state_.path + " is neither a file nor a folder");
    return false;
  }

  Result<engine::BlobName> copy_database() {
    auto content = tools_.databases.snapshot(root_, state_.path, tools_.mark, state_.timeout, copy_path());
    if (!content) return content;
    const UniqueFd file(::openat(folder_.descriptor(), unfinished, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) return system_failure(copy_path(), errno);
    return content;
  }

  Result<engine::BlobName> copy_folder() {
    store::MemoryBlobs contents;  // for this moment only: the vault does not grow with every snapshot
    const auto tree = read_tree(source_.get(), state_.path, &contents, tools_.own);
    AUTOHEAL_TRY(tree);
    if (::mkdirat(folder_.descriptor(), unfinished, 0700) != 0) return system_failure(copy_path(), errno);
    const UniqueFd copy(::openat(folder_.descriptor(), unfinished, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!copy) return system_failure(copy_path(), errno);
    AUTOHEAL_TRY(write_tree(copy.get(), *tree, contents));
    if (::fchmod(copy.get(), mode_) != 0 || ::fsync(copy.get()) != 0) return system_failure(copy_path(), errno);
    return name_of_tree(*tree);
  }

  const RootFolder& root_;
  const StateRepair& state_;
  const StateTools& tools_;
  const Timestamp now_;
  SnapshotFolder folder_;
  UniqueFd source_;
  mode_t mode_ = 0700;
};

}  // namespace

Result<void> copy_snapshot(const RootFolder& root, const StateRepair& state, const StateTools& tools, Timestamp now) {
  return Taking(root, state, tools, now).take();
}

Result<void> keep_snapshot(const StateRepair& state) {
  SnapshotFolder folder(state.snapshot);
  if (auto opened = folder.open(); !opened)
    return opened.error().kind == ErrorKind::not_found ? Result<void>() : opened;
  const auto copies = folder.waiting_copies();
  AUTOHEAL_TRY(copies);
  for (const std::string& copy : *copies) {
    const std::string name = copy.substr(0, copy.size() - waiting.size());
    const auto taken = snapshots_in(state.snapshot);
    const bool same = !taken.empty() && name.ends_with(ending_of(taken.front().content));
    if (auto kept = same ? folder.renew(taken.front().file) : folder.rename(copy, name); !kept) return kept;
    if (same) {
      if (auto gone = folder.remove(copy); !gone) return gone;
    }
  }
  return folder.remove_old(state.keep);
}

}  // namespace autoheal::host
