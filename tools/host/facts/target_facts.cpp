#include "tools/host/facts/target_facts.hpp"

#include <fcntl.h>

#include <cerrno>

#include "tools/host/facts/folder_tree.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

Result<Seen> look_at_tree(int folder, const std::string& name, const struct stat& status, const std::string& path,
                          const OwnFiles& own) {
  const UniqueFd opened(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened) return system_failure(path, errno);
  const auto tree = read_tree(opened.get(), path, nullptr, own);
  AUTOHEAL_TRY(tree);
  Seen seen{facts_from(status, path), {}};
  seen.facts.digest = name_of_tree(*tree);
  return seen;
}

}  // namespace

Result<Seen> inspect(int folder, const std::string& name, const std::string& path, const Look& look,
                     const engine::BlobStore& blobs, const OwnFiles& own) {
  struct stat status{};
  const bool is_folder =
      look.tree && ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
  return is_folder ? look_at_tree(folder, name, status, path, own)
                   : look_at_entry(folder, name, path, look, blobs, own);
}

Result<Seen> inspect(const RootFolder& root, const std::string& path, const Look& look, const engine::BlobStore& blobs,
                     const OwnFiles& own) {
  if (path == ".") {
    struct stat status{};
    if (::fstat(root.descriptor(), &status) != 0) return system_failure(root.path(), errno);
    return Seen{facts_from(status, path), {}};
  }
  const auto place = root.place_of(path);
  if (!place && place.error().kind == ErrorKind::not_found) {
    Seen seen;
    seen.facts.path = path;
    return seen;
  }
  AUTOHEAL_TRY(place);
  return inspect(place->folder.get(), place->name, path, look, blobs, own);
}

}  // namespace autoheal::host
