#include "tools/http/limits.hpp"

#include <algorithm>

namespace autoheal::http {

namespace {

// As of the whole, so that one user still cannot take all.
std::size_t part_of(std::size_t now, std::size_t usual_part, std::size_t usual) {
  return std::max<std::size_t>(1, usual_part * now / usual);
}

}  // namespace

Limits limits_within(std::uint64_t descriptors, std::size_t servers) {
  constexpr std::uint64_t never_a_clients = 1'024;
  const Limits usual;
  Limits limits;
  const std::uint64_t for_clients = descriptors - std::min(never_a_clients, descriptors / 2);
  const auto share = static_cast<std::size_t>(for_clients / servers);
  limits.connections = std::clamp<std::size_t>(share / 2, 1, usual.connections);
  limits.streams = std::min(usual.streams, share - std::min(share, limits.connections));
  limits.connections_per_uid = part_of(limits.connections, usual.connections_per_uid, usual.connections);
  limits.streams_per_uid = part_of(limits.streams, usual.streams_per_uid, usual.streams);
  return limits;
}

}  // namespace autoheal::http
