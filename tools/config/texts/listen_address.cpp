#include "tools/config/texts/listen_address.hpp"

#include <arpa/inet.h>

#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::config {

namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text.front() == '0') return std::nullopt;
  const auto number = parse_number<unsigned>(text);
  if (!number || *number > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  ListenAddress made{std::string(host), *port, false};
  in_addr four{};
  if (!is_bracketed && ::inet_pton(AF_INET, made.host.c_str(), &four) == 1) {
    made.is_loopback = (ntohl(four.s_addr) >> 24U) == 127U;
    return made;
  }
  in6_addr six{};
  if (!is_bracketed || ::inet_pton(AF_INET6, made.host.c_str(), &six) != 1) return std::nullopt;
  made.is_loopback = IN6_IS_ADDR_LOOPBACK(&six);
  return made;
}

}  // namespace autoheal::config
