#include "tools/autoheal/init/managed_files.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <set>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "autoheal/workflows/supervision/editor_leftovers.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/host/facts/folder_tree.hpp"
#include "tools/host/system/folder_names.hpp"
#include "tools/host/system/system_error.hpp"
#include "tools/host/system/user_account.hpp"

namespace autoheal::cli {

namespace {

namespace fs = std::filesystem;
using host::RootFolder;
using host::Walk;

constexpr mode_t not_for_others_to_write = 0755;

bool holds_nothing(const std::string& folder) {
  std::error_code problem;
  return !fs::exists(fs::symlink_status(folder, problem)) || fs::is_empty(folder, problem);
}

// Why a file cannot be managed; empty if it can.
std::string reason_to_skip(const std::string& path, const struct stat& status) {
  if (printable(path) != path) return "its name cannot be shown: control characters, or no UTF-8";
  if (S_ISLNK(status.st_mode)) return "a symlink; `links` repairs those";
  if (!S_ISREG(status.st_mode)) return "no regular file";
  if (looks_secret(path)) return "it looks like a secret; `env` with `from:` repairs those without a copy";
  if ((status.st_mode & (S_ISUID | S_ISGID)) != 0) return "it is set-user-id or set-group-id";
  if (static_cast<std::uint64_t>(status.st_size) > largest_managed_file_bytes) return "it is larger than 64 MiB";
  return {};
}

std::string reason_to_skip_folder(const RootFolder& root, const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  if (name == ".git" || name == ".hg" || name == ".svn") return "version control has its own way back";
  if (name == host::staging_name) return "it is Autoheal's own";
  if (printable(path) != path) return "its name cannot be shown: control characters, or no UTF-8";
  if (!root.open_below(path, O_RDONLY | O_DIRECTORY)) return "it cannot be read";
  return {};
}

class Look {
 public:
  Look(const ManagedFolderRequest& request, ManagedFolder& folder) : request_(request), folder_(folder) {
    for (const std::string& path : request.own) own_.push_back(resolved(path));
  }

  Result<void> at(const RootFolder& root) {
    base_ = resolved(root.path());
    return host::walk(root, ".", {},
                      [&](const std::string& path, const struct stat& status) { return visit(root, path, status); });
  }

 private:
  Result<Walk> skip(const std::string& path, std::string reason) {
    folder_.skipped.push_back({path, std::move(reason)});
    return Walk::not_below;
  }

  Result<Walk> visit(const RootFolder& root, const std::string& path, const struct stat& status) {
    const std::string whole = (fs::path(base_) / path).lexically_normal().string();
    if (path != "." && std::ranges::find(own_, whole) != own_.end()) return Walk::not_below;
    if (S_ISDIR(status.st_mode)) {
      std::string reason = path == "." ? "" : reason_to_skip_folder(root, path);
      if (!reason.empty()) return skip(path, std::move(reason));
      folder_.folders[path] = status.st_mode & 07777U;
      return Walk::on;
    }
    if (request_.wanted && !request_.wanted(path)) return Walk::on;
    if (workflows::is_editor_leftover(path)) return skip(path, "an editor left it");
    if (std::string reason = reason_to_skip(path, status); !reason.empty()) return skip(path, std::move(reason));
    folder_.files.push_back({path, status.st_mode & 07777U, host::owner_name(status.st_uid, status.st_gid)});
    bytes_ += static_cast<std::uint64_t>(status.st_size);
    if (folder_.files.size() > most_managed_files)
      return failure(ErrorKind::invalid, root.path() + " holds more than 10,000 files", smaller);
    if (bytes_ > most_managed_bytes)
      return failure(ErrorKind::invalid, root.path() + " holds more than 256 MiB", smaller);
    return Walk::on;
  }

  static constexpr const char* smaller =
      "name the folder of what decides, such as its configuration, or put only such files into the baseline folder";

