#include "tools/http/tcp_listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "tools/host/system/system_error.hpp"

namespace autoheal::http {

namespace {

constexpr int waiting_in_queue = 128;
constexpr std::size_t bytes_of_network = 8;  // of an IPv6 address: what a site is given

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<SocketAddress> socket_address_of(const TcpAddress& address) {
  SocketAddress made;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(address.port);
  if (::inet_pton(AF_INET, address.host.c_str(), &four.sin_addr) == 1) {
    std::memcpy(&made.storage, &four, sizeof four);
    made.size = sizeof four;
    return made;
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(address.port);
  if (::inet_pton(AF_INET6, address.host.c_str(), &six.sin6_addr) != 1) return std::nullopt;
  std::memcpy(&made.storage, &six, sizeof six);
  made.size = sizeof six;
  return made;
}

TcpAddress address_of(const sockaddr_storage& storage) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &storage, sizeof four);
    ::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
    return {text.data(), ntohs(four.sin_port)};
  }
  if (storage.ss_family != AF_INET6) return {};
  sockaddr_in6 six{};
  std::memcpy(&six, &storage, sizeof six);
  ::inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
  return {text.data(), ntohs(six.sin6_port)};
}

void turn_on(int socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket, level, option, &on, sizeof on);
}

void prepare_connections(int socket) {  // which inherit these two
  turn_on(socket, IPPROTO_TCP, TCP_NODELAY);
  turn_on(socket, SOL_SOCKET, SO_KEEPALIVE);
}

int option_of(int socket, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, level, option, &value, &size) == 0 ? value : -1;
}

}  // namespace

std::string text_of(const TcpAddress& address) {
  const std::string host = address.host.contains(':') ? "[" + address.host + "]" : address.host;
  return host + ":" + std::to_string(address.port);
}

Result<UniqueFd> listen_on_tcp(const TcpAddress& address) {
  const auto where = socket_address_of(address);
  if (!where) return failure(ErrorKind::invalid, "\"" + address.host + "\" is not an IP address");
  const int family = where->storage.ss_family;
  UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!socket) return host::system_failure("a TCP socket", errno);
  turn_on(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (family == AF_INET6) turn_on(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  prepare_connections(socket.get());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&where->storage), where->size) == 0 &&
      ::listen(socket.get(), waiting_in_queue) == 0)
    return socket;
  const int reason = errno;
  if (reason == EADDRINUSE)
    return failure(ErrorKind::busy, "another process listens at " + text_of(address), "ss -ltnp shows which one");
  auto refused = host::system_failure("listening at " + text_of(address), reason);
  refused.error().kind = ErrorKind::unavailable;
  return refused;
}

Result<UniqueFd> adopt_tcp(UniqueFd passed) {
  const auto ends = ends_of(passed.get());
  AUTOHEAL_TRY(ends);
  const std::string place = text_of(ends->local);
  if (option_of(passed.get(), SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP)
    return failure(ErrorKind::invalid, "the socket at " + place + " that was passed is not TCP");
  if (ends->local.host == "::" && option_of(passed.get(), IPPROTO_IPV6, IPV6_V6ONLY) != 1) {
    return failure(ErrorKind::invalid, "the socket at " + place + " that was passed takes IPv4, too",
                   "BindIPv6Only=ipv6-only in its unit, and 0.0.0.0 for IPv4");
  }
  prepare_connections(passed.get());
  return passed;
}

bool is_same(const TcpAddress& one, const TcpAddress& other) {
  const auto first = socket_address_of(one), second = socket_address_of(other);
  return first && second && text_of(address_of(first->storage)) == text_of(address_of(second->storage));
}

Result<TcpEnds> ends_of(int socket) {
  sockaddr_storage local{}, remote{};
  socklen_t size = sizeof local;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size) != 0)
    return host::system_failure("the address of a connection", errno);
  size = sizeof remote;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&remote), &size) != 0) remote.ss_family = AF_UNSPEC;
  return TcpEnds{address_of(local), address_of(remote)};
}

std::string quota_name_of(const std::string& host) {
  in6_addr six{};
  if (::inet_pton(AF_INET6, host.c_str(), &six) != 1) return host;
  std::fill(std::begin(six.s6_addr) + bytes_of_network, std::end(six.s6_addr), std::uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &six, text.data(), text.size());
  return std::string(text.data()) + "/64";
}

}  // namespace autoheal::http
