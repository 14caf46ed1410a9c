// Runs the jobs of the API one after the other, on a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "autoheal/engine/ports.hpp"
#include "tools/autoheal/jobs/job_process.hpp"
#include "tools/autoheal/threads/job_threads.hpp"

namespace autoheal::cli {

class JobRunner {
 public:
  using Ended = std::function<void(const Job& job, const JobEnd& end)>;

  // `setting` is called on the runner's thread before each job, `ended` after it, before the list says so. All outlive
  // the runner. unavailable: no thread.
  [[nodiscard]] static Result<std::unique_ptr<JobRunner>> start(const engine::Clock& clock,
                                                                std::function<JobSetting()> setting, Ended ended = {});
  ~JobRunner();  // kills what runs, and waits for its end
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  // The list may be asked from any thread.
  [[nodiscard]] JobList& list() { return list_; }
  // The job that was taken on. busy: the queue is full. Any thread.
  [[nodiscard]] Result<Job> take(std::string id, JobWish wish);

 private:
  JobRunner(const engine::Clock& clock, std::function<JobSetting()> setting, Ended ended,
            std::unique_ptr<JobThreads> thread)
      : clock_(clock), setting_(std::move(setting)), ended_(std::move(ended)), thread_(std::move(thread)) {}
  void run_next();

  const engine::Clock& clock_;
  std::function<JobSetting()> setting_;
  Ended ended_;
  JobList list_;
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<JobThreads> thread_;  // goes first: it uses the rest
};

}  // namespace autoheal::cli
