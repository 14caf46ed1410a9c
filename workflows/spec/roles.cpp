#include "autoheal/workflows/spec/roles.hpp"

namespace autoheal::workflows {

bool allows(Role role, Permission permission) {
  switch (permission) {
    case Permission::read:
      return role != Role::none;
    case Permission::run_self_test:
    case Permission::hold:
      return role == Role::captain || role == Role::admiral;
    case Permission::heal:
    case Permission::administer:
      return role == Role::admiral;
  }
  return false;
}

Principal Principals::of_os_user(std::string_view os_user) const {
  for (const Principal& principal : listed) {
    if (principal.os_user == os_user) return principal;
  }
  const bool owner = listed.empty() && !ledger_owner.empty() && os_user == ledger_owner;
  return {std::string(os_user), owner ? Role::admiral : Role::none, std::string(os_user)};
}

Role Principals::role_of(std::string_view name) const {
  for (const Principal& principal : listed) {
    if (principal.name == name) return principal.role;
  }
  const bool implied = listed.empty() && (name == actor || name == ledger_owner);
  return implied ? Role::admiral : Role::none;
}

std::string_view name_of(Role role) { return role == Role::none ? "none" : word_of<Role>(words_for<Role>, role); }

std::optional<Role> parse_role(std::string_view text) { return known_value<Role>(words_for<Role>, text); }

}  // namespace autoheal::workflows
