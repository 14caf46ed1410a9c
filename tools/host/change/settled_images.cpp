#include "tools/host/change/settled_images.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <optional>
#include <set>

#include "tools/host/facts/folder_tree.hpp"
#include "tools/host/system/file_writers.hpp"
#include "tools/host/system/folder_names.hpp"
#include "tools/host/system/removed_tree.hpp"
#include "tools/host/system/swap_lease.hpp"

namespace autoheal::host {

namespace {

using workflows::TargetKind;

constexpr std::size_t image_limit = 1U << 30U;

bool is_worthless(const SlotEntry& entry) {
  return entry.slot == Slot::part || entry.slot == Slot::check || entry.slot == Slot::made;
}

constexpr std::string_view open_for_writing = "it is still open for writing by ";
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
  const auto image = inspect(staging, name, name, look, blobs, none);
  if (!image) return image.error().message;
  if (image->facts.kind == TargetKind::folder) return why_tree_stays(staging, name, entry, blobs);
  // A link's target stands in the plan.
  if (image->facts.kind == TargetKind::link && entry.slot != Slot::next && entry.digest.empty()) return {};
  if (image->facts.kind != TargetKind::file || entry.digest.empty() || image->facts.digest != entry.digest)
    return not_as_planned;
  const auto put = blobs.put(image->content, entry.naming);
  if (!put) return put.error().message;
  const auto again = inspect(staging, name, name, look, blobs, none);
  return *put == entry.digest && again && again->facts == image->facts ? "" : "it changed while it was copied";
}

// Foreign writes to it go into the vault as well, so that they can be named.
void keep_what_was_written(int staging, const std::string& name, const SlotEntry& entry, engine::BlobStore& blobs,
                           KeptImage& kept) {
  const OwnFiles none;
  const auto image = inspect(staging, name, name, Look{entry.naming, true, image_limit, false}, blobs, none);
  if (!image || image->facts.kind != TargetKind::file || image->facts.digest == entry.digest) return;
  if (const auto put = blobs.put(image->content, entry.naming)) kept.written = *put;
}

struct Image {
  std::string name;
  SlotEntry entry;
  FileIdentity file;
};

// The kernel gives a lease only where nobody has it open for writing.
SwapLease::Taken lease_on_image(int staging, const Image& image) {
  return SwapLease(
             UniqueFd(::openat(staging, image.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)))
      .taken();
}

// Processes are looked into only if it does not.
std::map<std::string, std::string> who_has_them(int staging, std::vector<Image>& images) {
  std::map<std::string, std::string> who;  // by name in the staging folder
  std::set<FileIdentity> files;
  for (Image& image : images) {
    struct stat status{};
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
    KeptImage one{std::string(staging_name) + "/" + image.name, {}, {}, {}, image.entry.start, image.entry.number};
    if (const auto open = who.find(image.name); open != who.end()) one.who = open->second;
    one.why = !one.who.empty()            ? std::string(open_for_writing) + one.who
              : is_worthless(image.entry) ? ""
                                          : why_it_stays(staging, image.name, image.entry, blobs);
    if (one.why.empty()) {
      (void)remove_tree(staging, image.name);
      continue;
    }
    struct stat status{};
    // Somebody else settled it meanwhile: the heal itself, or the next look.
    if (::fstatat(staging, image.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) continue;
    if (one.who.empty()) keep_what_was_written(staging, image.name, image.entry, blobs, one);
    if (!one.written.empty()) one.why += "; the vault has that as " + one.written;
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

}  // namespace

std::vector<KeptImage> settle_images(const RootFolder& root, engine::BlobStore& blobs, const EffectMark& heal_mark) {
  return settle_those(root, blobs, [&](const std::string& name) -> std::optional<Image> {
    const auto entry = read_slot_name(name, heal_mark);
    if (!entry) return std::nullopt;
    return Image{name, *entry, {}};
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

std::string text_of(const KeptImage& kept, unsigned start, std::span<const Change> changes) {
  const bool is_planned = kept.start == start && kept.number > 0 && kept.number <= changes.size();
  return fmt::format(
      "{}: {}{}", kept.path,
      is_planned ? fmt::format("displaced from {}; ", changes[kept.number - 1].before.path) : std::string(), kept.why);
}

bool waits_for_a_writer(const std::string& kept) { return kept.find(open_for_writing) != std::string::npos; }

std::string without_names(const std::string& kept) { return kept.substr(0, kept.find(open_for_writing)); }

}  // namespace autoheal::host
