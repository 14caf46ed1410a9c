// The listening sockets of this process's network namespace, from /proc/net, and those that answer at an address.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace autoheal::host {

// An IPv4 address is kept as an IPv4-mapped IPv6 address (::ffff:127.0.0.1).
struct SocketAddress {
  in6_addr address{};
  std::uint16_t port = 0;
};

struct ListeningSocket {
  SocketAddress at;
  bool of_ipv6 = false;
  std::uint64_t inode = 0;  // 0: of no process
};

// TCP. One that cannot be read counts as empty.
[[nodiscard]] std::vector<ListeningSocket> listening_sockets();
// Lines of /proc/net/tcp and /proc/net/tcp6, in which listening sockets come first.
[[nodiscard]] std::optional<ListeningSocket> read_listening_socket(std::string_view line);
// Inodes of Unix sockets that listen.
[[nodiscard]] std::set<std::uint64_t> listening_unix_sockets();

// "127.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%eth0"; empty for a name.
[[nodiscard]] std::optional<in6_addr> numeric_address(const std::string& text);
// It leads to this machine: a loopback address, an unspecified one, or one of an interface.
[[nodiscard]] bool is_of_this_machine(const in6_addr& address);

// Those among which the kernel chooses when somebody connects there; more than one where they share the port.
[[nodiscard]] std::vector<ListeningSocket> answering_at(const std::vector<ListeningSocket>& sockets,
                                                        const SocketAddress& asked);

}  // namespace autoheal::host
