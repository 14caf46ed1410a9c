#include "tools/autoheal/threads/reader_threads.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace autoheal::cli {

namespace {

constexpr std::size_t how_many = 2;
constexpr int niceness = 10;

}  // namespace

Result<std::unique_ptr<ReaderThreads>> ReaderThreads::start() {
  auto threads = JobThreads::start(how_many);
  AUTOHEAL_TRY(threads);
  return std::unique_ptr<ReaderThreads>(new ReaderThreads(std::move(*threads)));
}

// On Linux the priority belongs to the thread.
void ReaderThreads::lower_priority() {
  thread_local const bool is_low = ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness) == 0;
  (void)is_low;
}

Error ReaderThreads::too_many() {
  return {ErrorKind::unavailable, "too many others are reading now", "try again in a second"};
}

}  // namespace autoheal::cli
