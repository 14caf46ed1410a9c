// The socket as a file: its folder, its owner, and paths of any length. Folder and socket are opened without following
// a symlink and looked at through their descriptors, so that what was checked is what is used.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::http {

// The name that a listening socket has in its folder. Removed when this goes, if it is still the same inode and not the
// service manager's; so this must go before the descriptor that is bound to it, which keeps the inode from being used
// again.
class SocketFile {
 public:
  SocketFile() = default;
  enum class Owner { us, manager };
  SocketFile(UniqueFd folder, std::string name, dev_t device, ino_t inode, Owner owner = Owner::us)
      : folder_(std::move(folder)), name_(std::move(name)), device_(device), inode_(inode), owner_(owner) {}
  SocketFile(SocketFile&&) noexcept = default;
  SocketFile& operator=(SocketFile&& other) noexcept;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile() { remove(); }
  void remove();
  // The name still leads to this socket.
  [[nodiscard]] bool in_place() const;

 private:
  UniqueFd folder_;
  std::string name_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  Owner owner_ = Owner::us;
};

struct ListeningSocket {
  UniqueFd socket;  // does not block, closed on exec
  SocketFile file;
};

// Binds and listens with mode 0666: the kernel's user decides who may do what. The socket of a dead daemon is replaced.
// busy: somebody accepts there. unavailable, path and mode named: the folder is a symlink, missing or writable by
// others; the path is no socket; the system refuses. The caller holds the ledger's lock: of two that start at the same
// moment without it, the later one may take the earlier one's name.
[[nodiscard]] Result<ListeningSocket> listen_at(const std::string& path);

// The same of a listening socket that a service manager made and passed to us; its file stays when we end, because the
// manager goes on listening. invalid: it is no Unix stream socket that listens, or listens at another path than `path`,
// where clients look for us. Errors else as listen_at.
[[nodiscard]] Result<ListeningSocket> adopt_listening(UniqueFd passed, const std::string& path);

struct ConnectedSocket {
  UniqueFd socket;  // blocks, closed on exec
  std::uint32_t folder_owner = 0;
};

// Waits for a free place in the queue of the listener, for at most `timeout` unless that is 0. not_found: nothing is
// there or nobody listens; refused: a symlink, no socket, or no permission; timed_out.
[[nodiscard]] Result<ConnectedSocket> connect_to(const std::string& path, Duration timeout);

// False if nothing is there or nobody listens. Does not wait; errors as connect_to.
[[nodiscard]] Result<bool> somebody_listens(const std::string& path);

}  // namespace autoheal::http
