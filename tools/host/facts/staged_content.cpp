#include "tools/host/facts/staged_content.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <vector>

#include "autoheal/engine/base/whole_io.hpp"
#include "tools/host/system/access_lists.hpp"
#include "tools/host/system/removed_tree.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::TargetAfter;
using workflows::TargetKind;

Result<void> write_all(int descriptor, std::string_view bytes) {
  const auto written = write_whole(descriptor, bytes);
  return written ? Result<void>() : system_failure("writing the new file", written.error());
}

Result<void> copy_all(int from, int to) {
  Result<void> written;
  const auto read = read_in_pieces(from, [&](std::string_view piece) {
    written = write_all(to, piece);
    return written.has_value();
  });
  return read ? written : system_failure("reading the old file", read.error());
}

std::vector<std::string> attribute_names(int descriptor) {
  const ssize_t size = ::flistxattr(descriptor, nullptr, 0);
  if (size <= 0) return {};
  std::string list(static_cast<std::size_t>(size), '\0');
  const ssize_t got = ::flistxattr(descriptor, list.data(), list.size());
  std::vector<std::string> names;
  for (std::size_t at = 0; got > 0 && at < static_cast<std::size_t>(got);) {
    names.emplace_back(list.c_str() + at);
    at += names.back().size() + 1;
  }
  return names;
}

bool is_to_be_copied(const std::string& attribute, bool same_content) {
  // Attributes that vouch for the old bytes must not vouch for new ones.
  const bool vouches = attribute == "security.capability" || attribute == "security.ima" || attribute == "security.evm";
  // Access lists are part of what was planned, and set as such.
  const bool planned = attribute.starts_with("system.posix_acl_");
  return !planned && (same_content || !vouches);
}

Result<void> copy_attributes(int from, int to, bool same_content) {
  for (const std::string& name : attribute_names(from)) {
    if (!is_to_be_copied(name, same_content)) continue;
    const ssize_t size = ::fgetxattr(from, name.c_str(), nullptr, 0);
    if (size < 0 && errno == ENODATA) continue;
    std::string value(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
    const ssize_t got = size < 0 ? size : ::fgetxattr(from, name.c_str(), value.data(), value.size());
    if (got < 0) return system_failure("attribute " + name, errno);
    if (::fsetxattr(to, name.c_str(), value.data(), static_cast<std::size_t>(got), 0) != 0 && errno != ENOTSUP) {
      return system_failure("attribute " + name, errno);
    }
  }
  return {};
}

Result<void> write_content(int descriptor, const TargetAfter& after, int old, bool same_content,
                           const engine::BlobStore& blobs) {
  if (same_content && old >= 0) return copy_all(old, descriptor);
  const auto content = blobs.get(after.content);
  AUTOHEAL_TRY(content);
  return write_all(descriptor, *content);
}

Result<void> give(int descriptor, const TargetAfter& after) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return system_failure("what is new", errno);
  if ((status.st_uid == after.uid && status.st_gid == after.gid) || ::fchown(descriptor, after.uid, after.gid) == 0)
    return {};
  return system_failure(fmt::format("giving it to user {}, group {}", after.uid, after.gid), errno);
}

