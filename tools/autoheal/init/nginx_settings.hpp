// The facts that init needs from nginx's own configuration: where its pid is kept and where it listens. It reads what
// nginx would read, but understands two directives only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace autoheal::cli {

struct NginxListen {
  std::string host;  // that a probe on this machine reaches: "127.0.0.1" for all addresses, "::1" for all of IPv6
  std::uint16_t port = 80;
  bool tls = false;
  friend bool operator==(const NginxListen&, const NginxListen&) = default;
};

struct NginxSettings {
  std::string pid;                   // as written; empty where it is not
  std::vector<NginxListen> listens;  // of HTTP servers, in order; at most 64
};

// Adds what one file says. `text` may hold anything: what is not understood is passed over. Sockets, QUIC and the
// servers of `stream` and `mail` are left out.
void read_nginx_settings(std::string_view text, NginxSettings& settings);

// The one that a probe should ask: without TLS before with it, IPv4 before IPv6, the first before others; what nginx
// does without any `listen` where there is none.
[[nodiscard]] NginxListen listen_to_probe(const NginxSettings& settings);

}  // namespace autoheal::cli
