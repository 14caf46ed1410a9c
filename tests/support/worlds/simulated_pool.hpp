// Blocking jobs side by side on the simulated clock: only one runs at any moment, so every run is the same. A job that
// waits gives way to the others until the clock has come that far. A job may be where the process dies.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "autoheal/engine/base/contained.hpp"
#include "autoheal/engine/ports.hpp"

namespace autoheal::testing {

// Thrown where a simulated process dies; unwinds the job in which that happens.
struct ProcessDied : ProcessEnds {};

// Handed from thread to thread. std::binary_semaphore would spin before it sleeps, and on a busy machine that is most
// of what a simulation does.
class Baton {
 public:
  void release() {
    const std::lock_guard lock(mutex_);
    is_here_ = true;
    came_.notify_one();
  }
  void acquire() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return is_here_; });
    is_here_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  bool is_here_ = false;
};

class SimulatedPool {
 public:
  explicit SimulatedPool(const engine::Clock& clock) : clock_(clock) {}
  SimulatedPool(const SimulatedPool&) = delete;
  SimulatedPool& operator=(const SimulatedPool&) = delete;

  // Every job that waits is told to stop and runs to its end; where the process died, it ends where it stands.
  ~SimulatedPool() {
    leaving_ = true;
    while (!waiting_.empty()) resume_first_waiting();
    for (auto& worker : workers_) worker->go.release();
  }

  void run(std::function<void()> job) { jobs_.push_back(std::move(job)); }

  // From now on no job gets any further.
  void die() { died_ = true; }
  [[nodiscard]] bool died() const { return died_; }

  // On a job's thread. False: the pool is going.
  bool wait(Duration time) {
    Worker* me = current_;
    waiting_.emplace(clock_.since_boot() + time, me);
    back_.release();
    me->go.acquire();
    if (died_) throw ProcessDied();
    return !leaving_;
  }

  // Runs one job that is ready, to its end or its next wait; false if there was none.
  bool turn() {
    if (!jobs_.empty()) {
      begin_first_job();
      return true;
    }
    if (waiting_.empty() || waiting_.begin()->first > clock_.since_boot()) return false;
    resume_first_waiting();
    return true;
  }

  [[nodiscard]] std::optional<Duration> next_wake() const {
    return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->first);
  }

 private:
  struct Worker {
    Baton go;
    std::function<void()> job;
    std::jthread thread;
  };

  void begin_first_job() {
    if (idle_.empty()) {
      workers_.push_back(std::make_unique<Worker>());
      Worker* worker = workers_.back().get();
      worker->thread = std::jthread([this, worker] { work(*worker); });
      idle_.push_back(worker);
    }
    Worker* worker = idle_.back();
    idle_.pop_back();
    worker->job = std::move(jobs_.front());
    jobs_.pop_front();
    let_run(worker);
  }

  void resume_first_waiting() {
    Worker* worker = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    let_run(worker);
  }

  void let_run(Worker* worker) {
    current_ = worker;
    worker->go.release();
    back_.acquire();
  }

  void work(Worker& me) {
    while (true) {
      me.go.acquire();
      if (!me.job) return;
      try {
        me.job();
      } catch (const ProcessDied&) {
        died_ = true;
      }
      me.job = nullptr;
      idle_.push_back(&me);
      back_.release();
    }
  }

  const engine::Clock& clock_;
  Baton back_;
  bool leaving_ = false, died_ = false;
  Worker* current_ = nullptr;
  std::deque<std::function<void()>> jobs_;
  std::multimap<Duration, Worker*> waiting_;  // by when its wait is over; of equals the first to wait comes first
  std::vector<Worker*> idle_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace autoheal::testing
