#include "tools/autoheal/daemon/loop_watch.hpp"

#include <fmt/core.h>
#include <boost/asio/post.hpp>

namespace autoheal::cli {

namespace {

std::string in_seconds(Duration time) {
  return fmt::format("{} s", std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

}  // namespace

struct LoopWatch::Shared {
  LoopWatchPorts ports;
  std::mutex mutex;  // guards the two below
  engine::Watchdog watchdog;
  bool gone = false;
};

LoopWatch::LoopWatch(LoopWatchPorts ports, Duration limit)
    : shared_(new Shared{std::move(ports), {}, engine::Watchdog(limit)}) {}

LoopWatch::~LoopWatch() {
  {
    const std::lock_guard lock(ending_mutex_);
    ending_ = true;
  }
  ending_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  const std::lock_guard lock(shared_->mutex);
  shared_->gone = true;
}

void LoopWatch::begin(Duration every) {
  thread_ = std::thread([this, every] {
    std::unique_lock lock(ending_mutex_);
    while (!ending_changed_.wait_for(lock, every, [this] { return ending_; })) look();
  });
}

void LoopWatch::look() {
  std::optional<engine::Watchdog::Finding> finding;
  bool ask = false;
  {
    const std::lock_guard lock(shared_->mutex);
    const Duration now = shared_->ports.clock.since_boot();
    finding = shared_->watchdog.look(now);
    ask = shared_->watchdog.ask(now);
  }
  if (ask) boost::asio::post(shared_->ports.loop, [shared = shared_] { answer(shared); });
  if (finding) tell(*finding);
}

// On the loop's thread, which alone destroys the watch: `gone` cannot change meanwhile.
void LoopWatch::answer(const std::shared_ptr<Shared>& shared) {
  if (shared->gone) return;
  const engine::Pulse pulse = shared->ports.pulse();
  bool progress = false;
  {
    const std::lock_guard lock(shared->mutex);
    progress = shared->watchdog.answered(pulse, shared->ports.clock.since_boot());
  }
  if (progress) shared->ports.progressed();
}

void LoopWatch::tell(const engine::Watchdog::Finding& finding) const {
  if (!finding.stalled)
    return shared_->ports.warning("the healer goes on after it stood still for " + in_seconds(finding.time));
  const std::string what = finding.answers ? "work has been waiting for " : "the healer has stood still for ";
  shared_->ports.warning(
      fmt::format("{}{}; its loop is at: {}", what, in_seconds(finding.time), shared_->ports.activity()));
}

LoopWatch::Record LoopWatch::record() const {
  const std::lock_guard lock(shared_->mutex);
  return {shared_->watchdog.stalls(), shared_->watchdog.longest_stall()};
}

}  // namespace autoheal::cli
