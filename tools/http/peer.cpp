#include "tools/http/peer.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/system/process_table.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::http {

namespace {

constexpr int peer_pidfd_option = 77;  // SO_PEERPIDFD of Linux 6.5, which the C library does not know yet
constexpr auto unset = static_cast<std::uint32_t>(-1);

// The process that connected, held by the kernel: its pid cannot be taken for another's.
class ProcessHold {
 public:
  explicit ProcessHold(int socket) {
    int descriptor = -1;
    socklen_t size = sizeof descriptor;
    if (::getsockopt(socket, SOL_SOCKET, peer_pidfd_option, &descriptor, &size) == 0) {
      process_ = UniqueFd(descriptor);
    } else {
      is_gone_ = errno != ENOPROTOOPT;  // an older kernel says nothing of it
    }
  }
  // True once it was reaped, from when on its pid may be another's.
  [[nodiscard]] bool is_gone() const {
    if (!process_) return is_gone_;
    return ::syscall(SYS_pidfd_send_signal, process_.get(), 0, nullptr, 0) != 0 && errno == ESRCH;
  }

 private:
  UniqueFd process_;
  bool is_gone_ = false;
};

std::optional<std::uint32_t> loginuid_of(int socket, int pid) {
  const ProcessHold held(socket);
  const auto before = host::read_process(pid);
  std::ifstream file("/proc/" + std::to_string(pid) + "/loginuid");
  std::uint32_t loginuid = unset;
  if (!before || !(file >> loginuid) || loginuid == unset) return std::nullopt;
  const auto after = host::read_process(pid);
  if (!after || after->started != before->started || held.is_gone()) return std::nullopt;
  return loginuid;
}

}  // namespace

Result<Peer> peer_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return host::system_failure("who is connected to the socket", errno);
  }
  Peer peer;
  peer.uid = credentials.uid;
  peer.gid = credentials.gid;
  peer.pid = credentials.pid;
  if (peer.pid > 0) peer.loginuid = loginuid_of(socket, peer.pid);
  return peer;
}

}  // namespace autoheal::http
