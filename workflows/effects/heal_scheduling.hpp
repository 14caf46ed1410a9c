// A port of heals to threads and time: where their work runs, how they wait, and when they must not change anything.
#pragma once

#include <functional>
#include <string>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::workflows {

// Whether something may be changed now, given that nothing could be told of it while the ledger is elsewhere.
enum class GoOn { at_once, after_a_wait, no_more };  // no_more: the process is told to end

// Every operation but run() may be called on any thread, and none fails. The first three return without waiting for the
// job, unless the process has no other thread to run it on.
class HealScheduling {
 public:
  virtual ~HealScheduling() = default;
  // Runs a job soon, on a thread that may block. Called on the loop's thread alone.
  virtual void run(std::function<void()> job) = 0;
  // Runs a job of a heal as soon as the heal has its slot again: at once where it did not give it back.
  virtual void run_in_turn(const std::string& /*heal*/, std::function<void()> job) { run(std::move(job)); }
  // Runs a job of a heal after that time, in which it holds neither thread nor slot; never once the process is told to
  // stop. False: nothing is run later here; the caller has to wait().
  virtual bool run_later(const std::string& /*heal*/, Duration, std::function<void()> /*job*/) { return false; }
  // Blocks the calling thread for that time. False: the process is told to stop, or nothing can be waited for.
  virtual bool wait(Duration time) = 0;
  // Blocks while nothing can be recorded. Asked right before a change and after evidence was gathered.
  virtual GoOn until_recordable() { return GoOn::at_once; }
};

}  // namespace autoheal::workflows
