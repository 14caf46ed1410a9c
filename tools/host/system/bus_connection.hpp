// A connection to systemd over D-Bus, by sd-bus of libsystemd, which ends in this file: its own socket where this
// process is root, as systemctl does, else the system's bus. One that breaks is made again by the next call.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::host {

// As text: "a" of a string, "7" of a number, "infinity", the bytes of an id in hexadecimal. Two values: both.
struct BusProperty {
  std::string first, second;
  std::vector<std::string> list;
};
using BusProperties = std::map<std::string, BusProperty>;

// A job of systemd began or ended.
struct JobSignal {
  bool ended = false;
  std::string job, unit, result;  // the job's path; how it ended
};

// Used by one thread. No call blocks for more than a few seconds.
class BusConnection {
 public:
  BusConnection();
  ~BusConnection();
  BusConnection(const BusConnection&) = delete;
  BusConnection& operator=(const BusConnection&) = delete;

  // Called by wait() and by every other call here.
  std::function<void(const JobSignal&)> on_job;
  // A unit is in another state now. Events of jobs and units come in the order in which they happened. Must be set
  // before the first call.
  std::function<void(const std::string& path, const std::string& active_state)> on_state;

  [[nodiscard]] Result<void> ready();
  [[nodiscard]] bool is_open() const;
  // unavailable: nobody answers; refused: what systemd says. The object that the answer names, or empty.
  Result<std::string> ask_manager(const char* method, const std::vector<std::string>& texts);
  [[nodiscard]] Result<BusProperties> properties(const std::string& path, std::span<const std::string_view> wanted);
  // A property that is a text, of one interface.
  [[nodiscard]] Result<std::string> property(const std::string& path, const char* interface, const char* name);
  // A unit of its own for a process of ours: from then on it and its children are none of the unit that we run in. The
  // job's path.
  [[nodiscard]] Result<std::string> start_scope(const std::string& unit, const std::string& description, pid_t process);
  // Until something happened or the descriptor `other` can be read, at most; with no time, only events that have
  // arrived are reported.
  void wait(Duration at_most, int other = -1);

 private:
  class Calls;
  std::unique_ptr<Calls> calls_;
};

inline constexpr const char* systemd_object = "/org/freedesktop/systemd1";

}  // namespace autoheal::host
