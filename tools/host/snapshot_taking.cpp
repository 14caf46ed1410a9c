#include "tools/host/snapshot_taking.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "store/memory_blobs.hpp"
#include "tools/host/folder_tree.hpp"
#include "tools/host/snapshot_names.hpp"
#include "tools/host/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::StateRepair;

constexpr const char* unfinished = ".taking";

// Whoever dies here leaves `.taking`, which the next one removes.
class Taking {
 public:
  Taking(const RootFolder& root, const StateRepair& state, const StateTools& tools, Timestamp now)
      : root_(root), state_(state), tools_(tools), now_(now) {}

  Result<void> take() {
    if (auto opened = open_folder(); !opened) return opened;
    if (auto gone = remove_tree(folder_.get(), unfinished); !gone) return gone;
    const auto is_folder = target_is_folder();
    if (!is_folder) return std::unexpected(is_folder.error());
    auto content = *is_folder ? copy_folder() : copy_database();
    if (!content) return std::unexpected(std::move(content.error()));
    const auto taken = snapshots_in(state_.snapshot);
    const bool same = !taken.empty() && taken.front().content == *content;
    if (auto kept = same ? renew(taken.front().file) : give_name(snapshot_name(now_, *content)); !kept) return kept;
    return remove_old();
  }

 private:
  [[nodiscard]] std::string copy_path() const { return state_.snapshot + "/" + unfinished; }

  Result<void> open_folder() {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(state_.snapshot).parent_path(), error);
    if (error) return system_failure(state_.snapshot, error.value());
    if (::mkdir(state_.snapshot.c_str(), 0700) != 0 && errno != EEXIST) return system_failure(state_.snapshot, errno);
    folder_ = UniqueFd(::open(state_.snapshot.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder_) return system_failure(state_.snapshot, errno);
    return {};
  }

  Result<bool> target_is_folder() {
    auto place = root_.place_of(state_.path);
    if (!place) return std::unexpected(std::move(place.error()));
    struct stat status {};
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
    const UniqueFd file(::openat(folder_.get(), unfinished, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) return system_failure(copy_path(), errno);
    return content;
  }

  Result<engine::BlobName> copy_folder() {
    store::MemoryBlobs contents;  // for this moment only: the vault does not grow with every snapshot
    const auto tree = read_tree(source_.get(), state_.path, &contents, tools_.own);
    if (!tree) return std::unexpected(tree.error());
    if (::mkdirat(folder_.get(), unfinished, 0700) != 0) return system_failure(copy_path(), errno);
    const UniqueFd copy(::openat(folder_.get(), unfinished, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!copy) return system_failure(copy_path(), errno);
    if (auto written = write_tree(copy.get(), *tree, contents); !written) return std::unexpected(written.error());
    if (::fchmod(copy.get(), mode_) != 0 || ::fsync(copy.get()) != 0) return system_failure(copy_path(), errno);
    return name_of_tree(*tree);
  }

  Result<void> give_name(const std::string& name) {
    if (::renameat2(folder_.get(), unfinished, folder_.get(), name.c_str(), RENAME_NOREPLACE) != 0 ||
        ::fsync(folder_.get()) != 0) {
      return system_failure(state_.snapshot + "/" + name, errno);
    }
    return {};
  }

  // Its age is counted from the last time that it was right.
  Result<void> renew(const std::string& name) {
    if (auto gone = remove_tree(folder_.get(), unfinished); !gone) return gone;
    const timespec now[] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    if (::utimensat(folder_.get(), name.c_str(), now, AT_SYMLINK_NOFOLLOW) != 0)
      return system_failure(state_.snapshot + "/" + name, errno);
    return {};
  }

  Result<void> remove_old() {
    const auto all = snapshots_in(state_.snapshot);
    for (std::size_t index = std::max(1U, state_.keep); index < all.size(); ++index) {
      if (auto gone = remove_tree(folder_.get(), all[index].file); !gone) return gone;
    }
    return {};
  }

  const RootFolder& root_;
  const StateRepair& state_;
  const StateTools& tools_;
  const Timestamp now_;
  UniqueFd folder_, source_;
  mode_t mode_ = 0700;
};

}  // namespace

Result<void> take_snapshot(const RootFolder& root, const StateRepair& state, const StateTools& tools, Timestamp now) {
  return Taking(root, state, tools, now).take();
}

}  // namespace autoheal::host
