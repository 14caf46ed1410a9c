#include "tools/host/facts/security_scan.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <climits>
#include <map>
#include <set>

#include "autoheal/engine/base/whole_io.hpp"
#include "autoheal/workflows/plan/security_rules.hpp"
#include "autoheal/workflows/spec/visit_spec.hpp"
#include "autoheal/workflows/supervision/editor_leftovers.hpp"
#include "autoheal/workflows/text/line_expressions.hpp"
#include "tools/host/facts/file_quiet.hpp"
#include "tools/host/system/access_lists.hpp"
#include "tools/host/system/file_writers.hpp"
#include "tools/host/system/folder_names.hpp"
#include "tools/host/system/system_error.hpp"
#include "tools/host/system/user_account.hpp"

namespace autoheal::host {

namespace {

using workflows::SecurityFinding;
using workflows::SecuritySpec;
using workflows::TargetKind;

constexpr Duration leftover_is_young = std::chrono::seconds(60);

std::string octal(workflows::FileMode mode) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3)
    text += static_cast<char>('0' + ((mode >> static_cast<unsigned>(shift)) & 7U));
  return text;
}

std::string setid_text(workflows::FileMode mode) {
  const bool user = (mode & S_ISUID) != 0, group = (mode & S_ISGID) != 0;
  return user && group ? "setuid and setgid" : user ? "setuid" : "setgid";
}

