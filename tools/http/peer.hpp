// The process at the other end of a socket, as the kernel reports it, never as the client claims. Read once, when the
// connection is accepted, and never looked up again by pid, which another process may have by then.
#pragma once

#include <cstdint>
#include <optional>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::http {

struct Peer {
  std::uint32_t uid = static_cast<std::uint32_t>(-1);  // of the moment of connect(); not known: nobody
  std::uint32_t gid = static_cast<std::uint32_t>(-1);
  int pid = 0;                            // 0: in a pid namespace that is not ours
  std::optional<std::uint32_t> loginuid;  // who logged in, through sudo too; empty if unset or the process is gone
};

// `socket` is a connected Unix socket. Thread-safe.
[[nodiscard]] Result<Peer> peer_of(int socket);

}  // namespace autoheal::http
