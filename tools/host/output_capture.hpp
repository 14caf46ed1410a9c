// One output stream of a child: read as it comes, kept up to a limit, the rest thrown away.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

#include "tools/host/unique_fd.hpp"

namespace autoheal::host {

class OutputCapture {
 public:
  // `outlives`: what the child leaves running may go on writing after we have stopped reading and must not be ended by
  // that (no SIGPIPE: it holds a reading end itself). The error is an errno.
  [[nodiscard]] static std::expected<OutputCapture, int> open(std::size_t limit, bool outlives);

  [[nodiscard]] int child_end() const { return to_.get(); }
  [[nodiscard]] int reading_end() const { return from_.get(); }  // -1 after its end
  void child_has_it();                                           // closes our copy of the child's end
  void read_some();                                              // what is there; never blocks
  void stop();                                                   // reads what is there once more, then lets go

  [[nodiscard]] std::string take() { return std::move(kept_); }
  [[nodiscard]] bool was_cut() const { return cut_; }

 private:
  OutputCapture(UniqueFd from, UniqueFd to, std::size_t limit, bool outlives)
      : from_(std::move(from)), to_(std::move(to)), limit_(limit), outlives_(outlives) {}
  UniqueFd from_, to_;
  std::size_t limit_;
  bool outlives_;
  bool cut_ = false;
  std::string kept_;
};

}  // namespace autoheal::host
