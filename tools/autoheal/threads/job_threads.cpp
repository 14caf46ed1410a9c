#include "tools/autoheal/threads/job_threads.hpp"

#include <system_error>

namespace autoheal::cli {

Result<std::unique_ptr<JobThreads>> JobThreads::start(std::size_t wanted) {
  std::unique_ptr<JobThreads> made(new JobThreads());
  made->threads_.reserve(wanted);
  try {
    while (made->threads_.size() < wanted) made->threads_.emplace_back([&jobs = made->jobs_] { jobs.run(); });
  } catch (const std::system_error& refused) {
    if (made->threads_.empty()) {
      return failure(ErrorKind::unavailable, std::string("no thread is to be had: ") + refused.what(),
                     "see the limits of this user and service (ulimit -u, ulimit -v, TasksMax=)");
    }
  }
  return made;
}

void JobThreads::join() {
  stay_.reset();
  threads_.clear();
}

}  // namespace autoheal::cli
