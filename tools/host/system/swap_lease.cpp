#include "tools/host/system/swap_lease.hpp"

#include <fcntl.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace autoheal::host {

SwapLease::SwapLease(UniqueFd file) : file_(std::move(file)) {
  if (!file_) return;
  // SIGIO, which tells of a wish by default, would end the process; SIGURG does nothing unless somebody handles it.
  if (::fcntl(file_.get(), F_SETSIG, SIGURG) != 0) return;
  if (::fcntl(file_.get(), F_SETLEASE, F_RDLCK) == 0) {
    taken_ = Taken::yes;
  } else if (errno == EAGAIN || errno == EBUSY) {
    taken_ = Taken::in_use;
  }
}

bool SwapLease::is_wanted() const { return taken_ == Taken::yes && ::fcntl(file_.get(), F_GETLEASE) != F_RDLCK; }

void SwapLease::release() {
  if (std::exchange(taken_, Taken::unknown) == Taken::yes) (void)::fcntl(file_.get(), F_SETLEASE, F_UNLCK);
  file_.reset();
}

}  // namespace autoheal::host
