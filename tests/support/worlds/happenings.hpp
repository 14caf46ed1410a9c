// Waits for other processes to act: to change something below a folder that a test inspects, or to send a word to the
// service manager. A test waits for that and then inspects, instead of polling.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::testing {

// While it lives, changes below the folder end a wait; not those in a vault, whose 256 folders nobody waits for.
class WatchedFolder {
 public:
  explicit WatchedFolder(std::filesystem::path folder);
  ~WatchedFolder();
  WatchedFolder(const WatchedFolder&) = delete;
  WatchedFolder& operator=(const WatchedFolder&) = delete;

 private:
  std::filesystem::path folder_;
};

// A service manager as sd_notify(3) has it, in the abstract namespace. While it lives, what it is told ends a wait.
class ListeningManager {
 public:
  ListeningManager();
  ~ListeningManager();
  ListeningManager(const ListeningManager&) = delete;
  ListeningManager& operator=(const ListeningManager&) = delete;
  // For $NOTIFY_SOCKET.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  UniqueFd socket_;
};

// Waits until anything watched in this process has happened since arm(), or until the time has come: false.
void arm_happenings();
[[nodiscard]] bool wait_for_happening(std::chrono::steady_clock::time_point give_up);

// Until a condition on what other processes do is true, looked at whenever one of them did something; false where it
// did not become so within 20 s.
template <class Condition>
[[nodiscard]] bool eventually(const Condition& condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  arm_happenings();
  while (!condition()) {
    if (!wait_for_happening(give_up)) return condition();
    arm_happenings();
  }
  return true;
}

// Until that process has ended; false where it has not within 20 s.
[[nodiscard]] bool has_ended(pid_t pid);

}  // namespace autoheal::testing
