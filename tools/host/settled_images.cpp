#include "tools/host/settled_images.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <optional>
#include <set>

#include "tools/host/file_writers.hpp"
#include "tools/host/folder_names.hpp"
#include "tools/host/folder_tree.hpp"
#include "tools/host/swap_lease.hpp"

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

// What somebody wrote to it goes into the vault as well, so that it can be named.
void keep_what_was_written(int staging, const std::string& name, const SlotEntry& entry, engine::BlobStore& blobs,
                           KeptImage& kept) {
  const OwnFiles none;
  const auto image = look_at(staging, name, name, Look{entry.naming, true, image_limit, false}, blobs, none);
  if (!image || image->facts.kind != TargetKind::file || image->facts.digest == entry.digest) return;
  const bool known = blobs.get(image->facts.digest).has_value();
  const auto put = blobs.put(image->content, entry.naming);
  if (!put) return;
  kept.written = *put;
  kept.is_new = !known;
}

struct Image {
  std::string name;
  SlotEntry entry;
  std::string heal;
  FileIdentity file;
};

// The kernel gives a lease only where nobody has it open for writing.
SwapLease::Taken lease_on_image(int staging, const Image& image) {
  return SwapLease(
             UniqueFd(::openat(staging, image.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)))
      .taken();
}

// Processes are looked into only where it does not.
std::map<std::string, std::string> who_has_them(int staging, std::vector<Image>& images) {
  std::map<std::string, std::string> who;  // by name in the staging folder
  std::set<FileIdentity> files;
  for (Image& image : images) {
    struct stat status {};
    if (::fstatat(staging, image.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) continue;
    const auto lease = lease_on_image(staging, image);
    if (lease == SwapLease::Taken::yes) continue;
    image.file = FileIdentity::of(status);
    files.insert(image.file);
    if (lease == SwapLease::Taken::in_use) who[image.name] = "a process that this one may not look into";
  }
  const FileWriters writers = find_writers(files);
  for (const Image& image : images) {
    const auto open = writers.of.find(image.file);
    if (open != writers.of.end()) who[image.name] = text_of(open->second);
  }
  return who;
}

std::vector<KeptImage> settle(int staging, std::vector<Image> images, engine::BlobStore& blobs) {
  const auto who = who_has_them(staging, images);
  std::vector<KeptImage> kept;
  for (const Image& image : images) {
    KeptImage one{std::string(staging_name) + "/" + image.name, image.heal, {}, {}, false};
    if (const auto open = who.find(image.name); open != who.end()) one.who = open->second;
    const bool may_go =
        one.who.empty() && (is_worthless(image.entry) || is_kept_elsewhere(staging, image.name, image.entry, blobs));
    if (may_go) {
      (void)remove_tree(staging, image.name);
      continue;
    }
    struct stat status {};
    // Somebody else settled it meanwhile: the heal itself, or the next look.
    if (::fstatat(staging, image.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) continue;
    if (one.who.empty()) keep_what_was_written(staging, image.name, image.entry, blobs, one);
    kept.push_back(std::move(one));
  }
  return kept;
}

// Calls `take` with each name in the staging folder.
template <class Take>
std::vector<KeptImage> settle_those(const RootFolder& root, engine::BlobStore& blobs, const Take& take) {
  const auto staging = open_staging_folder(root);
  if (!staging) return {};
  const auto names = names_in(staging->get(), root.path());
  if (!names) return {};
  std::vector<Image> images;
  for (const std::string& name : *names) {
    if (auto image = take(name)) images.push_back(std::move(*image));
  }
  return images.empty() ? std::vector<KeptImage>() : settle(staging->get(), std::move(images), blobs);
}

std::string heal_in(const EffectMark& heal_mark) {
  const auto end = heal_mark.ends_with('/') ? heal_mark.size() - 1 : heal_mark.size();
  const auto slash = heal_mark.rfind('/', end - 1);
  return heal_mark.substr(slash == std::string::npos ? 0 : slash + 1,
                          end - (slash == std::string::npos ? 0 : slash + 1));
}

}  // namespace

std::vector<KeptImage> settle_images(const RootFolder& root, engine::BlobStore& blobs, const EffectMark& heal_mark) {
  return settle_those(root, blobs, [&](const std::string& name) -> std::optional<Image> {
    const auto entry = read_slot_name(name, heal_mark);
    if (!entry) return std::nullopt;
    return Image{name, *entry, heal_in(heal_mark), {}};
  });
}

std::set<std::string> heals_with_images(const RootFolder& root, const std::string& ledger_id) {
  std::set<std::string> heals;
  const auto staging = open_staging_folder(root);
  const Result<std::vector<std::string>> names =
      staging ? names_in(staging->get(), root.path()) : failure(ErrorKind::not_found, "");
  if (!names) return heals;
  for (const std::string& name : *names) {
    if (auto heal = heal_of_slot_name(name, ledger_id)) heals.insert(std::move(*heal));
  }
  return heals;
}

std::vector<KeptImage> settle_images_of(const RootFolder& root, engine::BlobStore& blobs, const std::string& ledger_id,
                                        const std::set<std::string>& ended) {
  return settle_those(root, blobs, [&](const std::string& name) -> std::optional<Image> {
    const auto entry = read_slot_name(name, ledger_id + "/");
    const auto heal = heal_of_slot_name(name, ledger_id);
    if (!entry || !heal || !ended.contains(*heal)) return std::nullopt;
    return Image{name, *entry, *heal, {}};
  });
}

}  // namespace autoheal::host