  const ManagedFolderRequest& request_;
  ManagedFolder& folder_;
  std::vector<std::string> own_;
  std::string base_;
  std::uint64_t bytes_ = 0;
};

Result<RootFolder> open_folder(const std::string& folder) {
  auto opened = RootFolder::open(folder);
  if (opened) return opened;
  std::error_code problem;
  if (!fs::exists(folder, problem)) return failure(ErrorKind::not_found, "there is no folder " + folder);
  if (!fs::is_directory(folder, problem)) return failure(ErrorKind::not_found, folder + " is not a folder");
  return failure(opened.error().kind, fmt::format("cannot read {}: {}", folder, opened.error().message));
}

Result<void> check_baseline(const ManagedFolderRequest& request) {
  if (lies_in(resolved(request.root), resolved(request.baseline))) {
    return failure(ErrorKind::invalid,
                   fmt::format("the baseline {} is the folder itself, or contains it", request.baseline),
                   "name another folder: it is made where it is not there, such as --baseline baseline");
  }
  struct stat status{};
  if (::stat(request.baseline.c_str(), &status) != 0) return {};
  if (!S_ISDIR(status.st_mode)) return failure(ErrorKind::invalid, request.baseline + " is not a folder");
  if ((status.st_mode & S_IWOTH) == 0) return {};
  return failure(ErrorKind::invalid, "everybody can write " + request.baseline,
                 fmt::format("chmod o-w {}: a heal puts in place what this folder holds", request.baseline));
}

// Modes are those of the targets today; what cannot be a target is skipped.
void look_at_targets(const RootFolder& root, ManagedFolder& folder) {
  std::erase_if(folder.files, [&](ManagedFile& file) {
    file.mode.reset();
    file.owner.clear();
    const auto target = root.open_below(file.path, O_PATH | O_NOFOLLOW);
    if (!target && target.error().kind == ErrorKind::not_found) return false;
    struct stat status{};
    std::string reason;
    if (!target || ::fstat(target->get(), &status) != 0) reason = "its target cannot be reached without a symlink";
    if (reason.empty()) reason = reason_to_skip(file.path, status);
    if (reason.empty()) {
      file.mode = status.st_mode & 07777U;
      file.owner = host::owner_name(status.st_uid, status.st_gid);
      return false;
    }
    folder.skipped.push_back({file.path, std::move(reason)});
    return true;
  });
}

bool is_unchanged(const struct stat& before, const struct stat& after) {
  return before.st_size == after.st_size && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
         before.st_mtim.tv_nsec == after.st_mtim.tv_nsec && before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
         before.st_ctim.tv_nsec == after.st_ctim.tv_nsec;
}

// Every byte of `from` into `to`; the reason if that cannot be.
Result<std::string> copy_bytes(int from, int to) {
  struct stat before{}, after{};
  if (::fstat(from, &before) != 0) return "it cannot be read";
  if (!S_ISREG(before.st_mode)) return "no regular file";
  std::uint64_t total = 0;
  std::expected<void, int> written;
  const auto read = read_in_pieces(from, [&](std::string_view piece) {
    total += piece.size();
    if (total <= largest_managed_file_bytes) written = write_whole(to, piece);
    return total <= largest_managed_file_bytes && written;
  });
  if (!read) return "it cannot be read";
  if (total > largest_managed_file_bytes) return "it is larger than 64 MiB";
  if (!written) return host::system_failure("cannot write the baseline", written.error());
  if (::fstat(from, &after) != 0 || !is_unchanged(before, after)) return "it changed while it was copied";
  if (::fchmod(to, before.st_mode & not_for_others_to_write) != 0)
    return host::system_failure("cannot write the baseline", errno);
  return std::string();
}

// A folder that only its maker can enter until it is whole: then it takes its place.
class Copy {
 public:
  Copy(const RootFolder& root, ManagedFolder& folder) : root_(root), folder_(folder) {}

  Result<void> into(int staged) {
    staged_ = staged;
    std::vector<ManagedFile> copied;
    for (ManagedFile& file : folder_.files) {
      auto reason = copy_one(file.path);
      AUTOHEAL_TRY(reason);
      if (reason->empty()) {
        copied.push_back(std::move(file));
      } else {
        folder_.skipped.push_back({file.path, std::move(*reason)});
      }
    }
    folder_.files = std::move(copied);
    if (folder_.files.empty())
      return failure(ErrorKind::not_found, fmt::format("no file of {} could be copied", folder_.root));
    // One flush for all: a sync for each of thousands of files takes minutes.
    if (::syncfs(staged_) != 0) return host::system_failure("cannot write the baseline", errno);
    return {};
  }

 private:
  Result<void> make_folders(const std::string& path) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const std::string name = path.substr(0, slash);
      if (!made_.insert(name).second) continue;
      const mode_t mode = (folder_.folders[name] & not_for_others_to_write) | S_IRWXU;
      if (::mkdirat(staged_, name.c_str(), S_IRWXU) != 0 || ::fchmodat(staged_, name.c_str(), mode, 0) != 0)
        return host::system_failure("cannot write the baseline", errno);
    }
    return {};
  }

