// All that a client can use up of the daemon, in one place. A request that is being handled has no limit in time: a
// heal may take long.
#pragma once

#include <cstddef>
#include <cstdint>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::http {

struct Limits {
  std::size_t head_bytes = 16U << 10U;   // request line and header
  std::uint64_t body_bytes = 1U << 20U;  // of a request
  std::size_t connections = 256;         // at once
  std::size_t connections_per_uid = 64;  // so that one user cannot lock out the others; over TCP of an address
  std::size_t streams = 1'200;           // answers that come in pieces; they do not count as connections
  std::size_t streams_per_uid = 1'100;   // over TCP of an address

  Duration idle = std::chrono::seconds(30);                // open, with no request under way
  Duration head_within = std::chrono::seconds(10);         // from its first byte
  Duration body_within = std::chrono::seconds(30);         // from the end of the header
  Duration answer_within = std::chrono::seconds(60);       // until the client has taken it
  Duration stream_taken_within = std::chrono::minutes(5);  // something of it: a slow client takes 64 KiB at a time
  Duration linger = std::chrono::seconds(2);               // for a client that still sends what was refused
};

// The limits where the process may have `descriptors` open and serves at `servers` places: of those, at least half and
// at least 1,024 if there are as many, are never a client's.
[[nodiscard]] Limits limits_within(std::uint64_t descriptors, std::size_t servers);

inline constexpr std::uint64_t answer_limit_bytes = 64U << 20U;  // what a client takes as the body of an answer

}  // namespace autoheal::http
