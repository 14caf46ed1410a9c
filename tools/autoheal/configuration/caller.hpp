// The user who runs this program, as the kernel reports it: never as an environment variable claims.
#pragma once

#include <string>

#include "autoheal/workflows/heal/heal_entry.hpp"
#include "autoheal/workflows/spec/roles.hpp"

namespace autoheal::cli {

struct Caller {
  std::uint32_t uid = 0;
  std::optional<std::uint32_t> loginuid;  // who logged in, through sudo too
  std::string os_user;                    // by name, or the uid's digits
};

[[nodiscard]] Caller caller_of_this_process();
[[nodiscard]] std::string os_user_name(std::uint32_t uid);
// The account of who did something, for the ledger.
[[nodiscard]] workflows::By by(const Caller& caller, const workflows::Principal& principal, const std::string& reason);

}  // namespace autoheal::cli