Result<UniqueFd> folder_of(int folder, std::string& path) {
  UniqueFd at(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (at) {
    const auto slash = path.find('/');
    if (slash == std::string::npos) return at;
    at = UniqueFd(::openat(at.get(), path.substr(0, slash).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    path.erase(0, slash + 1);
  }
  return system_failure(path, errno);
}

Result<void> dress_entry(int folder, const nlohmann::json& entry) {
  std::string name = entry.at("path");
  const auto at = folder_of(folder, name);
  AUTOHEAL_TRY(at);
  const UniqueFd made(::openat(at->get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made) return system_failure(name, errno);
  return dress(made.get(), {TargetKind::folder, {}, entry.at("mode"), entry.at("uid"), entry.at("gid"), {}});
}

Result<void> write_entry(int folder, const nlohmann::json& entry, const engine::BlobStore& blobs) {
  std::string name = entry.at("path");
  if (auto checked = check_path(name); !checked) return checked;
  const auto at = folder_of(folder, name);
  AUTOHEAL_TRY(at);
  TargetAfter after;
  after.kind = entry.at("kind") == "file"   ? TargetKind::file
               : entry.at("kind") == "link" ? TargetKind::link
                                            : TargetKind::folder;
  after.content = entry.value("digest", "");
  after.mode = entry.at("mode");
  after.uid = entry.at("uid");
  after.gid = entry.at("gid");
  after.link_target = entry.value("target", "");
  if (after.kind == TargetKind::folder) {
    // Its mode comes last: it may forbid to write in it.
    if (::mkdirat(at->get(), name.c_str(), 0700) != 0) return system_failure(name, errno);
    return {};
  }
  auto staged = stage(at->get(), name, after, -1, false, blobs);
  if (!staged) staged.error().message = name + ": " + staged.error().message;
  return staged;
}

Result<void> stage_folder(int staging, const std::string& name, const TargetAfter& after,
                          const engine::BlobStore& blobs) {
  if (::mkdirat(staging, name.c_str(), 0700) != 0) return system_failure("the new folder", errno);
  const UniqueFd folder(::openat(staging, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return system_failure("the new folder", errno);
  if (!after.content.empty()) {
    const auto tree = blobs.get(after.content);
    AUTOHEAL_TRY(tree);
    if (auto written = write_tree(folder.get(), *tree, blobs); !written) return written;
  }
  return dress(folder.get(), after);
}

Result<void> stage_link(int staging, const std::string& name, const TargetAfter& after) {
  if (::symlinkat(after.link_target.c_str(), staging, name.c_str()) != 0) return system_failure("the new link", errno);
  struct stat status{};
  if (::fstatat(staging, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return system_failure("the new link", errno);
  if (status.st_uid == after.uid && status.st_gid == after.gid) return {};
  if (::fchownat(staging, name.c_str(), after.uid, after.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return system_failure(fmt::format("giving the new link to user {}, group {}", after.uid, after.gid), errno);
  }
  return {};
}

Result<void> stage_file(int staging, const std::string& name, const TargetAfter& after, int old, bool same_content,
                        const engine::BlobStore& blobs) {
  const UniqueFd file(::openat(staging, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return system_failure("the new file", errno);
  if (auto written = write_content(file.get(), after, old, same_content, blobs); !written) return written;
  if (old >= 0) {
    if (auto owned = give(file.get(), after); !owned) return owned;
    if (auto copied = copy_attributes(old, file.get(), same_content); !copied) return copied;
  }
  return dress(file.get(), after);
}

}  // namespace

Result<void> dress(int descriptor, const TargetAfter& after) {
  if (auto owned = give(descriptor, after); !owned) return owned;
  // Whatever the folder that it was made in gave it.
  if (after.kind == TargetKind::folder) {
    if (auto listed = set_default_list(descriptor, after.default_acl); !listed) return listed;
  }
  if (auto listed = set_access_list(descriptor, after.acl, after.mode); !listed) return listed;
  if (::fchmod(descriptor, after.mode) != 0) return system_failure("the mode of what is new", errno);
  if (::fsync(descriptor) != 0) return system_failure("syncing what is new", errno);
  return {};
}

Result<void> write_tree(int folder, const std::string& text, const engine::BlobStore& blobs) {
  try {
    const auto tree = nlohmann::json::parse(text);
    for (const auto& entry : tree) {
      if (auto written = write_entry(folder, entry, blobs); !written) return written;
    }
    for (auto entry = tree.rbegin(); entry != tree.rend(); ++entry) {
      if (entry->at("kind") != "folder") continue;
      if (auto dressed = dress_entry(folder, *entry); !dressed) return dressed;
    }
  } catch (const nlohmann::json::exception& exception) {
    return failure(ErrorKind::corrupt, std::string("the tree of a folder cannot be read: ") + exception.what());
  }
  if (::fsync(folder) != 0) return system_failure("syncing the new folder", errno);
  return {};
}

Result<void> stage(int staging, const std::string& name, const TargetAfter& after, int old, bool same_content,
                   const engine::BlobStore& blobs) {
  if (auto cleared = remove_tree(staging, name); !cleared) return cleared;
  auto done = after.kind == TargetKind::link     ? stage_link(staging, name, after)
              : after.kind == TargetKind::folder ? stage_folder(staging, name, after, blobs)
                                                 : stage_file(staging, name, after, old, same_content, blobs);
  if (!done) (void)remove_tree(staging, name);
  return done;
}

}  // namespace autoheal::host
