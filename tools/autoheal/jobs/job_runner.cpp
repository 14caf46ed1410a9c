#include "tools/autoheal/jobs/job_runner.hpp"

#include <boost/asio/post.hpp>

namespace autoheal::cli {

Result<std::unique_ptr<JobRunner>> JobRunner::start(const engine::Clock& clock, std::function<JobSetting()> setting,
                                                    Ended ended) {
  auto thread = JobThreads::start(1);
  AUTOHEAL_TRY(thread);
  return std::unique_ptr<JobRunner>(new JobRunner(clock, std::move(setting), std::move(ended), std::move(*thread)));
}

JobRunner::~JobRunner() { stopping_ = true; }

Result<Job> JobRunner::take(std::string id, JobWish wish) {
  auto job = list_.add(std::move(id), std::move(wish), clock_.now());
  AUTOHEAL_TRY(job);
  boost::asio::post(thread_->executor(), [this] { run_next(); });
  return job;
}

void JobRunner::run_next() {
  if (stopping_) return;
  const auto job = list_.next(clock_.now());
  if (!job) return;  // it was cancelled
  JobWatch watch;
  watch.progressed = [&](std::uint64_t done, std::uint64_t all) { list_.progressed(job->id, done, all); };
  watch.is_unwanted = [&] { return stopping_ || list_.is_cancelled(job->id); };
  JobEnd end = run_job(job->wish, setting_(), watch);
  if (ended_) ended_(*job, end);
  list_.ended(job->id, std::move(end), clock_.now());
}

}  // namespace autoheal::cli
