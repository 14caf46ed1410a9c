// Tells the service manager that started this process how it is (sd_notify(3)), without that library: READY=1,
// STOPPING=1, WATCHDOG=1, STATUS=... as datagrams to $NOTIFY_SOCKET.
#pragma once

#include <optional>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::host {

// Thread-safe.
class ServiceManager {
 public:
  // From the environment of this process. If no manager waits for notifications, tell() does nothing.
  [[nodiscard]] static ServiceManager of_environment();
  // `socket`: a path, or "@name" in the abstract namespace. `watchdog`: as $WATCHDOG_USEC.
  explicit ServiceManager(std::string socket, std::optional<Duration> watchdog = std::nullopt)
      : socket_(std::move(socket)), watchdog_(watchdog) {}

  [[nodiscard]] bool listens() const { return !socket_.empty(); }
  // Never blocks. invalid: no such name; else why nobody takes it.
  Result<void> tell(const std::string& state) const;
  // WATCHDOG=1 has to come at least this often, or the process is ended and started again; empty: nobody minds.
  [[nodiscard]] std::optional<Duration> watchdog() const { return watchdog_; }

 private:
  std::string socket_;
  std::optional<Duration> watchdog_;
};

}  // namespace autoheal::host
