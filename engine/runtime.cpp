#include "engine/runtime.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

namespace autoheal::engine {

namespace asio = boost::asio;

Result<std::unique_ptr<Runtime>> Runtime::create(asio::any_io_executor executor, RunnerPorts ports) {
  // The boot clock goes on while the host sleeps: a wait that is over by then fires at once on waking.
  const int timer = ::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer < 0) return failure(ErrorKind::unavailable, "the kernel gave no timer");
  return std::unique_ptr<Runtime>(new Runtime(std::move(executor), ports, timer));
}

Runtime::Runtime(asio::any_io_executor executor, RunnerPorts ports, int timer)
    : executor_(std::move(executor)), runner_(ports), clock_(ports.clock), timer_(executor_, timer) {
  runner_.hooks.input_waits = [this] { turn_soon(); };
  runner_.hooks.ended = [this](const std::string& stream) { tell_ended(stream); };
  wait_for_timer();
}

Runtime::~Runtime() { *alive_ = false; }

asio::awaitable<AppendStatus> Runtime::append(std::string stream, NewEntry entry) {
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(AppendStatus)>(
      [this](auto handler, const std::string& name, NewEntry one) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        runner_.append(name, std::move(one), [this, shared](AppendStatus status) {
          asio::post(executor_, [shared, status] { (*shared)(status); });
        });
      },
      asio::use_awaitable, std::move(stream), std::move(entry));
}

void Runtime::turn_soon() {
  asio::post(executor_, [this, alive = alive_] {
    if (*alive) turn();
  });
}

void Runtime::turn() {
  const bool worked = runner_.turn();
  if (runner_.failure()) {
    // Whoever waits for an end would wait for ever: nothing more is going to be acknowledged.
    auto waiting = std::exchange(ending_, {});
    for (auto& [stream, tell] : waiting) tell();
  }
  arm_timer();
  if ((worked || runner_.failure()) && after_turn) after_turn();
}

void Runtime::arm_timer() {
  itimerspec when{};
  if (const auto due = runner_.next_wake()) {
    const auto left = std::max(*due - clock_.since_boot(), Duration(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(left - seconds).count();
  }
  ::timerfd_settime(timer_.native_handle(), 0, &when, nullptr);
}

void Runtime::wait_for_timer() {
  timer_.async_wait(asio::posix::descriptor_base::wait_read, [this, alive = alive_](boost::system::error_code error) {
    if (error || !*alive) return;
    std::uint64_t expirations = 0;
    [[maybe_unused]] const auto got = ::read(timer_.native_handle(), &expirations, sizeof expirations);
    turn();
    wait_for_timer();
  });
}

void Runtime::tell_ended(const std::string& stream) {
  const auto [from, to] = ending_.equal_range(stream);
  std::vector<std::function<void()>> waiting;
  for (auto it = from; it != to; ++it) waiting.push_back(std::move(it->second));
  ending_.erase(from, to);
  for (auto& tell : waiting) tell();
}

}  // namespace autoheal::engine
