#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <unordered_set>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "autoheal/workflows/text/glob.hpp"
#include "tools/host/facts/target_facts.hpp"
#include "tools/host/release/release_manifest.hpp"
#include "tools/host/system/folder_names.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using Globs = std::vector<std::string>;

// A file below a folder: only looked at so far, known to be regular.
struct FoundFile {
  UniqueFd path_descriptor;
  struct stat status{};
  bool through_link = false;
};

std::unexpected<Error> wrong(const std::string& path, const std::string& how) {
  return failure(ErrorKind::failed, shown_path(path) + " " + how);
}

std::string name_of_kind(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISLNK(mode)) return "a symlink";
  return S_ISREG(mode) ? "a regular file" : "a device";
}

bool same_file(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool is_ignored(const Globs& ignore, const std::string& path) {
  return std::ranges::any_of(ignore, [&](const std::string& glob) { return workflows::glob_matches(glob, path); });
}

UniqueFd open_inside(int folder, const std::string& path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_PATH | O_CLOEXEC);
  how.resolve = resolve | RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  long opened = -1;
  do {
    opened = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
  } while (opened < 0 && (errno == EAGAIN || errno == EINTR));
  return UniqueFd(static_cast<int>(opened));
}

Result<UniqueFd> follow_link(int folder, const std::string& path) {
  UniqueFd end = open_inside(folder, path, 0, 0);
  if (end) return end;
  if (errno == EXDEV) return wrong(path, "is a symlink that is absolute or leads outside");
  if (errno == ENOENT) return wrong(path, "is a symlink that leads nowhere");
  if (errno == ELOOP) return wrong(path, "is a symlink that leads in a circle");
  return system_failure(shown_path(path), errno);
}

Result<FoundFile> find_file(int folder, const std::string& path, const OwnFiles& own) {
  const auto slash = path.rfind('/');
  const bool deeper = slash != std::string::npos;
  const UniqueFd parent = open_inside(folder, deeper ? path.substr(0, slash) : ".", O_DIRECTORY, RESOLVE_NO_SYMLINKS);
  FoundFile found;
  if (parent) found.path_descriptor = open_inside(parent.get(), path.substr(deeper ? slash + 1 : 0), O_NOFOLLOW, 0);
  if (!found.path_descriptor && errno == ENOENT) return wrong(path, "is missing");
  if (!found.path_descriptor || ::fstat(found.path_descriptor.get(), &found.status) != 0)
    return system_failure(shown_path(path), errno);
  if (S_ISLNK(found.status.st_mode)) {
    found.through_link = true;
    auto end = follow_link(folder, path);
    AUTOHEAL_TRY(end);
    found.path_descriptor = std::move(*end);
    if (::fstat(found.path_descriptor.get(), &found.status) != 0) return system_failure(shown_path(path), errno);
  }
  if (!S_ISREG(found.status.st_mode))
    return wrong(path, (found.through_link ? "is a symlink to " : "is ") + name_of_kind(found.status.st_mode));
  if (own.contain(found.status)) return wrong(path, "is one of Autoheal's own files");
  return found;
}

bool unchanged(const struct stat& before, const struct stat& after) {
  const auto same = [](const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; };
  return before.st_size == after.st_size && same(before.st_mtim, after.st_mtim) && same(before.st_ctim, after.st_ctim);
}

Result<std::string> digest_of(const FoundFile& file, const std::string& path) {
  const UniqueFd readable = reopen_for_reading(file.path_descriptor.get());
  if (!readable) return system_failure(shown_path(path), errno);
  Sha256Stream stream;
  off_t at = 0;
  const auto read = read_in_pieces(readable.get(), [&](std::string_view piece) {
    stream.update(piece.data(), piece.size());
    at += static_cast<off_t>(piece.size());
    return at <= file.status.st_size;  // a file that grows as fast as it is read has no end
  });
  if (!read) return system_failure(shown_path(path), read.error());
  struct stat after{};
  if (::fstat(readable.get(), &after) != 0) return system_failure(shown_path(path), errno);
  if (at != after.st_size || !unchanged(file.status, after)) return wrong(path, "changes while it is read");
  return to_hex(stream.finish());
}

Result<void> check_manifest_name(const std::string& manifest) {
  if (auto good = check_listed_path(manifest); !good) return good;
  if (manifest.find('/') == std::string::npos) return {};
  return failure(ErrorKind::invalid, fmt::format("\"{}\" is not a file name, but a path", shown_path(manifest)));
}

// A manifest that is a link, or anything but a regular file, is none.
Result<std::string> read_manifest(int release, const std::string& manifest, const OwnFiles& own) {
  const auto found = find_file(release, manifest, own);
  AUTOHEAL_TRY(found);
  if (found->through_link) return wrong(manifest, "is a symlink, not a regular file");
  const UniqueFd readable = reopen_for_reading(found->path_descriptor.get());
  if (!readable) return system_failure(manifest, errno);
  return read_all(readable.get(), manifest, most_manifest_text);
}

// Nothing lies in the open release that is not listed; what is listed comes later.
class SearchForStrangers {
 public:
  SearchForStrangers(const std::vector<ManifestLine>& lines, const std::string& manifest, const Globs& ignore)
      : manifest_(manifest), ignore_(ignore) {
    for (const ManifestLine& line : lines) listed_.insert(line.path);
  }

