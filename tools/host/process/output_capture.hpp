// One output stream of a child: read as it comes, kept up to a limit, the rest thrown away. Half of what is kept is the
// end: that is where programs say why they failed.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <string>

#include "autoheal/engine/base/unique_fd.hpp"

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

  [[nodiscard]] std::string take();
  [[nodiscard]] bool was_cut() const { return cut_; }
  [[nodiscard]] std::size_t gap() const { return cut_ ? head_limit() : 0; }  // in what is taken

 private:
  OutputCapture(UniqueFd from, UniqueFd to, std::size_t limit)
      : from_(std::move(from)), to_(std::move(to)), limit_(limit) {}
  [[nodiscard]] std::size_t head_limit() const { return limit_ - limit_ / 2; }
  void keep(const char* bytes, std::size_t size);
  UniqueFd from_, to_;
  std::size_t limit_;
  bool cut_ = false;
  std::string kept_;       // the whole, or its beginning once that is too long
  std::string end_;        // filled round and round
  std::size_t place_ = 0;  // of the oldest byte in it
};

}  // namespace autoheal::host
