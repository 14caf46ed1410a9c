#include "tools/host/output_capture.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace autoheal::host {

std::expected<OutputCapture, int> OutputCapture::open(std::size_t limit, bool outlives) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(errno);
  UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  if (outlives) {
    const std::string name = "/proc/self/fd/" + std::to_string(to.get());
    UniqueFd both(::open(name.c_str(), O_RDWR | O_CLOEXEC));
    if (!both) return std::unexpected(errno);
    to = std::move(both);
  }
  if (::fcntl(from.get(), F_SETFL, O_NONBLOCK) != 0) return std::unexpected(errno);
  return OutputCapture(std::move(from), std::move(to), limit, outlives);
}

void OutputCapture::child_has_it() {
  if (!outlives_) to_.reset();
}

void OutputCapture::read_some() {
  std::array<char, 1U << 16U> piece;
  const ssize_t got = ::read(from_.get(), piece.data(), piece.size());
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) from_.reset();
  if (got <= 0) return;
  const auto size = static_cast<std::size_t>(got);
  const std::size_t room = limit_ - std::min(limit_, kept_.size());
  kept_.append(piece.data(), std::min(room, size));
  cut_ |= size > room;
}

void OutputCapture::stop() {
  // Only what is there now: somebody who was left running may never stop writing.
  int waiting = 0;
  if (from_ && ::ioctl(from_.get(), FIONREAD, &waiting) == 0) {
    for (int read = 0; read < waiting && from_; read += 1 << 16) read_some();
  }
  // Who goes on writing finds a full pipe an error to ignore, not a reason to hang.
  if (outlives_ && to_) ::fcntl(to_.get(), F_SETFL, O_NONBLOCK);
  from_.reset();
  to_.reset();
}

}  // namespace autoheal::host