  Result<std::string> copy_one(const std::string& path) {
    const auto from = root_.open_below(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (!from) return "it cannot be read";
    AUTOHEAL_TRY(make_folders(path));
    const UniqueFd to(
        ::openat(staged_, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!to) return host::system_failure("cannot write the baseline", errno);
    auto reason = copy_bytes(from->get(), to.get());
    if (reason && !reason->empty()) ::unlinkat(staged_, path.c_str(), 0);
    return reason;
  }

  const RootFolder& root_;
  ManagedFolder& folder_;
  int staged_ = -1;
  std::set<std::string> made_;
};

// The folders above the baseline that are not there yet, outermost first.
Result<std::vector<std::string>> make_folders_above(const fs::path& baseline) {
  std::vector<std::string> missing, made;
  std::error_code ignored;
  for (fs::path folder = baseline.parent_path(); !fs::exists(folder, ignored); folder = folder.parent_path())
    missing.push_back(folder.string());
  while (!missing.empty()) {
    if (::mkdir(missing.back().c_str(), 0755) != 0) return host::system_failure("cannot make " + missing.back(), errno);
    made.push_back(std::move(missing.back()));
    missing.pop_back();
  }
  return made;
}

Result<void> publish(const std::string& staged, const std::string& baseline, mode_t mode) {
  const bool put = ::chmod(staged.c_str(), mode) == 0 &&
                   // An empty folder gives way; one that was filled meanwhile does not.
                   (::renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, baseline.c_str(), RENAME_NOREPLACE) == 0 ||
                    ::rename(staged.c_str(), baseline.c_str()) == 0);
  if (!put) return host::system_failure("cannot make " + baseline, errno);
  return {};
}

Result<void> stage_and_publish(const RootFolder& root, ManagedFolder& folder) {
  std::string staged = fmt::format("{}.new-{}", folder.baseline, std::string(6, 'X'));
  if (::mkdtemp(staged.data()) == nullptr) return host::system_failure("cannot make " + folder.baseline, errno);
  const UniqueFd open(::open(staged.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  Result<void> done = open ? Copy(root, folder).into(open.get()) : host::system_failure(staged, errno);
  if (done) done = publish(staged, folder.baseline, (folder.folders["."] & not_for_others_to_write) | S_IRWXU);
  if (!done) {
    std::error_code ignored;
    fs::remove_all(staged, ignored);
  }
  return done;
}

}  // namespace

bool looks_secret(const std::string& path) {
  const std::string name = ascii::lowered(fs::path(path).filename().string());
  static constexpr std::array endings = {".env", ".key", ".pem", ".p12", ".pfx", ".jks", ".keystore", ".kdbx"};
  static constexpr std::array beginnings = {".env.", "id_"};
  static constexpr std::array names = {".netrc", ".pgpass", ".htpasswd", "shadow", "gshadow", "credentials"};
  return std::ranges::any_of(endings, [&](const char* end) { return name.ends_with(end); }) ||
         std::ranges::any_of(beginnings, [&](const char* begin) { return name.starts_with(begin); }) ||
         std::ranges::any_of(names, [&](const char* one) { return name == one; });
}

bool lies_in(const std::string& inner, const std::string& outer) {
  return inner == outer || (inner.starts_with(outer) && (outer.ends_with('/') || inner[outer.size()] == '/'));
}

std::string resolved(const std::string& path) {
  std::error_code problem;
  const fs::path whole = fs::weakly_canonical(path, problem);
  std::string text = problem ? fs::path(path).lexically_normal().string() : whole.string();
  if (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

Result<ManagedFolder> look_at_folder(const ManagedFolderRequest& request) {
  ManagedFolder folder;
  folder.root = request.root;
  folder.baseline = request.baseline;
  const auto root = open_folder(request.root);
  AUTOHEAL_TRY(root);
  AUTOHEAL_TRY(check_baseline(request));
  folder.copies = holds_nothing(request.baseline);
  ManagedFolderRequest seen = request;
  if (folder.copies) seen.own.push_back(request.baseline);
  const auto from = folder.copies ? open_folder(request.root) : open_folder(request.baseline);
  AUTOHEAL_TRY(from);
  AUTOHEAL_TRY(Look(seen, folder).at(*from));
  if (!folder.copies) look_at_targets(*root, folder);
  if (!folder.files.empty()) return folder;
  const std::string why = folder.skipped.empty() ? ""
                                                 : fmt::format(": {} was skipped ({})", folder.skipped.front().path,
                                                               folder.skipped.front().reason);
  return failure(ErrorKind::not_found, fmt::format("there is no file to manage in {}{}", from->path(), why));
}

Result<std::vector<std::string>> make_baseline(ManagedFolder& folder) {
  const auto root = open_folder(folder.root);
  AUTOHEAL_TRY(root);
  auto made = make_folders_above(folder.baseline);
  if (!made) return made;
  if (auto done = stage_and_publish(*root, folder); !done) {
    for (; !made->empty(); made->pop_back()) ::rmdir(made->back().c_str());
    return std::unexpected(std::move(done.error()));
  }
  made->push_back(folder.baseline);
  return made;
}

}  // namespace autoheal::cli
