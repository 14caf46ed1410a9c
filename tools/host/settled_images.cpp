#include "tools/host/settled_images.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>

#include "tools/host/folder_names.hpp"
#include "tools/host/folder_tree.hpp"

namespace autoheal::host {

namespace {

using workflows::TargetKind;

constexpr std::size_t image_limit = 1U << 30U;

bool is_worthless(const SlotEntry& entry) {
  return entry.slot == Slot::part || entry.slot == Slot::check || entry.slot == Slot::made;
}

constexpr const char* not_as_planned = "it is not what the plan saw: somebody wrote to it after it was displaced";

std::string why_tree_stays(int staging, const std::string& name, const SlotEntry& entry, engine::BlobStore& blobs) {
  const OwnFiles none;
  const UniqueFd folder(::openat(staging, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const auto tree =
      folder ? read_tree(folder.get(), name, &blobs, none) : failure(ErrorKind::failed, "the folder cannot be opened");
  if (!tree) return tree.error().message;
  if (name_of_tree(*tree) != entry.digest) return not_as_planned;
  const auto put = blobs.put(*tree, BlobNaming::plain);
  return put ? "" : put.error().message;
}

// Empty once the image may go: the vault holds what it holds.
std::string why_it_stays(int staging, const std::string& name, const SlotEntry& entry, engine::BlobStore& blobs) {
  const OwnFiles none;
  if (entry.slot == Slot::kept) return "an edit of somebody's that could not be put back where it was";
  const Look look{entry.naming, true, image_limit, false};
  const auto image = look_at(staging, name, name, look, blobs, none);
  if (!image) return image.error().message;
  if (image->facts.kind == TargetKind::folder) return why_tree_stays(staging, name, entry, blobs);
  // A link's target stands in the plan.
  if (image->facts.kind == TargetKind::link && entry.slot != Slot::next && entry.digest.empty()) return {};
  if (image->facts.kind != TargetKind::file || entry.digest.empty() || image->facts.digest != entry.digest)
    return not_as_planned;
  const auto put = blobs.put(image->content, entry.naming);
  if (!put) return put.error().message;
  const auto again = look_at(staging, name, name, look, blobs, none);
  return *put == entry.digest && again && again->facts == image->facts ? "" : "it changed while it was copied";
}

}  // namespace

std::vector<std::string> settle_images(const RootFolder& root, engine::BlobStore& blobs, const EffectMark& heal_mark) {
  std::vector<std::string> kept;
  const auto staging = open_staging_folder(root);
  if (!staging) return kept;
  const auto names = names_in(staging->get(), root.path());
  if (!names) return kept;
  for (const std::string& name : *names) {
    const auto entry = read_slot_name(name, heal_mark);
    if (!entry) continue;
    const std::string why = is_worthless(*entry) ? "" : why_it_stays(staging->get(), name, *entry, blobs);
    if (why.empty()) {
      (void)remove_tree(staging->get(), name);
    } else {
      kept.push_back(std::string(staging_name) + "/" + name + ": " + why);
    }
  }
  return kept;
}

}  // namespace autoheal::host
