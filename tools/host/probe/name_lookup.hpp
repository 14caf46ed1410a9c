// The addresses of a host name, as this machine's resolver knows them: for probes, and for all calls out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::host {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

// Blocks for as long as the resolver does (getaddrinfo(3), with `flags` as its ai_flags): without AI_NUMERICHOST on a
// thread of its own only. failed: the name is not found, or this machine cannot ask; nothing of the host is known.
[[nodiscard]] Result<Endpoints> look_up(const std::string& host, std::uint16_t port, int flags);

// That a name is not found is the resolver's word, or this machine's trouble with it.
[[nodiscard]] std::unexpected<Error> not_looked_up(const std::string& host, const std::string& why);

}  // namespace autoheal::host
