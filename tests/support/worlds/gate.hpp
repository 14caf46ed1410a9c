// A gate at which a script stands until the test lets it through: a lock that the test holds and flock(1) waits for.
#pragma once

#include <fcntl.h>
#include <sys/file.h>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {

// Shut until open(), or its end. One of a Bridge.
class Gate {
 public:
  explicit Gate(const Bridge& bridge) {
    bridge.write("run/gate", "");
    held_ = UniqueFd(::open(bridge.path("run/gate").c_str(), O_RDWR | O_CLOEXEC));
    EXPECT_EQ(::flock(held_.get(), LOCK_EX), 0);
  }
  void open() { held_.reset(); }

  // The command of a script that stands in the root.
  static constexpr const char* wait = "flock --shared run/gate true";

 private:
  UniqueFd held_;
};

}  // namespace autoheal::testing