std::string where_it_leads(int descriptor) {
  std::array<char, PATH_MAX> target{};
  const std::string name = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = ::readlink(name.c_str(), target.data(), target.size());
  return size < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

std::string text_of_link(const RootFolder& root, const std::string& path) {
  const auto link = root.open_below(path, O_PATH | O_NOFOLLOW);
  std::array<char, PATH_MAX> text{};
  const ssize_t size = link ? ::readlinkat(link->get(), "", text.data(), text.size()) : -1;
  return size < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
}

// The targets of links, as repairs and probes declare them.
std::set<std::pair<std::string, std::string>> links_declared_by(const workflows::EngineSpec& spec) {
  std::set<std::pair<std::string, std::string>> links;
  for (const workflows::LinkRepair& link : spec.repair.links) links.emplace(link.path, link.target);
  workflows::for_each_probe_of<workflows::LinkProbe>(
      spec, [&links](const workflows::LinkProbe& link) { links.emplace(link.path, link.target); });
  return links;
}

bool lies_in(const std::string& path, const std::string& folder) {
  return path == folder || folder == "/" || path.starts_with(folder + "/");
}

class Scan {
 public:
  Scan(const RootFolder& root, const workflows::EngineSpec& spec, const SecuritySpec& policy, const OwnFiles& own)
      : root_(root), policy_(policy), own_(own), declared_links_(links_declared_by(spec)) {}

  Result<void> begin() {
    auto expressions = workflows::LineExpressions::of(policy_.forbid);
    AUTOHEAL_TRY(expressions);
    forbidden_ = std::move(*expressions);
    if (policy_.owner.empty()) return {};
    const auto owner = owner_of(policy_.owner);
    AUTOHEAL_TRY(owner);
    owner_ = *owner;
    return {};
  }
  Result<void> below(const std::string& path);
  Result<void> touched(const std::string& path);
  std::vector<SecurityFinding> take();

 private:
  Result<void> judge(const std::string& path, const struct stat& status);
  Result<void> judge_content(const std::string& path);
  void judge_link(const std::string& path);
  [[nodiscard]] bool has_capabilities(const std::string& path) const;
  [[nodiscard]] std::string list_beside(const std::string& path) const;
  void find(const std::string& path, std::string rule, std::string message) {
    findings_.push_back({path, std::move(rule), std::move(message)});
  }
  Result<void> judge_leftover(const std::string& path, const struct stat& status);
  Result<void> judge_rights(const std::string& path, const struct stat& status);

  const RootFolder& root_;
  const SecuritySpec& policy_;
  const OwnFiles& own_;
  const std::set<std::pair<std::string, std::string>> declared_links_;
  std::pair<std::uint32_t, std::uint32_t> owner_{};
  workflows::LineExpressions forbidden_;
  std::set<std::string> judged_, named_;
  std::map<std::string, FileIdentity> leftovers_;  // with a finding, and no longer young
  std::vector<SecurityFinding> findings_;
};

Result<void> Scan::below(const std::string& path) {
  named_.insert(path);
  bool found = false;
  auto walked = walk(root_, path, own_, [&](const std::string& here, const struct stat& status) -> Result<Walk> {
    found = true;
    AUTOHEAL_TRY(judge(here, status));
    return Walk::on;
  });
  if (walked && !found) return failure(ErrorKind::not_found, fmt::format("security: {} is not there", path));
  return walked;
}

Result<void> Scan::touched(const std::string& path) {
  named_.insert(path);
  return walk(root_, path, own_, [&](const std::string& here, const struct stat& status) -> Result<Walk> {
    AUTOHEAL_TRY(judge(here, status));
    return Walk::not_below;
  });
}

Result<void> Scan::judge(const std::string& path, const struct stat& status) {
  if (!judged_.insert(path).second) return {};
  const bool leftover = workflows::is_editor_leftover(path) && !named_.contains(path);
  if (leftover && S_ISREG(status.st_mode)) return judge_leftover(path, status);
  if (leftover && S_ISLNK(status.st_mode)) return {};  // a lock of emacs
  if (!policy_.owner.empty() && (status.st_uid != owner_.first || status.st_gid != owner_.second)) {
    find(path, "owner", fmt::format("belongs to {}:{}, not to {}", status.st_uid, status.st_gid, policy_.owner));
  }
  if (S_ISLNK(status.st_mode)) {
    judge_link(path);
    return {};
  }
  return judge_rights(path, status);
}

// Only reported while an editor is at work: whose it is, and that it is there, is nobody's fault then.
Result<void> Scan::judge_leftover(const std::string& path, const struct stat& status) {
  const std::size_t before = findings_.size();
  if (auto judged = judge_rights(path, status); !judged) return judged;
  const bool young = unchanged_for(status, wall_clock_ns()) < leftover_is_young;
  for (auto found = findings_.begin() + static_cast<std::ptrdiff_t>(before); found != findings_.end(); ++found) {
    found->passing = young;
    if (!young) leftovers_[path] = FileIdentity::of(status);
  }
  return {};
}

std::vector<SecurityFinding> Scan::take() {
  std::set<FileIdentity> files;
  for (const auto& [path, file] : leftovers_) files.insert(file);
  const FileWriters writers = find_writers(files);
  for (SecurityFinding& finding : findings_) {
    const auto leftover = leftovers_.find(finding.path);
    if (leftover != leftovers_.end() && writers.of.contains(leftover->second)) finding.passing = true;
  }
  return std::move(findings_);
}

Result<void> Scan::judge_rights(const std::string& path, const struct stat& status) {
  const TargetKind kind = S_ISDIR(status.st_mode)   ? TargetKind::folder
                          : S_ISREG(status.st_mode) ? TargetKind::file
                                                    : TargetKind::other;
  const workflows::FileMode mode = status.st_mode & 07777U;
  // Setid and sticky bits have a rule of their own.
  const workflows::FileMode permissions = mode & 0777U;
  if (policy_.max_mode && workflows::mode_within(permissions, *policy_.max_mode, kind) != permissions) {
    find(path, "max_mode",
         fmt::format("mode {} is wider than {}{}", octal(mode), octal(*policy_.max_mode), list_beside(path)));
  }
  if (!policy_.allow_setid && workflows::is_setid(mode, kind))
    find(path, "setid", fmt::format("mode {} is {}{}", octal(mode), setid_text(mode), workflows::allowed_as_setid));
  if (kind == TargetKind::file && workflows::judges_capabilities(policy_) && has_capabilities(path))
    find(path, "capability", "has file capabilities" + std::string(workflows::allowed_as_setid));
  if (kind != TargetKind::file || policy_.forbid.empty()) return {};
  return judge_content(path);
}

// With a list the group bits of the mode are what those whom it names may have at most.
std::string Scan::list_beside(const std::string& path) const {
  const auto open = root_.open_below(path, O_PATH | O_NOFOLLOW);
  const auto acl = open ? access_list_of(open->get()) : failure(ErrorKind::not_found, "");
  return acl && !acl->empty() ? fmt::format("; its group bits are the most that its access list grants ({})", *acl)
                              : "";
}

bool Scan::has_capabilities(const std::string& path) const {
  const auto open = root_.open_below(path, O_PATH | O_NOFOLLOW);
  return open && ::getxattr(path_of_open(open->get()).c_str(), "security.capability", nullptr, 0) > 0;
}

void Scan::judge_link(const std::string& path) {
  if (!policy_.allow_symlinks) return find(path, "symlink", "is a symlink");
  if (declared_links_.contains({path, text_of_link(root_, path)})) return;
  const UniqueFd target(::openat(root_.descriptor(), path.c_str(), O_PATH | O_CLOEXEC));
  if (!target) {
    if (errno == ELOOP) find(path, "symlink", "leads in a circle");
    if (errno == ELOOP || errno == ENOENT || errno == ENOTDIR) return;
    return find(path, "outside", "where it leads cannot be told: " + reason_of(errno));
  }
  if (!lies_in(where_it_leads(target.get()), where_it_leads(root_.descriptor())))
    find(path, "outside", "leads out of the root");
}

Result<void> Scan::judge_content(const std::string& path) {
  const auto place = root_.place_of(path);
  AUTOHEAL_TRY(place);
  const UniqueFd file(
      ::openat(place->folder.get(), place->name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file && errno == ENOENT) return {};
  if (!file) return system_failure("security: " + path, errno);
  workflows::PiecewiseLines lines(forbidden_);
  std::optional<std::string> pattern;
  const auto read = read_in_pieces(file.get(), [&](std::string_view piece) {
    pattern = lines.next(piece, false);
    return !pattern;
  });
  if (!read) return system_failure("security: " + path, read.error());
  if (!pattern) pattern = lines.next({}, true);
  if (pattern) find(path, "forbid", "holds what is forbidden: " + *pattern);
  return {};
}

}  // namespace

Result<std::vector<SecurityFinding>> scan_security(const RootFolder& root, const workflows::EngineSpec& spec,
                                                   const SecuritySpec& policy, const std::vector<std::string>& touched,
                                                   const std::vector<std::string>& restored, const OwnFiles& own) {
  Scan scan(root, spec, policy, own);
  AUTOHEAL_TRY(scan.begin());
  for (const std::string& path : policy.paths) {
    AUTOHEAL_TRY(scan.below(path));
  }
  for (const std::string& path : restored) {
    if (auto scanned = scan.below(path); !scanned && scanned.error().kind != ErrorKind::not_found)
      return std::unexpected(std::move(scanned.error()));
  }
  for (const std::string& path : touched) {
    AUTOHEAL_TRY(scan.touched(path));
  }
  return scan.take();
}

}  // namespace autoheal::host
