#include "tools/outward/url.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "autoheal/engine/base/ascii.hpp"

namespace autoheal::outward {

namespace {

std::unexpected<Error> refuse(const std::string& why) { return failure(ErrorKind::invalid, "url: " + why); }

bool is_of_a_name(char byte) { return ascii::is_letter_or_digit(byte) || byte == '-' || byte == '_' || byte == '.'; }

// A last part that is a number makes readers take the whole for one (WHATWG URL, "ends in a number").
bool looks_like_a_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return ascii::are_digits(last) || last.starts_with("0x") || last.starts_with("0X");
}

Result<void> check_host(const Url& url) {
  boost::system::error_code is_none;
  if (url.host_header.starts_with('[')) {
    const auto address = boost::asio::ip::make_address_v6(url.host, is_none);
    if (is_none || address.scope_id() != 0 || url.host.contains('%'))
      return refuse("what stands in brackets is no IPv6 address");
    return {};
  }
  if (!std::ranges::all_of(url.host, is_of_a_name)) return refuse("its host holds a character that no name has");
  if (url.host.starts_with('.') || url.host.contains("..")) return refuse("its host has an empty part");
  if (url.host.size() > 253) return refuse("its host is longer than 253 characters");
  if (!looks_like_a_number(url.host)) return {};
  boost::asio::ip::make_address_v4(url.host, is_none);
  if (is_none) return refuse("its host is a number, but no IPv4 address of four parts");
  return {};
}

}  // namespace

Result<Url> read_url(const std::string& text) {
  if (text.size() > longest_url) return refuse(fmt::format("it is longer than {} bytes", longest_url));
  if (std::ranges::any_of(text, [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; }))
    return refuse("it holds a byte that is not ASCII; names are written as xn--..., paths with %");
  if (text.contains('\\')) return refuse("it holds a backslash");
  const std::string_view authority = std::string_view(text).substr(std::min(text.find("//"), text.size()));
  if (authority.substr(0, authority.find_first_of("/?#", 2)).contains('@'))
    return refuse("a user does not belong into it");
  auto url = host::read_url(text);
  AUTOHEAL_TRY(url);
  const bool has_brackets = url->host_header.contains('[') || url->host_header.contains(']');
  if (has_brackets != url->host_header.starts_with('[')) return refuse("brackets stand around an IPv6 address alone");
  AUTOHEAL_TRY(check_host(*url));
  return url;
}

std::string origin_of(const Url& url) { return fmt::format("{}://{}", url.tls ? "https" : "http", url.host_header); }

}  // namespace autoheal::outward
