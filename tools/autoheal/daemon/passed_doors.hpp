// Sorts the sockets that a service manager passed by where they listen, since names of descriptors are whatever their
// units say.
#pragma once

#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/service/passed_sockets.hpp"
#include "tools/http/tcp_listener.hpp"

namespace autoheal::cli {

struct PassedDoors {
  UniqueFd unix_socket;       // where it listens is judged by http::adopt_listening; none: none was passed
  std::vector<UniqueFd> tcp;  // as many as `listen` has addresses, in its order; none: none was passed for this one
};

// invalid, with descriptor, name and place: a socket is neither a Unix socket nor at an address of `listen`, is one of
// two for the same place, or is refused by http::adopt_tcp. Then none is served.
[[nodiscard]] Result<PassedDoors> doors_of(std::vector<host::PassedSocket> passed,
                                           const std::vector<http::TcpAddress>& listen);

}  // namespace autoheal::cli
