#include "tools/config/access_list_field.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace autoheal::config {

namespace {

// "rw", "r--" or "6"
unsigned rights_in(std::string_view text) {
  unsigned rights = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '7') rights |= static_cast<unsigned>(c - '0');
    if (c == 'r') rights |= 4U;
    if (c == 'w') rights |= 2U;
    if (c == 'x') rights |= 1U;
  }
  return rights;
}

// Reads "mask::rw", "mask:rw", "m::rw" and the like.
std::optional<unsigned> mask_in(std::string_view acl) {
  while (!acl.empty()) {
    const std::size_t end = std::min(acl.find(','), acl.size());
    const std::string_view entry = acl.substr(0, end);
    acl.remove_prefix(std::min(end + 1, acl.size()));
    const std::string_view word = entry.substr(0, entry.find(':'));
    if (word == "mask" || word == "m") return rights_in(entry.substr(entry.rfind(':') + 1));
  }
  return std::nullopt;
}

std::string in_letters(unsigned rights) {
  constexpr std::array<std::string_view, 8> letters = {"---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx"};
  return std::string(letters.at(rights & 7U));
}

}  // namespace

std::optional<std::string> access_list_at(const Node& map) {
  const Node* acl = map.find("acl");
  if (acl == nullptr) return std::nullopt;
  if (acl->kind == NodeKind::scalar) return acl->text;
  std::string entries;
  for (const Node& entry : acl->items) entries += (entries.empty() ? "" : ",") + entry.text;
  return entries.empty() ? std::string(workflows::acl_none) : entries;
}

std::string mask_problem(const std::string& acl, workflows::FileMode mode, bool at_most) {
  const auto mask = mask_in(acl);
  const unsigned group = (mode >> 3U) & 7U;
  if (!mask || *mask == group || (at_most && (*mask & ~group) == 0)) return {};
  return fmt::format(
      "the mask {} does not go with {}, whose group bits are {} (with an access list they are its mask), expected one "
      "mask for both",
      in_letters(*mask), at_most ? "max_mode" : "mode", in_letters(group));
}

}  // namespace autoheal::config
