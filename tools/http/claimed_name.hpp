// A name in the kernel that a process holds while it serves a place, without a file. A command finds the daemon by it
// even if the socket was moved away with the ledger, and a second daemon does not start.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::http {

// On the executor's thread. Every caller gets the same sentence.
class ClaimedName {
 public:
  // `place` is an absolute path. busy: another process claims it already. `sentence` outlives nothing: it is called
  // while this lives.
  [[nodiscard]] static Result<std::unique_ptr<ClaimedName>> claim(const boost::asio::any_io_executor& executor,
                                                                  const std::string& place,
                                                                  std::function<std::string()> sentence);
  ~ClaimedName();
  ClaimedName(const ClaimedName&) = delete;
  ClaimedName& operator=(const ClaimedName&) = delete;

 private:
  struct Listener;
  explicit ClaimedName(std::unique_ptr<Listener> listener);
  std::unique_ptr<Listener> listener_;
};

struct Claim {
  pid_t process = 0;
  std::string sentence;  // at most 4 KiB; empty: nothing to tell
};
// Empty if nobody claims the place, or it is neither root nor our own user who does. Waits a second at most.
[[nodiscard]] std::optional<Claim> claim_of(const std::string& place);

}  // namespace autoheal::http
