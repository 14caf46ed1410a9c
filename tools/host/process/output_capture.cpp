#include "tools/host/process/output_capture.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace autoheal::host {

std::expected<OutputCapture, int> OutputCapture::open(std::size_t limit) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(errno);
  UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  if (::fcntl(from.get(), F_SETFL, O_NONBLOCK) != 0) return std::unexpected(errno);
  return OutputCapture(std::move(from), std::move(to), limit);
}

void OutputCapture::child_has_it() { to_.reset(); }

void OutputCapture::belongs_to(uid_t user) { (void)!::fchown(to_.get(), user, static_cast<gid_t>(-1)); }

void OutputCapture::read_some() {
  std::array<char, 1U << 16U> piece;
  const ssize_t got = ::read(from_.get(), piece.data(), piece.size());
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) from_.reset();
  if (got <= 0) return;
  keep(piece.data(), static_cast<std::size_t>(got));
}

void OutputCapture::keep(const char* bytes, std::size_t size) {
  if (!cut_) {
    const std::size_t room = limit_ - kept_.size();
    const std::size_t first = std::min(room, size);
    kept_.append(bytes, first);
    if (first == size) return;
    cut_ = true;
    end_ = kept_.substr(head_limit());
    kept_.resize(head_limit());
    bytes += first;
    size -= first;
  }
  if (size > end_.size()) {
    bytes += size - end_.size();
    size = end_.size();
  }
  while (size > 0) {
    const std::size_t part = std::min(size, end_.size() - place_);
    std::copy_n(bytes, part, end_.begin() + static_cast<std::ptrdiff_t>(place_));
    place_ = (place_ + part) % end_.size();
    bytes += part;
    size -= part;
  }
}

std::string OutputCapture::take() {
  std::ranges::rotate(end_, end_.begin() + static_cast<std::ptrdiff_t>(place_));
  return std::move(kept_) + std::exchange(end_, {});
}

void OutputCapture::read_what_is_there() {
  // Only what is there now: somebody who was left running may never stop writing.
  int waiting = 0;
  if (from_ && ::ioctl(from_.get(), FIONREAD, &waiting) == 0) {
    for (int read = 0; read < waiting && from_; read += 1 << 16) read_some();
  }
}

bool OutputCapture::somebody_writes() const {
  pollfd end{from_.get(), 0, 0};
  return from_ && ::poll(&end, 1, 0) == 0;
}

}  // namespace autoheal::host
