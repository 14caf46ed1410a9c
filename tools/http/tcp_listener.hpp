// Listening on TCP, and who is at the other end of a connection that came that way.
#pragma once

#include <cstdint>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::http {

struct TcpAddress {
  std::string host;  // an IPv4 or IPv6 literal, without brackets
  std::uint16_t port = 0;
};

// "127.0.0.1:8080", "[::1]:8080".
[[nodiscard]] std::string text_of(const TcpAddress& address);

// Binds and listens; does not block, closed on exec. An IPv6 address takes no IPv4. invalid: no literal; busy: somebody
// listens there; unavailable: the system refuses. Port 0: any that is free.
[[nodiscard]] Result<UniqueFd> listen_on_tcp(const TcpAddress& address);

// The same of a socket that a service manager made and passed to us: it listens already, and goes on when we end.
// invalid, with its place named: it is not TCP, or takes IPv4 at "::".
[[nodiscard]] Result<UniqueFd> adopt_tcp(UniqueFd passed);

// However each is written: "0:0::1" is "::1". False where one of them is no literal.
[[nodiscard]] bool is_same(const TcpAddress& one, const TcpAddress& other);

struct TcpEnds {
  TcpAddress local, remote;
};
// `socket` is connected, or listens: then its remote end is empty. Thread-safe.
[[nodiscard]] Result<TcpEnds> ends_of(int socket);

// Under which connections of one client are counted: the IPv4 address, or the first half of the IPv6 address, since a
// client has all the others.
[[nodiscard]] std::string quota_name_of(const std::string& host);

}  // namespace autoheal::http
