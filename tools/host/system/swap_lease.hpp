// A read lease of the kernel on a file that is about to be displaced, held only around the swap. A program that opens
// it for writing meanwhile waits in open(2), and finds the same file in place if the swap is taken back before the
// lease.
#pragma once

#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::host {

class SwapLease {
 public:
  enum class Taken {
    yes,
    in_use,   // somebody has it open for writing
    unknown,  // not to be had: another file system, another owner; nothing is known then
  };

  // `file` is open for reading only.
  explicit SwapLease(UniqueFd file);
  ~SwapLease() { release(); }
  SwapLease(const SwapLease&) = delete;
  SwapLease& operator=(const SwapLease&) = delete;

  [[nodiscard]] Taken taken() const { return taken_; }
  // Somebody waits to open it for writing: the swap has to be taken back before release().
  [[nodiscard]] bool is_wanted() const;
  void release();

 private:
  UniqueFd file_;
  Taken taken_ = Taken::unknown;
};

}  // namespace autoheal::host
