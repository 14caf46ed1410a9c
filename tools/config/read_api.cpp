// `api:`, the daemon's API on TCP. An address that others can reach needs TLS.
#include <fmt/core.h>

#include <algorithm>

#include "tools/config/machine_fields.hpp"
#include "tools/config/read_context.hpp"
#include "tools/config/read_fields.hpp"

namespace autoheal::config {

namespace {

constexpr std::size_t most_addresses = 16;

void read_tls(ReadContext& context, const Node& node, ApiSpec& spec) {
  if (const Node* certificate = node.find("certificate")) spec.certificate = context.absolute(certificate->text);
  if (const Node* key = node.find("key")) spec.key = context.absolute(key->text);
  if (const Node* authority = node.find("client_ca")) spec.client_ca = context.absolute(authority->text);
}

void read_address(ReadContext& context, const Node& item, ApiSpec& spec) {
  const auto address = parse_listen_address(item.text);
  if (!address) {
    return context.wrong(
        item, "api.listen",
        fmt::format("\"{}\" is no address, expected for example 127.0.0.1:8443 or \"[::1]:8443\"", item.text));
  }
  if (!address->is_loopback && spec.certificate.empty()) {
    context.wrong(
        item, "api.listen",
        fmt::format("{} is not a loopback address, expected `tls` beside it: others could read tokens", item.text));
  }
  if (std::ranges::find(spec.listen, *address) != spec.listen.end())
    context.wrong(item, "api.listen", fmt::format("{} stands here twice, expected it once", item.text));
  spec.listen.push_back(*address);
}

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char one) {
    return (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9') || one == '-' || one == '.';
  });
}

}  // namespace

ApiSpec read_api(ReadContext& context, const Node* node) {
  ApiSpec spec;
  if (node == nullptr) return spec;
  read_fields(*node, spec);
  if (const Node* tls = node->find("tls")) read_tls(context, *tls, spec);
  for (const Node& item : list_at(*node, "listen")) read_address(context, item, spec);
  if (spec.listen.size() > most_addresses)
    context.wrong(*node, "api.listen", "there are more than 16 addresses, expected fewer");
  for (const Node& item : list_at(*node, "names")) {
    if (!is_host_name(item.text)) {
      context.wrong(item, "api.names",
                    fmt::format("\"{}\" is no host name, expected lower-case letters, digits, - and . without a port",
                                item.text));
    }
    spec.names.push_back(item.text);
  }
  return spec;
}

}  // namespace autoheal::config
