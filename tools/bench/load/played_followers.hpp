// Clients that follow the bus, many of one engine each and some of everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/bench/load/played_clients.hpp"

namespace autoheal::bench {

struct FollowersWanted {
  std::uint16_t port = 0;
  std::string token;
  std::string topics;                // a list with commas, as the API takes it
  std::vector<std::string> engines;  // one follower each; empty: of everything
};

// Connects whenever they are wanted, and then reads what comes; never returns. A follower that is cut off goes on at
// the place that it was told.
[[noreturn]] void play_followers(const FollowersWanted& wanted, PlayedTogether& together);

}  // namespace autoheal::bench
