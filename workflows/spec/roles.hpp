// The roles of principals and what each may do. Three roles, one table; asked before a heal starts and again right
// before every change.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/stored/enum_words.hpp"

namespace autoheal::workflows {

enum class Role { none, observer, captain, admiral };
// Nobody can be given the role `none`.
template <>
inline constexpr auto words_for<Role> =
    std::array{NamedValue<Role>{Role::admiral, "admiral"}, NamedValue<Role>{Role::captain, "captain"},
               NamedValue<Role>{Role::observer, "observer"}};

// The kinds of requests. Everything that changes a managed engine is `heal`.
enum class Permission { read, run_self_test, hold, heal, administer };

// Observer reads; Captain also runs self-tests, holds and unholds; Admiral everything.
[[nodiscard]] bool allows(Role role, Permission permission);

struct Principal {
  std::string name;
  Role role = Role::none;
  std::string os_user;           // defaults to the name
  std::string certificate = {};  // the name in a client certificate that is this principal's; empty: none
  friend bool operator==(const Principal&, const Principal&) = default;
};

struct Principals {
  std::vector<Principal> listed;   // empty: the ledger's owner and the actor are Admirals
  std::string actor = "autoheal";  // automatic heals act as this one
  std::string ledger_owner;        // OS user who owns the ledger, or who would create it

  // Names compare byte for byte. An OS user who is not listed has no role where somebody is, root too.
  [[nodiscard]] Principal of_os_user(std::string_view os_user) const;
  // By principal name (`healing.actor`, the actor of a recorded heal).
  [[nodiscard]] Role role_of(std::string_view name) const;
};

[[nodiscard]] std::string_view name_of(Role role);
// Exact lower-case names only: "admiral", "captain", "observer".
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);

}  // namespace autoheal::workflows
