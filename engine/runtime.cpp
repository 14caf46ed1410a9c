#include "autoheal/engine/runtime.hpp"

#include <boost/asio/steady_timer.hpp>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::engine {

namespace asio = boost::asio;

namespace {
constexpr std::chrono::milliseconds retry_reading_after{250};
}

Result<std::unique_ptr<Runtime>> Runtime::create(asio::any_io_executor executor, RunnerPorts ports) {
  auto timer = BootTimer::create(executor, ports.clock);
  AUTOHEAL_TRY(timer);
  return std::unique_ptr<Runtime>(new Runtime(std::move(executor), ports, std::move(*timer)));
}

Runtime::Runtime(asio::any_io_executor executor, RunnerPorts ports, std::unique_ptr<BootTimer> timer)
    : executor_(std::move(executor)), runner_(ports), timer_(std::move(timer)) {
  AUTOHEAL_CHECK(timer_ != nullptr);
  runner_.hooks.input_waits = [this] { turn_soon(); };
  runner_.hooks.ended = [this](const std::string& stream) { tell_ended(stream); };
  timer_->due = [this] { turn(); };
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

asio::awaitable<Result<std::size_t>> Runtime::recover_in_turns() {
  AUTOHEAL_CO_TRY(runner_.begin_recovery());
  asio::steady_timer later(executor_);
  for (;;) {
    const auto more = runner_.fold_some();
    if (more && !*more) co_return runner_.open_count();
    if (!more) {
      if (runner_.hooks.unavailable) runner_.hooks.unavailable(more.error().message);
      later.expires_after(retry_reading_after);
      co_await later.async_wait(asio::use_awaitable);
    } else {
      co_await asio::post(executor_, asio::use_awaitable);
    }
  }
}

void Runtime::turn_soon() {
  asio::post(executor_, [this, alive = alive_] {
    if (*alive) turn();
  });
}

void Runtime::turn() {
  const bool worked = runner_.turn();
  if (runner_.failure()) {
    // Waiters would wait for ever, because nothing more will be acknowledged.
    auto waiting = std::exchange(ending_, {});
    for (auto& [stream, tell] : waiting) tell();
  }
  timer_->set(runner_.next_wake());
  if ((worked || runner_.failure()) && after_turn) after_turn();
}

void Runtime::tell_ended(const std::string& stream) {
  const auto [from, to] = ending_.equal_range(stream);
  std::vector<std::function<void()>> waiting;
  for (auto it = from; it != to; ++it) waiting.push_back(std::move(it->second));
  ending_.erase(from, to);
  AUTOHEAL_CHECK(!ending_.contains(stream));  // each who waits is told once
  for (auto& tell : waiting) tell();
}

}  // namespace autoheal::engine
