// A client that asks for one thing so many times a second, over few connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tools/bench/load/played_clients.hpp"

namespace autoheal::bench {

struct RequestsWanted {
  std::uint16_t port = 0;
  std::string token;
  std::string target;
  double each_second = 200;
  std::size_t connections = 8;
};

// Asks whenever it is wanted, and never returns. A latency counts from when the request was due, so what waits behind
// a slow answer counts, too.
[[noreturn]] void play_requests(const RequestsWanted& wanted, PlayedTogether& together);

}  // namespace autoheal::bench
