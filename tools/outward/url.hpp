// The URL of a call out, read strictly: what two readers could understand in two ways is refused, because the address
// that is judged must be the one that is connected to.
#pragma once

#include "tools/host/probe/url.hpp"

namespace autoheal::outward {

using host::Url;

inline constexpr std::size_t longest_url = 2048;

// invalid, with the reason: another scheme than http and https, a user, no host, a port that is none; a host with
// other characters than letters, digits, "-", "_" and "."; a number in the place of a host that is no plain IPv4
// address (WHATWG URL reads 127.1 and 0x7f000001 as one); an IPv6 address that is none or has a zone; more than 2,048
// bytes; a byte that is not ASCII. The message does not repeat the URL, which may hold a token.
[[nodiscard]] Result<Url> read_url(const std::string& text);

// Scheme, host and port: what may be told of a URL.
[[nodiscard]] std::string origin_of(const Url& url);

}  // namespace autoheal::outward
