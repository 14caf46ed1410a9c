// Takes the listening sockets that systemd holds for this process and passes to it (sd_listen_fds(3)), without that
// library. Nothing is believed unseen: a variable that was inherited by mistake must not make us serve, or close, what
// is somebody else's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::host {

inline constexpr int first_passed_descriptor = 3;  // SD_LISTEN_FDS_START

// $LISTEN_PID, $LISTEN_FDS and $LISTEN_FDNAMES.
struct SocketVariables {
  std::optional<std::string> process, count, names;
};
// Takes them out of the environment, so that no program we start is told of them. Before there is a second thread.
[[nodiscard]] SocketVariables take_socket_variables();

struct PassedSocket {
  UniqueFd socket;   // a listening stream socket; does not block, closed on exec
  std::string name;  // FileDescriptorName= of its unit, "unknown" where there is none
};

// The sockets that the variables tell of, in their order; none where they are meant for another process than `self`.
// `first` is the first descriptor. invalid, with the variable or descriptor named: the variables contradict each other,
// or a descriptor is no listening stream socket. Then no descriptor is taken.
[[nodiscard]] Result<std::vector<PassedSocket>> passed_sockets(const SocketVariables& variables, pid_t self,
                                                               int first = first_passed_descriptor);

}  // namespace autoheal::host
