#include "tools/host/service/passed_sockets.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

constexpr int most_sockets = 16;
constexpr std::size_t longest_socket_name = 255;  // of systemd

std::optional<std::string> taken(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  std::string text = value;
  ::unsetenv(name);
  return text;
}

std::unexpected<Error> refused(const std::string& message) {
  return failure(ErrorKind::invalid, message, "sockets are passed by autoheal.socket, and by nothing else");
}

Result<std::vector<std::string>> names_of(const std::optional<std::string>& names, std::size_t count) {
  if (!names) return std::vector<std::string>(count, "unknown");
  std::vector<std::string> all;
  std::string_view rest = *names;
  for (auto colon = rest.find(':'); colon != std::string_view::npos; colon = rest.find(':')) {
    all.emplace_back(rest.substr(0, colon));
    rest.remove_prefix(colon + 1);
  }
  all.emplace_back(rest);
  if (all.size() != count)
    return refused(fmt::format("LISTEN_FDNAMES has {} for {}", plural(all.size(), "name"), plural(count, "socket")));
  const auto is_name = [](const std::string& name) {
    return !name.empty() && name.size() <= longest_socket_name &&
           std::ranges::all_of(name, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  };
  if (!std::ranges::all_of(all, is_name)) return refused("LISTEN_FDNAMES holds what is no name");
  return all;
}

int option_of(int descriptor, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

Result<void> is_listening(int descriptor) {
  if (::fcntl(descriptor, F_GETFD) < 0) return refused(fmt::format("descriptor {} is not open", descriptor));
  if (option_of(descriptor, SO_TYPE) != SOCK_STREAM)
    return refused(fmt::format("descriptor {} is no stream socket", descriptor));
  if (option_of(descriptor, SO_ACCEPTCONN) != 1)
    return refused(fmt::format("descriptor {} does not listen: `Accept=no` in its unit", descriptor));
  return {};
}

Result<void> is_ours_alone(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 ||
      ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0)
    return system_failure(fmt::format("descriptor {}", descriptor), errno);
  return {};
}

}  // namespace

SocketVariables take_socket_variables() { return {taken("LISTEN_PID"), taken("LISTEN_FDS"), taken("LISTEN_FDNAMES")}; }

Result<std::vector<PassedSocket>> passed_sockets(const SocketVariables& variables, pid_t self, int first) {
  std::vector<PassedSocket> sockets;
  if (!variables.process && !variables.count) return sockets;
  if (!variables.process || !variables.count) return refused("only one of LISTEN_PID and LISTEN_FDS is set");
  const auto process = parse_number<pid_t>(*variables.process);
  if (!process || *process <= 0) return refused("LISTEN_PID is no process: " + *variables.process);
  if (*process != self) return sockets;
  const auto count = parse_number<int>(*variables.count);
  if (!count || *count < 0 || *count > most_sockets)
    return refused(fmt::format("LISTEN_FDS is no number from 0 to {}: {}", most_sockets, *variables.count));
  if (*count == 0) return sockets;
  const auto names = names_of(variables.names, static_cast<std::size_t>(*count));
  AUTOHEAL_TRY(names);
  for (int index = 0; index < *count; ++index) AUTOHEAL_TRY(is_listening(first + index));
  for (int index = 0; index < *count; ++index) AUTOHEAL_TRY(is_ours_alone(first + index));
  for (int index = 0; index < *count; ++index)
    sockets.push_back({UniqueFd(first + index), (*names)[static_cast<std::size_t>(index)]});
  return sockets;
}

}  // namespace autoheal::host
