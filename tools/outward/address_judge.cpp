#include "tools/outward/address_judge.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::outward {

namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using boost::asio::ip::make_address;

struct SpecialNetwork {
  const char* base;
  unsigned bits;
  std::string_view use;
  int carries_at = -1;  // the byte at which an IPv4 address stands inside; -1: none
};

constexpr std::string_view loopback = "loopback", private_use = "private", shared = "shared by a carrier (CGNAT)",
                           unique_local = "unique-local";

constexpr std::array special_v4 = {
    SpecialNetwork{"0.0.0.0", 8, "unspecified"},
    SpecialNetwork{"10.0.0.0", 8, private_use},
    SpecialNetwork{"100.64.0.0", 10, shared},
    SpecialNetwork{"127.0.0.0", 8, loopback},
    SpecialNetwork{"169.254.0.0", 16, "link-local"},
    SpecialNetwork{"172.16.0.0", 12, private_use},
    SpecialNetwork{"192.0.0.0", 24, "reserved for protocols"},
    SpecialNetwork{"192.0.2.0", 24, "for documentation"},
    SpecialNetwork{"192.88.99.0", 24, "a 6to4 relay"},
    SpecialNetwork{"192.168.0.0", 16, private_use},
    SpecialNetwork{"198.18.0.0", 15, "for benchmarks"},
    SpecialNetwork{"198.51.100.0", 24, "for documentation"},
    SpecialNetwork{"203.0.113.0", 24, "for documentation"},
    SpecialNetwork{"224.0.0.0", 4, "multicast"},
    SpecialNetwork{"240.0.0.0", 4, "reserved"},
};
// The longer ones first: the first that fits counts.
constexpr std::array special_v6 = {
    SpecialNetwork{"::", 128, "unspecified"},
    SpecialNetwork{"::1", 128, loopback},
    SpecialNetwork{"::ffff:0:0", 96, "an IPv4 address inside IPv6", 12},
    SpecialNetwork{"::ffff:0:0:0", 96, "an IPv4 address inside IPv6", 12},
    SpecialNetwork{"::", 96, "an IPv4 address inside IPv6", 12},
    SpecialNetwork{"64:ff9b::", 96, "translated to IPv4 (NAT64)", 12},
    SpecialNetwork{"64:ff9b:1::", 48, "translated to IPv4 (NAT64)", 12},
    SpecialNetwork{"100::", 64, "discarded"},
    SpecialNetwork{"2001:db8::", 32, "for documentation"},
    SpecialNetwork{"3fff::", 20, "for documentation"},
    SpecialNetwork{"2001::", 23, "reserved for protocols (Teredo and others)"},
    SpecialNetwork{"2002::", 16, "translated to IPv4 (6to4)", 2},
    SpecialNetwork{"5f00::", 16, "for segment routing"},
    SpecialNetwork{"fc00::", 7, unique_local},
    SpecialNetwork{"fe80::", 10, "link-local"},
    SpecialNetwork{"fec0::", 10, "site-local"},
    SpecialNetwork{"ff00::", 8, "multicast"},
};

template <class Bytes>
bool same_beginning(const Bytes& one, const Bytes& other, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(one.begin(), one.begin() + whole, other.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (one[whole] >> (8 - rest)) == (other[whole] >> (8 - rest));
}

bool is_in(const address& where, const address& base, unsigned bits) {
  if (where.is_v4() != base.is_v4()) return false;
  if (where.is_v4()) return same_beginning(where.to_v4().to_bytes(), base.to_v4().to_bytes(), bits);
  return same_beginning(where.to_v6().to_bytes(), base.to_v6().to_bytes(), bits);
}

// nullptr: a public address.
const SpecialNetwork* special_network_of(const address& where) {
  const auto fits = [&](const SpecialNetwork& one) { return is_in(where, make_address(one.base), one.bits); };
  if (where.is_v4()) {
    const auto* const found = std::ranges::find_if(special_v4, fits);
    return found == special_v4.end() ? nullptr : found;
  }
  const auto* const found = std::ranges::find_if(special_v6, fits);
  return found == special_v6.end() ? nullptr : found;
}

std::optional<address> carried_by(const address& where, const SpecialNetwork* network) {
  if (network == nullptr || network->carries_at < 0) return std::nullopt;
  const auto bytes = where.to_v6().to_bytes();
  address_v4::bytes_type inside{};
  std::copy_n(bytes.begin() + network->carries_at, inside.size(), inside.begin());
  return address(address_v4(inside));
}

bool is_inside_of_a_site(std::string_view use) {
  return use == loopback || use == private_use || use == shared || use == unique_local;
}

std::string without_last_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return ascii::lowered(std::move(name));
}

bool is_host_name(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char byte) {
    return ascii::is_letter_or_digit(byte) || byte == '-' || byte == '_' || byte == '.';
  });
}

}  // namespace

std::string_view special_use_of(const address& where) {
  const SpecialNetwork* const network = special_network_of(where);
  return network == nullptr ? std::string_view() : network->use;
}

Result<AllowList> AllowList::of(const std::vector<std::string>& entries) {
  AllowList list;
  for (const std::string& entry : entries) {
    const auto slash = entry.find('/');
    boost::system::error_code is_none;
    const address base = make_address(entry.substr(0, slash), is_none);
    if (!is_none && !entry.contains('%')) {
      const unsigned all = base.is_v4() ? 32 : 128;
      const auto bits =
          slash == std::string::npos ? std::optional(all) : parse_number<unsigned>(entry.substr(slash + 1));
      if (!bits || *bits > all)
        return failure(ErrorKind::invalid, fmt::format("\"{}\" is no network: its bits are not 0 to {}", entry, all));
      list.networks_.push_back({base, *bits});
    } else if (is_host_name(entry)) {
      list.hosts_.push_back(without_last_dot(entry));
    } else {
      return failure(
          ErrorKind::invalid,
          fmt::format("\"{}\" is neither a network (10.1.0.0/16), an address nor the name of a host", entry));
    }
  }
  return list;
}

bool AllowList::lists(const address& where) const {
  return std::ranges::any_of(networks_, [&](const Network& one) { return is_in(where, one.base, one.bits); });
}

Result<void> AllowList::check(const address& where, std::string_view host) const {
  const SpecialNetwork* const network = special_network_of(where);
  if (const auto inside = carried_by(where, network)) AUTOHEAL_TRY(check(*inside, {}));
  if (network == nullptr || lists(where)) return {};
  const bool host_is_listed =
      std::ranges::find(hosts_, without_last_dot(std::string(host))) != hosts_.end() && !host.empty();
  if (host_is_listed && is_inside_of_a_site(network->use)) return {};
  return failure(ErrorKind::refused, fmt::format("the address {} is {}", where.to_string(), network->use),
                 "list it under `allow` if calls to it are meant");
}

}  // namespace autoheal::outward
