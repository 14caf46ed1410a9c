// One output stream of a child: read as it comes, kept up to a limit, the rest thrown away.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <string>

#include "tools/host/unique_fd.hpp"

namespace autoheal::host {

class OutputCapture {
 public:
  // The error is an errno.
  [[nodiscard]] static std::expected<OutputCapture, int> open(std::size_t limit);

  [[nodiscard]] int child_end() const { return to_.get(); }
  [[nodiscard]] int reading_end() const { return from_.get(); }  // -1 after its end
  void child_has_it();                                           // closes our copy of the child's end
  void read_some();                                              // what is there; never blocks
  void read_what_is_there();
  [[nodiscard]] bool somebody_writes() const;  // the child has ended, but not all to whom it gave its end
  void belongs_to(uid_t user);                 // so that he may open it by its name in /dev, too

  [[nodiscard]] std::string take() { return std::move(kept_); }
  [[nodiscard]] bool was_cut() const { return cut_; }

 private:
  OutputCapture(UniqueFd from, UniqueFd to, std::size_t limit)
      : from_(std::move(from)), to_(std::move(to)), limit_(limit) {}
  UniqueFd from_, to_;
  std::size_t limit_;
  bool cut_ = false;
  std::string kept_;
};

}  // namespace autoheal::host
