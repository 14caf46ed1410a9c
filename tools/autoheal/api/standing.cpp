#include "tools/autoheal/api/standing.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/api/validator.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds new_enough{50};
constexpr std::chrono::seconds oldest{1};
constexpr std::chrono::seconds longest_wait{2};

}  // namespace

StandingReader::StandingReader(asio::any_io_executor server, asio::any_io_executor loop, std::function<Standing()> read)
    : server_(std::move(server)), loop_(std::move(loop)), read_(std::move(read)), arrived_(server_) {}

asio::awaitable<StandingPtr> StandingReader::get_for(std::string principal) {
  if (changed_by_.contains(principal)) {
    co_await renew();
  } else if (arrives_for_.contains(principal)) {
    co_await until_arrived();
  }
  co_return co_await get();
}

asio::awaitable<StandingPtr> StandingReader::get() {
  const auto age = asio::steady_timer::clock_type::now() - at_;
  if (value_ && age <= new_enough) co_return value_;
  begin_refresh();
  // The old value is good enough while the loop is busy.
  if (!value_ || age > oldest) co_await until_arrived();
  co_return value_;
}

const EngineList& StandingReader::list_of(const StandingPtr& value) {
  if (value == listed_) return list_;
  JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (const StandingOfEngine& one : value->engines) out.raw(one.json);
  list_.json = out.end_array().end_object().take();
  list_.validator = validator_of(list_.json);
  listed_ = value;
  return list_;
}

asio::awaitable<void> StandingReader::renew() {
  if (under_way_) co_await until_arrived();  // that one may have been read before the change
  begin_refresh();
  co_await until_arrived();
}

void StandingReader::begin_refresh() {
  if (std::exchange(under_way_, true)) return;
  arrives_for_ = std::exchange(changed_by_, {});
  arrived_.expires_after(longest_wait);
  asio::co_spawn(server_, refresh(), asio::detached);
}

asio::awaitable<void> StandingReader::refresh() {
  auto on_the_loop = [this]() -> asio::awaitable<StandingPtr> { co_return std::make_shared<const Standing>(read_()); };
  value_ = co_await asio::co_spawn(loop_, std::move(on_the_loop), asio::use_awaitable);
  at_ = asio::steady_timer::clock_type::now();
  under_way_ = false;
  arrives_for_.clear();
  arrived_.cancel();
}

asio::awaitable<void> StandingReader::until_arrived() {
  if (!under_way_) co_return;
  boost::system::error_code woken;
  co_await arrived_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

}  // namespace autoheal::cli
