#include "tools/host/release/releases.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <climits>

#include "autoheal/workflows/plan/release_choice.hpp"
#include "tools/host/release/release_manifest.hpp"
#include "tools/host/system/folder_names.hpp"

namespace autoheal::host {

namespace {

std::optional<std::string> failing_release(const RootFolder& root, const workflows::ReleaseRepair& repair) {
  const auto place = root.place_of(repair.link);
  if (!place) return std::nullopt;
  std::string target(PATH_MAX, '\0');
  const ssize_t size = ::readlinkat(place->folder.get(), place->name.c_str(), target.data(), target.size());
  if (size <= 0) return std::nullopt;
  target.resize(static_cast<std::size_t>(size));
  const auto linked = workflows::linked_release(repair, root.path(), target);
  return linked ? std::optional(linked->name) : std::nullopt;
}

Result<std::vector<std::string>> release_names(const RootFolder& root, const std::string& folder) {
  const auto opened = root.open_below(folder, O_RDONLY | O_DIRECTORY);
  if (!opened && opened.error().kind == ErrorKind::not_found) return std::vector<std::string>();
  AUTOHEAL_TRY(opened);
  auto names = names_in(opened->get(), folder);
  if (!names) return names;
  std::erase_if(*names, [&](const std::string& name) {
    struct stat status{};
    return name.starts_with('.') || ::fstatat(opened->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
           !S_ISDIR(status.st_mode);
  });
  return names;
}

}  // namespace

workflows::ReleaseFacts look_at_release(const RootFolder& root, const workflows::ReleaseRepair& repair,
                                        const std::string& name, const OwnFiles& own) {
  const ReleaseCheck checked = check_release(root, repair.releases + "/" + name, repair.manifest, repair.ignore, own);
  return {name, checked.whole, checked.message, checked.manifest_digest};
}

Result<workflows::ReleasesFacts> look_at_releases(const RootFolder& root, const workflows::ReleaseRepair& repair,
                                                  unsigned attempt, const OwnFiles& own) {
  workflows::ReleasesFacts facts;
  auto names = release_names(root, repair.releases);
  AUTOHEAL_TRY(names);
  facts.names = std::move(*names);
  unsigned whole = 0;
  for (const std::string& name :
       workflows::releases_within_reach(repair, facts.names, failing_release(root, repair), attempt)) {
    // Each earlier attempt can have refused one.
    if (whole == attempt) break;
    facts.checked.push_back(look_at_release(root, repair, name, own));
    if (facts.checked.back().whole) ++whole;
  }
  return facts;
}

}  // namespace autoheal::host
