// Reads the outputs of processes that a command leaves running. They write to the outputs that they were given for as
// long as they live: longer than the run, and longer than this process. Without a reader they would hang on a full pipe
// or die of a broken one. The reader is a process of its own, the program itself called with `output-drain`
// (drain_worker.hpp): it holds the reading ends from before the command starts, so that none is lost if this process is
// killed, reads from them once nobody else does, and ends when the last writer has gone.
#pragma once

#include <expected>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/process/child_process.hpp"

namespace autoheal::host {

// The argument of the worker process: "autoheal output-drain", its end of the connection as standard input.
inline constexpr std::string_view drain_argument = "output-drain";

// The outputs of one run in the drain's hands. As long as this lives, the drain reads nothing; then it reads to the
// end.
class HeldOutputs {
 public:
  HeldOutputs() = default;
  explicit HeldOutputs(UniqueFd ours) : ours_(std::move(ours)) {}
  // Waits for the drain to say so. False: it ended before, and has nothing.
  [[nodiscard]] bool arrived() const;

 private:
  UniqueFd ours_;  // its end makes the drain read, also if this process was killed
};

// Starts a drain process when one is needed; it serves many runs. Thread-safe.
class OutputDrain {
 public:
  // `program` is the absolute path of autoheal.
  explicit OutputDrain(std::string program);

  // `reading_ends`: one or two; they stay the caller's.
  [[nodiscard]] std::expected<HeldOutputs, StartProblem> hold(std::span<const int> reading_ends);
  // The same after the run, when somebody still writes: read from now on. `held`: what hold() said before it.
  [[nodiscard]] bool read_on(HeldOutputs held, std::span<const int> reading_ends);

 private:
  [[nodiscard]] std::expected<void, StartProblem> start();
  void reap_when_it_ends(Child child);
  void reap_what_ended();

  std::string program_;
  std::mutex mutex_;  // of all below
  UniqueFd connection_;
  unsigned handed_over_ = 0;
  std::vector<pid_t> to_reap_;  // if there was no thread to be had
};

}  // namespace autoheal::host
