#include "autoheal/engine/boot_timer.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::engine {

namespace asio = boost::asio;

Result<std::unique_ptr<BootTimer>> BootTimer::create(const asio::any_io_executor& executor, const Clock& clock) {
  const int timer = ::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer < 0) return failure(ErrorKind::unavailable, "the kernel gave no timer");
  return std::unique_ptr<BootTimer>(new BootTimer(executor, clock, timer));
}

BootTimer::BootTimer(const asio::any_io_executor& executor, const Clock& clock, int timer)
    : clock_(clock), timer_(executor, timer) {
  wait();
}

void BootTimer::set(std::optional<Duration> moment) {
  itimerspec when{};
  if (moment) {
    const auto left = std::max(*moment - clock_.since_boot(), Duration(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(left - seconds).count();
  }
  const int set = ::timerfd_settime(timer_.native_handle(), 0, &when, nullptr);
  AUTOHEAL_CHECK(set == 0);  // or nobody would ever be woken
}

void BootTimer::wait() {
  timer_.async_wait(asio::posix::descriptor_base::wait_read, [this, alive = alive_](boost::system::error_code error) {
    if (error || !*alive) return;
    std::uint64_t expirations = 0;
    [[maybe_unused]] const auto got = ::read(timer_.native_handle(), &expirations, sizeof expirations);
    if (due) due();
    if (*alive) wait();
  });
}

}  // namespace autoheal::engine
