// Judges where a call out may connect to: any public address, and of the others those that the configuration lists.
// Somebody else chooses the addresses of a name, and could point it at this host, at its network or at the metadata
// service of a cloud.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::outward {

using boost::asio::ip::address;

// The reason why an address is not public ("loopback", "link-local", ...), or empty. By the special-purpose registries
// of IANA (RFC 6890), with multicast and all that carries an IPv4 address inside an IPv6 one.
[[nodiscard]] std::string_view special_use_of(const address& where);

// The entries of an `allow` list: networks as ADDRESS/BITS, single addresses, names of hosts.
class AllowList {
 public:
  // invalid: names the entry that is neither.
  [[nodiscard]] static Result<AllowList> of(const std::vector<std::string>& entries);

  // refused, with address and reason: it is not public, and neither its network nor `host`, the name that it was
  // resolved from, is listed. A listed name stands for loopback, private, shared and unique-local addresses only: a
  // link-local one, which the metadata service of clouds has, must be listed itself. An IPv6 address that carries an
  // IPv4 one needs both to be allowed.
  [[nodiscard]] Result<void> check(const address& where, std::string_view host) const;

 private:
  struct Network {
    address base;
    unsigned bits = 0;
  };
  [[nodiscard]] bool lists(const address& where) const;

  std::vector<Network> networks_;
  std::vector<std::string> hosts_;  // in lower case, without a last dot
};

}  // namespace autoheal::outward
