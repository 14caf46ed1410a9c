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

std::string_view name_of(Role role) {
  switch (role) {
    case Role::observer:
      return "observer";
    case Role::captain:
      return "captain";
    case Role::admiral:
      return "admiral";
    case Role::none:
      break;
  }
  return "none";
}

std::optional<Role> parse_role(std::string_view text) {
  for (Role role : {Role::observer, Role::captain, Role::admiral}) {
    if (text == name_of(role)) return role;
  }
  return std::nullopt;
}

}  // namespace autoheal::workflows
