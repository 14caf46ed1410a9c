#include "tools/host/service/service_manager.hpp"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<std::int64_t> number(std::string_view text) {
  const auto value = parse_number<std::int64_t>(text);
  return value && *value > 0 ? value : std::nullopt;
}

}  // namespace

ServiceManager ServiceManager::of_environment() {
  // A parent may have passed on an environment that names another process.
  const std::string_view meant = environment("WATCHDOG_PID");
  const bool ours = meant.empty() || number(meant) == ::getpid();
  std::optional<Duration> watchdog;
  if (const auto time = number(environment("WATCHDOG_USEC")); time && ours) watchdog = Duration(*time);
  return ServiceManager(std::string(environment("NOTIFY_SOCKET")), watchdog);
}

Result<void> ServiceManager::tell(const std::string& state) const {
  if (socket_.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path || (socket_.front() != '/' && socket_.front() != '@'))
    return failure(ErrorKind::invalid, "NOTIFY_SOCKET names no socket: " + socket_);
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const UniqueFd sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool sent = sender && ::sendto(sender.get(), state.data(), state.size(), MSG_NOSIGNAL,
                                       reinterpret_cast<const sockaddr*>(&address), size) >= 0;
  if (sent) return {};
  return system_failure(fmt::format("the service manager cannot be told {} through {}", state, socket_), errno);
}

}  // namespace autoheal::host
