#include "tools/host/system/access_lists.hpp"

#include <acl/libacl.h>
#include <fmt/core.h>
#include <sys/acl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "autoheal/workflows/spec/access_list.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::AccessEntry;
using Tag = AccessEntry::Tag;

struct FreeList {
  void operator()(void* one) const { ::acl_free(one); }
};
using List = std::unique_ptr<std::remove_pointer_t<acl_t>, FreeList>;

constexpr const char* access_attribute = "system.posix_acl_access";
constexpr const char* default_attribute = "system.posix_acl_default";

bool has_none(int error_number) { return error_number == ENODATA || error_number == ENOTSUP; }

Result<std::vector<AccessEntry>> entries_in(acl_t list) {
  const std::unique_ptr<char, FreeList> text(::acl_to_any_text(list, nullptr, ',', TEXT_NUMERIC_IDS));
  if (!text) return system_failure("its access list", errno);
  return workflows::entries_of(text.get());
}

Result<std::vector<AccessEntry>> read_list(int descriptor, const char* attribute, acl_type_t type) {
  const std::string path = path_of_open(descriptor);
  if (::getxattr(path.c_str(), attribute, nullptr, 0) < 0) {
    if (has_none(errno)) return {};
    return system_failure("its access list", errno);
  }
  const List list(::acl_get_file(path.c_str(), type));
  if (!list) return system_failure("its access list", errno);
  return entries_in(list.get());
}

Result<void> write_list(int descriptor, const char* attribute, acl_type_t type, const std::string& text) {
  const std::string path = path_of_open(descriptor);
  if (text.empty()) {
    const bool none = ::getxattr(path.c_str(), attribute, nullptr, 0) < 0 && has_none(errno);
    if (none || ::removexattr(path.c_str(), attribute) == 0 || has_none(errno)) return {};
    return system_failure("taking its access list off", errno);
  }
  const List list(::acl_from_text(text.c_str()));
  if (!list) return failure(ErrorKind::invalid, fmt::format("\"{}\" is not an access list", text));
  if (::acl_set_file(path.c_str(), type, list.get()) != 0) return system_failure("setting its access list", errno);
  return {};
}

AccessEntry entry(Tag tag, unsigned rights) {
  AccessEntry one;
  one.tag = tag;
  one.rights = rights & 7U;
  return one;
}

}  // namespace

std::string path_of_open(int descriptor) { return "/proc/self/fd/" + std::to_string(descriptor); }

Result<std::string> access_list_of(int descriptor) {
  auto entries = read_list(descriptor, access_attribute, ACL_TYPE_ACCESS);
  AUTOHEAL_TRY(entries);
  std::erase_if(*entries, [](const AccessEntry& one) {
    return one.tag == Tag::owner || one.tag == Tag::mask || one.tag == Tag::other;
  });
  const bool names = std::ranges::any_of(*entries, [](const AccessEntry& one) { return !one.id.empty(); });
  return names ? workflows::text_of(*entries) : std::string();
}

Result<std::string> default_list_of(int descriptor) {
  auto entries = read_list(descriptor, default_attribute, ACL_TYPE_DEFAULT);
  AUTOHEAL_TRY(entries);
  return workflows::text_of(*entries);
}

Result<void> set_access_list(int descriptor, const std::string& acl, unsigned mode) {
  if (acl.empty()) return write_list(descriptor, access_attribute, ACL_TYPE_ACCESS, {});
  const std::string mode_text =
      workflows::text_of({entry(Tag::owner, mode >> 6U), entry(Tag::mask, mode >> 3U), entry(Tag::other, mode)});
  return write_list(descriptor, access_attribute, ACL_TYPE_ACCESS, acl + "," + mode_text);
}

Result<void> set_default_list(int descriptor, const std::string& acl) {
  return write_list(descriptor, default_attribute, ACL_TYPE_DEFAULT, acl);
}

Result<std::string> resolved_list(const std::string& entries) {
  const List list(::acl_from_text(entries.c_str()));
  if (!list) {
    return failure(
        ErrorKind::invalid,
        fmt::format("acl \"{}\" is not an access list, or names a user or group that is not on this machine", entries),
        "write entries as setfacl takes them: user:www-data:r");
  }
  auto read = entries_in(list.get());
  AUTOHEAL_TRY(read);
  const bool odd =
      std::ranges::any_of(*read, [](const AccessEntry& one) { return one.tag == Tag::owner || one.tag == Tag::other; });
  const bool names = std::ranges::any_of(*read, [](const AccessEntry& one) { return !one.id.empty(); });
  if (odd || !names) {
    return failure(
        ErrorKind::invalid,
        fmt::format("acl \"{}\" {}", entries, odd ? "says what the mode says (user::, other::)" : "names nobody"),
        "write entries as setfacl takes them: user:www-data:r");
  }
  return workflows::text_of(*read);
}

}  // namespace autoheal::host
