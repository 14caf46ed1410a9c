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

bool is_worthless(const SlotEntry& entry) { return entry.slot == Slot::part || entry.slot == Slot::made; }

bool tree_is_kept(int staging, const std::string& name, const SlotEntry& entry, engine::BlobStore& blobs) {
  const OwnFiles none;
  const UniqueFd folder(::openat(staging, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const auto tree = folder ? read_tree(folder.get(), name, &blobs, none) : failure(ErrorKind::failed, "");
  if (!tree || name_of_tree(*tree) != entry.digest) return false;
  return blobs.put(*tree, BlobNaming::plain).has_value();
}

// True once the image may go: the vault holds what it holds.
bool is_kept_elsewhere(int staging, const std::string& name, const SlotEntry& entry, engine::BlobStore& blobs) {
  const OwnFiles none;
  const Look look{entry.naming, true, image_limit, false};
  const auto image = look_at(staging, name, name, look, blobs, none);
  if (!image || entry.slot == Slot::kept) return false;
  if (image->facts.kind == TargetKind::folder) return tree_is_kept(staging, name, entry, blobs);
  // A link's target stands in the plan.
  if (image->facts.kind == TargetKind::link) return entry.slot != Slot::next && entry.digest.empty();
  if (image->facts.kind != TargetKind::file || entry.digest.empty() || image->facts.digest != entry.digest)
    return false;
  if (const auto put = blobs.put(image->content, entry.naming); !put || *put != entry.digest) return false;
  const auto again = look_at(staging, name, name, look, blobs, none);
  return again && again->facts == image->facts;
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
    if (is_worthless(*entry) || is_kept_elsewhere(staging->get(), name, *entry, blobs)) {
      (void)remove_tree(staging->get(), name);
    } else {
      kept.push_back(std::string(staging_name) + "/" + name);
    }
  }
  return kept;
}

}  // namespace autoheal::host
