#include "tools/host/probe/url.hpp"

#include <algorithm>

#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::host {

Result<Url> read_url(const std::string& text) {
  const auto refuse = [&](const std::string& why) { return failure(ErrorKind::invalid, "url: " + why); };
  if (std::ranges::any_of(text, [](char byte) { return static_cast<unsigned char>(byte) <= ' ' || byte == 0x7f; })) {
    return refuse("it holds a space or a control character");
  }
  Url url;
  std::string_view rest = text;
  url.tls = rest.starts_with("https://");
  if (!url.tls && !rest.starts_with("http://")) return refuse("it begins neither with http:// nor with https://");
  rest.remove_prefix(url.tls ? 8 : 7);
  url.port = url.tls ? 443 : 80;
  const auto end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  std::string_view target = rest.substr(end);
  target = target.substr(0, target.find('#'));
  url.target = (target.starts_with('/') ? "" : "/") + std::string(target);
  if (authority.find('@') != std::string_view::npos)
    return refuse("a user does not belong into it; `headers` can authorize");
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = authority.substr(0, colon);
  url.host_header = std::string(authority);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return refuse("it names no host");
  url.host = std::string(host);
  if (colon == std::string_view::npos) return url;
  url.port = parse_number<std::uint16_t>(authority.substr(colon + 1)).value_or(0);
  if (url.port == 0) return refuse("its port is none");
  return url;
}

}  // namespace autoheal::host
