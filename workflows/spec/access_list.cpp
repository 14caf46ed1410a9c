#include "autoheal/workflows/spec/access_list.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace autoheal::workflows {

namespace {

using Tag = AccessEntry::Tag;

constexpr std::string_view rights_letters = "rwx";

std::string rights_text(unsigned rights) {
  std::string text = "---";
  for (std::size_t at = 0; at < rights_letters.size(); ++at) {
    if ((rights & (4U >> at)) != 0) text[at] = rights_letters[at];
  }
  return text;
}

std::optional<unsigned> read_rights(std::string_view text) {
  if (text.size() != rights_letters.size()) return std::nullopt;
  unsigned rights = 0;
  for (std::size_t at = 0; at < rights_letters.size(); ++at) {
    if (text[at] == rights_letters[at]) {
      rights |= 4U >> at;
    } else if (text[at] != '-') {
      return std::nullopt;
    }
  }
  return rights;
}

std::optional<AccessEntry> read_entry(std::string_view text) {
  const auto first = text.find(':');
  const auto second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view word = text.substr(0, first);
  AccessEntry entry;
  entry.id = text.substr(first + 1, second - first - 1);
  const auto rights = read_rights(text.substr(second + 1));
  if (!rights) return std::nullopt;
  entry.rights = *rights;
  if (word == "user") {
    entry.tag = entry.id.empty() ? Tag::owner : Tag::user;
  } else if (word == "group") {
    entry.tag = Tag::group;
  } else if (word == "mask") {
    entry.tag = Tag::mask;
  } else if (word == "other") {
    entry.tag = Tag::other;
  } else {
    return std::nullopt;
  }
  return entry;
}

bool is_named(const AccessEntry& entry) { return !entry.id.empty(); }

const AccessEntry* find(const std::vector<AccessEntry>& entries, Tag tag) {
  const auto found =
      std::ranges::find_if(entries, [tag](const AccessEntry& entry) { return entry.tag == tag && entry.id.empty(); });
  return found == entries.end() ? nullptr : &*found;
}

unsigned group_bits(FileMode mode) { return (mode >> 3U) & 7U; }
FileMode with_group_bits(FileMode mode, unsigned bits) { return (mode & ~070U) | (bits << 3U); }

std::string name_of_entry(const AccessEntry& entry) { return (entry.tag == Tag::user ? "user:" : "group:") + entry.id; }

// As a file's list: without what its mode tells.
std::string list_of(std::vector<AccessEntry> entries) {
  std::erase_if(entries, [](const AccessEntry& entry) {
    return entry.tag == Tag::owner || entry.tag == Tag::mask || entry.tag == Tag::other;
  });
  return std::ranges::any_of(entries, is_named) ? text_of(entries) : std::string();
}

}  // namespace

std::vector<AccessEntry> entries_of(std::string_view acl) {
  std::vector<AccessEntry> entries;
  while (!acl.empty()) {
    const auto comma = acl.find(',');
    if (auto entry = read_entry(acl.substr(0, comma))) entries.push_back(std::move(*entry));
    acl.remove_prefix(comma == std::string_view::npos ? acl.size() : comma + 1);
  }
  return entries;
}

std::string text_of(const std::vector<AccessEntry>& entries) {
  std::string text;
  for (const AccessEntry& entry : entries) {
    if (!text.empty()) text += ',';
    switch (entry.tag) {
      case Tag::owner:
      case Tag::user:
        text += "user:";
        break;
      case Tag::group:
        text += "group:";
        break;
      case Tag::mask:
        text += "mask:";
        break;
      case Tag::other:
        text += "other:";
        break;
    }
    text += entry.id + ":" + rights_text(entry.rights);
  }
  return text;
}

std::vector<std::string> widened_by(const std::string& acl, FileMode before, FileMode after) {
  std::vector<std::string> widened;
  for (const AccessEntry& entry : entries_of(acl)) {
    const unsigned had = entry.rights & group_bits(before);
    const unsigned has = entry.rights & group_bits(after);
    if (is_named(entry) && (has & ~had) != 0)
      widened.push_back(fmt::format("{} ({} to {})", name_of_entry(entry), rights_text(had), rights_text(has)));
  }
  return widened;
}

FileMode mode_without_list(FileMode mode, const std::string& acl) {
  const auto entries = entries_of(acl);
  const AccessEntry* owning = find(entries, Tag::group);
  return owning == nullptr ? mode : with_group_bits(mode, group_bits(mode) & owning->rights);
}

ListAndMode with_list(const std::string& declared, FileMode mode, FileMode held, bool mode_is_declared) {
  auto entries = entries_of(declared);
  if (find(entries, Tag::group) == nullptr) {
    AccessEntry owning;
    owning.tag = Tag::group;
    owning.rights = group_bits(mode_is_declared ? held & mode : held);
    entries.push_back(owning);
  }
  std::ranges::sort(entries, {},
                    [](const AccessEntry& entry) { return std::tuple(entry.tag, entry.id.size(), entry.id); });
  unsigned mask = 0;
  for (const AccessEntry& entry : entries) mask |= entry.rights;
  if (mode_is_declared) mask = group_bits(mode);
  if (const AccessEntry* said = find(entries, Tag::mask)) mask = said->rights;
  return {list_of(std::move(entries)), with_group_bits(mode, mask)};
}

ListAndMode inherited(const std::string& default_acl, FileMode mode, bool mode_is_declared) {
  auto entries = entries_of(default_acl);
  const AccessEntry* owner = find(entries, Tag::owner);
  const AccessEntry* group = find(entries, Tag::group);
  const AccessEntry* other = find(entries, Tag::other);
  if (owner == nullptr || group == nullptr || other == nullptr) return {{}, mode};
  const AccessEntry* said = find(entries, Tag::mask);
  const unsigned mask = said == nullptr ? group->rights : said->rights;
  const FileMode allowed = (owner->rights << 6U) | (mask << 3U) | other->rights;
  const FileMode kept = mode_is_declared ? mode : (mode & ~0777U) | (mode & allowed & 0777U);
  // The mask goes into the entries: a declared mode may be wider than it.
  if (mode_is_declared && said != nullptr) {
    for (AccessEntry& entry : entries) entry.rights &= is_named(entry) || entry.tag == Tag::group ? mask : 7U;
  }
  return {list_of(std::move(entries)), kept};
}

}  // namespace autoheal::workflows
