// Clients that a measurement plays in a process of its own, so that their work is neither that of the daemon nor that
// of who measures: it is told when they are to be there, and what came of it, through memory that both processes see.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::bench {

inline constexpr std::size_t most_latencies = 1'000'000;

// Zero at the beginning.
struct PlayedTogether {
  std::atomic<bool> wanted;                  // by who measures: the clients are to be there
  std::atomic<std::size_t> there;            // connections that were answered and last
  std::atomic<std::uint64_t> answers;        // to requests; or events to those who follow one engine
  std::atomic<std::uint64_t> of_everything;  // events to those who follow all engines
  std::atomic<std::uint64_t> refused;        // answered with 429 or 503
  std::atomic<std::uint64_t> cut_off;        // streams that ended with the place to go on from
  std::atomic<std::uint64_t> broken;         // ended or failed in any other way
  std::atomic<std::size_t> latencies;        // how many of these are there
  std::atomic<float> latency_ms[most_latencies];
};

// Ended when it goes. It dies with the process that started it, too.
class PlayedClients {
 public:
  // `play` is called in the new process, which ends when it returns; it may be given any niceness.
  [[nodiscard]] static Result<PlayedClients> start(int niceness, std::function<void(PlayedTogether&)> play);
  ~PlayedClients();
  PlayedClients(PlayedClients&& other) noexcept;
  PlayedClients& operator=(PlayedClients&&) = delete;
  PlayedClients(const PlayedClients&) = delete;
  PlayedClients& operator=(const PlayedClients&) = delete;

  [[nodiscard]] PlayedTogether& state() const { return *together_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  PlayedClients(PlayedTogether* together, pid_t pid) : together_(together), pid_(pid) {}
  PlayedTogether* together_;
  pid_t pid_;
};

}  // namespace autoheal::bench
