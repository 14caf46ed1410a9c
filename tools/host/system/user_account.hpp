// Users and groups of this machine, by name or number.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::host {

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string name;
  std::string home;
};

// All thread-safe. not_found: no such user or group; unavailable: the user database cannot be asked.
[[nodiscard]] Result<Account> account_of(const std::string& name);
[[nodiscard]] Result<Account> account_of(uid_t uid);
[[nodiscard]] std::vector<gid_t> groups_of(const Account& account);

// The name of a group, or its number where it has none.
[[nodiscard]] std::string group_name(gid_t gid);

// "user:group" or "user" (with the user's own group), names or numbers; "" is the running user.
[[nodiscard]] Result<std::pair<std::uint32_t, std::uint32_t>> owner_of(const std::string& owner);

// The other way round: "user:group" by name, by number where nobody has it. owner_of() reads it.
[[nodiscard]] std::string owner_name(uid_t uid, gid_t gid);

}  // namespace autoheal::host
