// A client of calls out and the servers that it meets, all on one thread: each server is a coroutine that does with its
// connection what a test wants.
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "tools/outward/client.hpp"

namespace autoheal::outward {

namespace asio = boost::asio;
using asio::ip::tcp;

using Names = std::vector<std::string>;

// Answers with what the test planned for each lookup of a name; the last plan stays.
class PlannedResolver final : public Resolver {
 public:
  explicit PlannedResolver(std::vector<std::vector<std::string>> plan) : plan_(std::move(plan)) {}
  asio::awaitable<Result<Endpoints>> resolve(std::string, std::uint16_t port, Duration) override {
    Endpoints endpoints;
    for (const std::string& one : plan_[std::min(lookups++, plan_.size() - 1)])
      endpoints.emplace_back(asio::ip::make_address(one), port);
    co_return endpoints;
  }
  std::size_t lookups = 0;

 private:
  std::vector<std::vector<std::string>> plan_;
};

class OutwardTest : public ::testing::Test {
 protected:
  using Behaviour = std::function<asio::awaitable<void>(tcp::socket& socket)>;

  // Listens on loopback and does `behaviour` with each connection.
  std::uint16_t serve(Behaviour behaviour) {
    auto listener = std::make_shared<tcp::acceptor>(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const std::uint16_t port = listener->local_endpoint().port();
    asio::co_spawn(io_, accept(listener, std::move(behaviour)), asio::detached);
    return port;
  }
  // One that reads a request and answers with `bytes`.
  std::uint16_t serve_bytes(std::string bytes) {
    return serve([this, bytes = std::move(bytes)](tcp::socket& socket) -> asio::awaitable<void> {
      co_await read_head(socket);
      co_await write(socket, bytes);
    });
  }

  asio::awaitable<void> read_head(tcp::socket& socket) {
    std::string head;
    boost::system::error_code ended;
    co_await asio::async_read_until(socket, asio::dynamic_buffer(head), "\r\n\r\n",
                                    asio::redirect_error(asio::use_awaitable, ended));
    heads_.push_back(head);
  }
  template <class Stream>
  asio::awaitable<bool> write(Stream& stream, const std::string& bytes) {
    boost::system::error_code ended;
    co_await asio::async_write(stream, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ended));
    co_return !ended;
  }
  asio::awaitable<void> pause(std::chrono::milliseconds time) {
    asio::steady_timer timer(io_, time);
    boost::system::error_code ended;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
  }

  Result<Answer> send(const std::string& url, const std::vector<std::string>& allow = {"127.0.0.0/8"}) {
    Request request;
    const auto read = read_url(url);
    if (!read) return std::unexpected(read.error());
    request.url = *read;
    request.allow = *AllowList::of(allow);
    request.authorities = authorities_;
    request.body = "{}";
    std::optional<Result<Answer>> answer;
    Client client(*resolver_, limits_);
    asio::co_spawn(io_, client.send(std::move(request)), [&](const std::exception_ptr&, Result<Answer> got) {
      answer = std::move(got);
      io_.stop();
    });
    io_.restart();
    io_.run();
    return *answer;
  }

  asio::io_context io_{1};
  std::vector<std::string> heads_;  // of the requests that came
  std::size_t connections_ = 0;
  SystemResolver system_;
  Resolver* resolver_ = &system_;
  Limits limits_;
  std::string authorities_;

 private:
  asio::awaitable<void> accept(std::shared_ptr<tcp::acceptor> listener, Behaviour behaviour) {
    for (;;) {
      auto socket = std::make_shared<tcp::socket>(co_await listener->async_accept(asio::use_awaitable));
      ++connections_;
      asio::co_spawn(
          io_, [socket, behaviour]() -> asio::awaitable<void> { co_await behaviour(*socket); }, asio::detached);
    }
  }
};

}  // namespace autoheal::outward
