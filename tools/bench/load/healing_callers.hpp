// Callers that heal over the daemon's socket, each its own engines in turn, one heal after the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "tools/bench/load/client_socket.hpp"

namespace autoheal::bench {

class HealingCallers {
 public:
  // So many on one thread of their own; they begin at once.
  [[nodiscard]] static Result<std::unique_ptr<HealingCallers>> start(const std::filesystem::path& socket,
                                                                     std::size_t count,
                                                                     const std::vector<std::string>& engines);

  ~HealingCallers() { (void)end(); }
  HealingCallers(const HealingCallers&) = delete;
  HealingCallers& operator=(const HealingCallers&) = delete;

  // Certified heals that were answered until now.
  [[nodiscard]] std::uint64_t heals() const { return heals_; }
  // Waits for the answers under way. failed: one was no certified heal.
  [[nodiscard]] Result<void> end();

 private:
  struct Caller {
    UniqueFd socket;
    std::vector<std::string> requests;  // in turn
    std::size_t turn = 0;
    AnswerReader answers;
    bool waits = false;
  };
  HealingCallers() = default;
  void call();
  [[nodiscard]] Result<void> answered(Caller& caller);
  [[nodiscard]] Result<void> ask(Caller& caller);

  std::vector<Caller> callers_;
  std::size_t waiting_ = 0;
  std::atomic<std::uint64_t> heals_ = 0;
  std::atomic<bool> ends_ = false;
  Result<void> outcome_;  // the thread's, until it was joined
  std::jthread thread_;
};

}  // namespace autoheal::bench
