#include "tools/autoheal/daemon/passed_doors.hpp"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>

namespace autoheal::cli {

namespace {

int family_of(int socket) {
  int family = 0;
  socklen_t size = sizeof family;
  return ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 ? family : -1;
}

std::unexpected<Error> refused(const host::PassedSocket& one, const std::string& why) {
  return failure(ErrorKind::invalid, fmt::format("descriptor {} ({}) {}", one.socket.get(), one.name, why),
                 "ListenStream= is the ledger's path with `.sock` behind it, or an address of `api.listen`");
}

}  // namespace

Result<PassedDoors> doors_of(std::vector<host::PassedSocket> passed, const std::vector<http::TcpAddress>& listen) {
  PassedDoors doors;
  doors.tcp.resize(listen.size());
  for (host::PassedSocket& one : passed) {
    const int family = family_of(one.socket.get());
    if (family == AF_UNIX) {
      if (doors.unix_socket) return refused(one, "is a second Unix socket, and one is served");
      doors.unix_socket = std::move(one.socket);
      continue;
    }
    if (family != AF_INET && family != AF_INET6) return refused(one, "is neither a Unix socket nor TCP");
    const auto ends = http::ends_of(one.socket.get());
    AUTOHEAL_TRY(ends);
    const std::string place = http::text_of(ends->local);
    const auto found =
        std::ranges::find_if(listen, [&](const http::TcpAddress& at) { return http::is_same(ends->local, at); });
    if (found == listen.end())
      return refused(one, fmt::format("listens at {}, which `api.listen` does not name", place));
    UniqueFd& door = doors.tcp[static_cast<std::size_t>(found - listen.begin())];
    if (door) return refused(one, fmt::format("is a second socket at {}", place));
    auto adopted = http::adopt_tcp(std::move(one.socket));
    AUTOHEAL_TRY(adopted);
    door = std::move(*adopted);
  }
  return doors;
}

}  // namespace autoheal::cli
