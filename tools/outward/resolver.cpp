#include "tools/outward/resolver.hpp"

#include <fmt/core.h>
#include <netdb.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace autoheal::outward {

namespace asio = boost::asio;

namespace {

constexpr int most_lookups = 16;
std::atomic<int> lookups_under_way = 0;

// Shared by the one who waits and the thread that looks. `waiter` is null once nobody waits any more.
struct Lookup {
  std::mutex mutex;
  asio::steady_timer* waiter = nullptr;
  std::optional<Result<Endpoints>> found;
};

void answer(const std::shared_ptr<Lookup>& lookup, Result<Endpoints> found) {
  const std::lock_guard lock(lookup->mutex);
  lookup->found = std::move(found);
  if (lookup->waiter == nullptr) return;
  asio::post(lookup->waiter->get_executor(), [lookup] {
    const std::lock_guard again(lookup->mutex);
    if (lookup->waiter != nullptr) lookup->waiter->cancel();
  });
}

// False: there is no room for another thread.
bool look_up_beside(const std::shared_ptr<Lookup>& lookup, const std::string& host, std::uint16_t port) {
  if (lookups_under_way.fetch_add(1) < most_lookups) {
    try {
      std::thread([lookup, host, port] {
        answer(lookup, host::look_up(host, port, AI_ADDRCONFIG));
        --lookups_under_way;
      }).detach();
      return true;
    } catch (const std::system_error&) {
      // said below
    }
  }
  --lookups_under_way;
  return false;
}

class Waiting {
 public:
  Waiting(Lookup& lookup, asio::steady_timer& timer) : lookup_(lookup) {
    const std::lock_guard lock(lookup_.mutex);
    lookup_.waiter = &timer;
  }
  ~Waiting() {
    const std::lock_guard lock(lookup_.mutex);
    lookup_.waiter = nullptr;
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  Lookup& lookup_;
};

}  // namespace

asio::awaitable<Result<Endpoints>> SystemResolver::resolve(std::string host, std::uint16_t port, Duration limit) {
  if (auto numeric = host::look_up(host, port, AI_NUMERICHOST)) co_return std::move(*numeric);
  const auto lookup = std::make_shared<Lookup>();
  asio::steady_timer timer(co_await asio::this_coro::executor, limit);
  const Waiting waiting(*lookup, timer);
  if (!look_up_beside(lookup, host, port))
    co_return host::not_looked_up(host, fmt::format("{} lookups are not answered yet", most_lookups));
  boost::system::error_code answered;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, answered));
  const std::lock_guard lock(lookup->mutex);
  if (!lookup->found) co_return host::not_looked_up(host, fmt::format("no answer within {} ms", limit.count() / 1000));
  co_return std::move(*lookup->found);
}

}  // namespace autoheal::outward