  // By way of the root, since a walk begins there; `opened` is the release that is checked.
  Result<void> search(const RootFolder& root, const std::string& release, int opened, const OwnFiles& own) {
    struct stat expected{};
    if (::fstat(opened, &expected) != 0) return system_failure(release, errno);
    bool seen = false;
    const std::size_t prefix = release == "." ? 0 : release.size() + 1;
    auto walked = walk(root, release, own, [&](const std::string& path, const struct stat& status) -> Result<Walk> {
      if (path == release) seen = same_file(status, expected);
      if (S_ISDIR(status.st_mode)) return Walk::on;
      AUTOHEAL_TRY(visit(path.substr(prefix), status.st_mode));
      return Walk::on;
    });
    if (walked && !seen) return wrong(release, "changes while it is checked");
    return walked;
  }

 private:
  [[nodiscard]] Result<void> visit(const std::string& path, mode_t mode) const {
    const bool listed = listed_.contains(path);
    if (path == manifest_ || (!listed && is_ignored(ignore_, path))) return {};
    if (!S_ISREG(mode) && !S_ISLNK(mode)) return wrong(path, "is " + name_of_kind(mode));
    if (listed) return {};
    return wrong(path, S_ISLNK(mode) ? "is a symlink that is not in the manifest" : "is not in the manifest");
  }

  const std::string& manifest_;
  const Globs& ignore_;
  std::unordered_set<std::string_view> listed_;
};

Result<void> check_contents(int release, const std::vector<ManifestLine>& lines, const OwnFiles& own) {
  for (const ManifestLine& line : lines) {
    const auto found = find_file(release, line.path, own);
    AUTOHEAL_TRY(found);
    const auto digest = digest_of(*found, line.path);
    AUTOHEAL_TRY(digest);
    if (*digest != line.digest) return wrong(line.path, "has another content than the manifest says");
  }
  return {};
}

Result<void> check_whole(const RootFolder& root, const std::string& release, const std::string& manifest,
                         const Globs& ignore, const OwnFiles& own, std::string& manifest_digest) {
  if (auto good = check_manifest_name(manifest); !good) return good;
  const auto opened = root.open_below(release, O_RDONLY | O_DIRECTORY);
  if (!opened && opened.error().kind == ErrorKind::not_found) return wrong(release, "is missing");
  AUTOHEAL_TRY(opened);
  const auto text = read_manifest(opened->get(), manifest, own);
  AUTOHEAL_TRY(text);
  manifest_digest = sha256_name(*text);
  const auto lines = parse_manifest(*text);
  if (!lines) return failure(ErrorKind::failed, manifest + ": " + lines.error().message);
  if (std::ranges::find(*lines, manifest, &ManifestLine::path) != lines->end())
    return wrong(manifest, "lists itself: no file holds its own digest");
  if (auto good = SearchForStrangers(*lines, manifest, ignore).search(root, release, opened->get(), own); !good)
    return good;
  return check_contents(opened->get(), *lines, own);
}

Result<std::vector<std::string>> paths_to_list(const RootFolder& folder, const std::string& manifest,
                                               const Globs& ignore, const OwnFiles& own) {
  std::vector<std::string> paths;
  auto walked = walk(folder, ".", own, [&](const std::string& path, const struct stat& status) -> Result<Walk> {
    if (S_ISDIR(status.st_mode) || path == manifest || is_ignored(ignore, path)) return Walk::on;
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) return wrong(path, "is " + name_of_kind(status.st_mode));
    AUTOHEAL_TRY(check_listed_path(path));
    paths.push_back(path);
    return Walk::on;
  });
  AUTOHEAL_TRY(walked);
  std::ranges::sort(paths);
  return paths;
}

Result<ManifestLine> line_of(const RootFolder& folder, const std::string& path, const std::string& manifest,
                             const OwnFiles& own) {
  const auto found = find_file(folder.descriptor(), path, own);
  AUTOHEAL_TRY(found);
  struct stat itself{};
  if (found->through_link && ::fstatat(folder.descriptor(), manifest.c_str(), &itself, AT_SYMLINK_NOFOLLOW) == 0 &&
      same_file(itself, found->status))
    return wrong(path, "is a symlink to the manifest itself");
  auto digest = digest_of(*found, path);
  AUTOHEAL_TRY(digest);
  return ManifestLine{path, std::move(*digest)};
}

std::unexpected<Error> unlistable(const Error& error) {
  return failure(ErrorKind::failed, error.message, "--ignore leaves files out, for example --ignore 'logs/**'");
}

}  // namespace

ReleaseCheck check_release(const RootFolder& root, const std::string& release, const std::string& manifest,
                           const std::vector<std::string>& ignore, const OwnFiles& own) {
  ReleaseCheck check;
  const auto whole = check_whole(root, release, manifest, ignore, own, check.manifest_digest);
  check.whole = whole.has_value();
  if (!whole) check.message = whole.error().message;
  return check;
}

Result<std::string> manifest_of(const RootFolder& folder, const std::string& manifest,
                                const std::vector<std::string>& ignore, const OwnFiles& own) {
  AUTOHEAL_TRY(check_manifest_name(manifest));
  const auto paths = paths_to_list(folder, manifest, ignore, own);
  if (!paths) return unlistable(paths.error());
  if (paths->empty()) return failure(ErrorKind::failed, "there is no file to list in " + folder.path());
  std::vector<ManifestLine> lines;
  for (const std::string& path : *paths) {
    auto line = line_of(folder, path, manifest, own);
    if (!line) return unlistable(line.error());
    lines.push_back(std::move(*line));
  }
  std::string text = manifest_text(lines);
  // Names that are fine alone may clash: it must be a manifest that can be read.
  if (const auto read = parse_manifest(text); !read) return unlistable(read.error());
  return text;
}

}  // namespace autoheal::host
