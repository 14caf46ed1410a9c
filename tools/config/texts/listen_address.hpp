// An address to listen at, as `api.listen` has it: a literal with a port, so that no name server decides who can reach
// the daemon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace autoheal::config {

struct ListenAddress {
  std::string host;  // an IPv4 or IPv6 literal, without brackets
  std::uint16_t port = 0;
  bool is_loopback = false;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// "127.0.0.1:8443" or "[::1]:8443"; the port is 1 to 65535.
[[nodiscard]] std::optional<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace autoheal::config
