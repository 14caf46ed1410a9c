#include "tools/host/change/staging_folder.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <climits>
#include <vector>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "tools/host/system/access_lists.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

constexpr std::array<std::pair<Slot, std::string_view>, 7> slot_words = {{{Slot::part, "part"},
                                                                          {Slot::check, "check"},
                                                                          {Slot::next, "next"},
                                                                          {Slot::before, "before"},
                                                                          {Slot::undone, "undone"},
                                                                          {Slot::made, "made"},
                                                                          {Slot::kept, "kept"}}};
constexpr std::string_view keyed_prefix = "hmac-sha256:";
constexpr std::string_view plain_prefix = "sha256:";

// One byte after the other, so that what begins a mark begins its name. Dots separate the parts of a name.
std::string as_file_name(std::string_view mark) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name;
  for (const char byte : mark) {
    const bool plain = ascii::is_letter_or_digit(byte) || byte == '-' || byte == '_';
    if (byte == '/') {
      name += '+';
    } else if (plain) {
      name += byte;
    } else {
      name += '%';
      name += digits[static_cast<unsigned char>(byte) >> 4U];
      name += digits[static_cast<unsigned char>(byte) & 15U];
    }
  }
  return name;
}

std::string hex_of(std::string_view digest) {
  const auto colon = digest.find(':');
  return colon == std::string_view::npos ? "-" : std::string(digest.substr(colon + 1));
}

std::vector<std::string_view> parts_of(std::string_view name) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto dot = name.find('.');
    parts.push_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    name.remove_prefix(dot + 1);
  }
}

// "<ledger>+<heal>+<start>+<n>": ids have no character that as_file_name() would write otherwise.
void read_mark(std::string_view mark, SlotEntry& entry) {
  const auto first = mark.find('+');
  const auto second = first == std::string_view::npos ? first : mark.find('+', first + 1);
  if (second == std::string_view::npos) return;
  entry.ledger = mark.substr(0, first);
  entry.heal = mark.substr(first + 1, second - first - 1);
  entry.start = leading_number<decltype(entry.start)>(mark.substr(second + 1)).value_or(entry.start);
}

Result<UniqueFd> checked(UniqueFd folder, const RootFolder& root) {
  struct stat status{};
  const std::string name = root.path() + "/" + std::string(staging_name);
  if (::fstat(folder.get(), &status) != 0) return system_failure(name, errno);
  if (status.st_uid != ::geteuid() || (status.st_mode & 077U) != 0) {
    return failure(ErrorKind::refused, name + " must belong to the user that runs Autoheal, with mode 0700",
                   "look at what lies in it, then move it away");
  }
  return folder;
}

}  // namespace

engine::BlobNaming naming_of(const Change& change) {
  const bool keyed = change.before.digest.starts_with(keyed_prefix) || change.after.content.starts_with(keyed_prefix);
  return keyed ? engine::BlobNaming::keyed : engine::BlobNaming::plain;
}

Result<SlotNames> SlotNames::of(const Change& change, unsigned number, const EffectMark& mark) {
  SlotNames names;
  const bool keyed = naming_of(change) == engine::BlobNaming::keyed;
  names.middle_ = fmt::format("{}.{}{}", as_file_name(mark), number, keyed ? ".keyed" : ".plain");
  names.before_digest_ = hex_of(change.before.digest);
  names.after_digest_ = hex_of(change.after.content);
  if (names[Slot::before].size() > NAME_MAX || names[Slot::next].size() > NAME_MAX) {
    return failure(ErrorKind::invalid,
                   fmt::format("the effect mark \"{}...\" is too long for a file name", mark.substr(0, 100)));
  }
  return names;
}

std::string SlotNames::operator[](Slot slot) const {
  std::string name;
  for (const auto& [known, word] : slot_words) {
    if (known == slot) name = word;
  }
  return fmt::format("{}.{}.{}", name, middle_, slot == Slot::before ? before_digest_ : after_digest_);
}

std::optional<SlotEntry> read_slot_name(std::string_view name, const EffectMark& heal_mark) {
  const auto parts = parts_of(name);
  if (parts.size() != 5 || !parts[1].starts_with(as_file_name(heal_mark))) return std::nullopt;
  SlotEntry entry;
  bool known = false;
  for (const auto& [slot, word] : slot_words) {
    if (word != parts[0]) continue;
    entry.slot = slot;
    known = true;
  }
  if (!known || (parts[3] != "keyed" && parts[3] != "plain")) return std::nullopt;
  const bool keyed = parts[3] == "keyed";
  entry.naming = keyed ? engine::BlobNaming::keyed : engine::BlobNaming::plain;
  read_mark(parts[1], entry);
  entry.number = leading_number<decltype(entry.number)>(parts[2]).value_or(entry.number);
  if (parts[4] != "-") entry.digest = std::string(keyed ? keyed_prefix : plain_prefix) + std::string(parts[4]);
  return entry;
}

std::optional<std::string> heal_of_slot_name(std::string_view name, std::string_view ledger_id) {
  const auto parts = parts_of(name);
  const std::string prefix = as_file_name(std::string(ledger_id) + "/");
  if (parts.size() != 5 || !parts[1].starts_with(prefix)) return std::nullopt;
  const std::string_view rest = parts[1].substr(prefix.size());
  const auto end = rest.find('+');
  return end == std::string_view::npos ? std::nullopt : std::optional(std::string(rest.substr(0, end)));
}

Result<UniqueFd> open_staging_folder(const RootFolder& root) {
  UniqueFd folder(
      ::openat(root.descriptor(), std::string(staging_name).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return system_failure(root.path() + "/" + std::string(staging_name), errno);
  return checked(std::move(folder), root);
}

Result<UniqueFd> make_staging_folder(const RootFolder& root) {
  if (::mkdirat(root.descriptor(), std::string(staging_name).c_str(), 0700) != 0 && errno != EEXIST) {
    return system_failure(root.path() + "/" + std::string(staging_name), errno);
  }
  auto folder = open_staging_folder(root);
  // A list that the root hands down would be handed down to every file that is staged.
  if (folder) {
    (void)set_default_list(folder->get(), {});
    (void)set_access_list(folder->get(), {}, 0700);
  }
  return folder;
}

}  // namespace autoheal::host
