#include "tools/autoheal/configuration/caller.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string_view>

namespace autoheal::cli {

namespace {

// A name that a directory service made longer than any system takes would not fit into a ledger entry.
constexpr std::size_t longest_user_name = 255;

}  // namespace

std::string os_user_name(std::uint32_t uid) {
  std::array<char, 16384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr &&
      std::string_view(found->pw_name).size() <= longest_user_name)
    return found->pw_name;
  return std::to_string(uid);
}

Caller caller_of_this_process() {
  Caller caller;
  caller.uid = geteuid();
  caller.os_user = os_user_name(caller.uid);
  std::ifstream file("/proc/self/loginuid");
  std::uint32_t loginuid = 0;
  if (file >> loginuid && loginuid != static_cast<std::uint32_t>(-1)) caller.loginuid = loginuid;
  return caller;
}

workflows::By by(const Caller& caller, const workflows::Principal& principal, const std::string& reason) {
  workflows::By one;
  one.principal = principal.name;
  one.role = workflows::name_of(principal.role);
  one.uid = caller.uid;
  one.loginuid = caller.loginuid;
  one.via = "cli";
  one.reason = reason;
  return one;
}

}  // namespace autoheal::cli
