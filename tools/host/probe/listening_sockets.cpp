#include "tools/host/probe/listening_sockets.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::host {

namespace {

constexpr std::string_view state_listen = "0A";

in6_addr as_ipv6(std::uint32_t ipv4_in_network_order) {
  in6_addr address{};
  address.s6_addr[10] = address.s6_addr[11] = 0xFF;
  std::memcpy(&address.s6_addr[12], &ipv4_in_network_order, sizeof ipv4_in_network_order);
  return address;
}

bool same_address(const in6_addr& left, const in6_addr& right) { return std::memcmp(&left, &right, sizeof left) == 0; }

std::optional<std::uint32_t> hexadecimal(std::string_view digits) { return parse_number<std::uint32_t>(digits, 16); }

// Each 32 bits as the number that they are on this machine.
std::optional<in6_addr> read_address(std::string_view digits) {
  constexpr std::size_t digits_of_word = 8;
  if (digits.size() == digits_of_word) {
    const auto word = hexadecimal(digits);
    return word ? std::optional(as_ipv6(*word)) : std::nullopt;
  }
  in6_addr address{};
  if (digits.size() != 4 * digits_of_word) return std::nullopt;
  for (std::size_t index = 0; index < 4; ++index) {
    const auto word = hexadecimal(digits.substr(index * digits_of_word, digits_of_word));
    if (!word) return std::nullopt;
    std::memcpy(&address.s6_addr[index * sizeof *word], &*word, sizeof *word);
  }
  return address;
}

void add_from(const char* file, std::vector<ListeningSocket>& sockets) {
  std::ifstream lines(file);
  std::string line;
  std::getline(lines, line);  // the head
  while (std::getline(lines, line)) {
    const auto socket = read_listening_socket(line);
    if (!socket) return;  // connections follow, and there may be very many
    sockets.push_back(*socket);
  }
}

bool is_any(const in6_addr& address) {
  return IN6_IS_ADDR_UNSPECIFIED(&address) || same_address(address, as_ipv6(htonl(INADDR_ANY)));
}

}  // namespace

std::optional<ListeningSocket> read_listening_socket(std::string_view line) {
  std::istringstream fields{std::string(line)};
  std::string number, local, remote, state, skipped;
  ListeningSocket socket;
  fields >> number >> local >> remote >> state;
  for (int field = 5; field <= 9; ++field) fields >> skipped;
  fields >> socket.inode;
  const auto colon = local.find(':');
  if (!fields || state != state_listen || colon == std::string::npos) return std::nullopt;
  const auto address = read_address(std::string_view(local).substr(0, colon));
  const auto port = hexadecimal(std::string_view(local).substr(colon + 1));
  if (!address || !port) return std::nullopt;
  socket.of_ipv6 = colon > 8;
  socket.at = {*address, static_cast<std::uint16_t>(*port)};
  return socket;
}

std::vector<ListeningSocket> listening_sockets() {
  std::vector<ListeningSocket> sockets;
  for (const char* file : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) add_from(file, sockets);
  return sockets;
}

std::set<std::uint64_t> listening_unix_sockets() {
  constexpr std::uint32_t accepts_connections = 0x10000;
  std::set<std::uint64_t> inodes;
  std::ifstream lines("/proc/self/net/unix");
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string number, references, protocol, flags, type, state;
    std::uint64_t inode = 0;
    fields >> number >> references >> protocol >> flags >> type >> state >> inode;
    if (fields && (hexadecimal(flags).value_or(0) & accepts_connections) != 0) inodes.insert(inode);
  }
  return inodes;
}

std::optional<in6_addr> numeric_address(const std::string& text) {
  in_addr ipv4{};
  if (::inet_pton(AF_INET, text.c_str(), &ipv4) == 1) return as_ipv6(ipv4.s_addr);
  in6_addr ipv6{};
  if (::inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), &ipv6) == 1) return ipv6;
  return std::nullopt;
}

bool is_of_this_machine(const in6_addr& address) {
  const bool loopback =
      IN6_IS_ADDR_LOOPBACK(&address) || (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
  if (loopback || is_any(address)) return true;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(list, ::freeifaddrs);
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    in6_addr own{};
    if (one->ifa_addr->sa_family == AF_INET) {
      sockaddr_in ipv4{};
      std::memcpy(&ipv4, one->ifa_addr, sizeof ipv4);
      own = as_ipv6(ipv4.sin_addr.s_addr);
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 ipv6{};
      std::memcpy(&ipv6, one->ifa_addr, sizeof ipv6);
      own = ipv6.sin6_addr;
    } else {
      continue;
    }
    if (same_address(own, address)) return true;
  }
  return false;
}

std::vector<ListeningSocket> answering_at(const std::vector<ListeningSocket>& sockets, const SocketAddress& asked) {
  const bool ipv4 = IN6_IS_ADDR_V4MAPPED(&asked.address);
  in6_addr meant = asked.address;
  if (is_any(meant)) meant = ipv4 ? as_ipv6(htonl(INADDR_LOOPBACK)) : in6addr_loopback;
  const auto chosen = [&](const auto& fits) {
    std::vector<ListeningSocket> found;
    std::ranges::copy_if(sockets, std::back_inserter(found),
                         [&](const ListeningSocket& one) { return one.at.port == asked.port && fits(one); });
    return found;
  };
  // Who names the address comes before who takes all of them, and for IPv4 a socket of IPv4 before one of both.
  if (auto named = chosen([&](const ListeningSocket& one) { return same_address(one.at.address, meant); });
      !named.empty())
    return named;
  if (!ipv4) return chosen([](const ListeningSocket& one) { return one.of_ipv6 && is_any(one.at.address); });
  auto of_ipv4 = chosen([](const ListeningSocket& one) { return !one.of_ipv6 && is_any(one.at.address); });
  if (!of_ipv4.empty()) return of_ipv4;
  return chosen([](const ListeningSocket& one) { return one.of_ipv6 && is_any(one.at.address); });
}

}  // namespace autoheal::host
