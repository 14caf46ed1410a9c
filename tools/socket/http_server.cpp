#include "tools/socket/http_server.hpp"

#include <sys/socket.h>

#include <cerrno>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tools/socket/connection.hpp"

namespace autoheal::socket {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto pause_when_short = std::chrono::milliseconds(100);
constexpr int accepted_in_a_row = 32;  // then the others have their turn

// At once and without waiting: a client that is turned away must cost nothing that lasts.
void turn_away(const UniqueFd& socket, const std::string& message) {
  const Response response = error_response(503, "too_many_connections", message, "try again in a second");
  const std::string text = head_of(response, false) + response.body;
  (void)!::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void admit(const std::shared_ptr<Door>& door, UniqueFd socket) {
  const auto peer = peer_of(socket.get());
  if (!peer) return;
  if (door->connections.size() >= door->limits.connections) {
    return turn_away(socket, "the daemon has as many connections as it takes");
  }
  const auto theirs = door->connections_of.find(peer->uid);
  if (theirs != door->connections_of.end() && theirs->second >= door->limits.connections_per_uid) {
    return turn_away(socket, "this user has as many connections as one may have");
  }
  auto connection = std::make_shared<Connection>(door, std::move(socket), *peer);
  asio::co_spawn(door->executor, Connection::serve(std::move(connection)), asio::detached);
}

// False if the system is short of something. By hand, since Asio's accept leaves descriptors open to children.
bool accept_waiting(const std::shared_ptr<Door>& door) {
  for (int count = 0; count < accepted_in_a_row; ++count) {
    UniqueFd socket(::accept4(door->listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    try {
      admit(door, std::move(socket));
    } catch (const std::exception&) {  // no memory or no room in the reactor for this one
      return false;
    }
  }
  return true;
}

asio::awaitable<void> accept_all(std::shared_ptr<Door> door) {
  asio::steady_timer pause(door->executor);
  error_code problem;
  while (!door->stopping) {
    co_await door->listener.async_wait(asio::posix::descriptor_base::wait_read,
                                       asio::redirect_error(asio::use_awaitable, problem));
    if (problem || door->stopping) co_return;
    if (accept_waiting(door)) continue;
    pause.expires_after(pause_when_short);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, problem));
  }
}

asio::awaitable<void> wait_for_the_last(std::shared_ptr<Door> door) {
  error_code woken;
  while (door->requests_under_way > 0) {
    co_await door->none_under_way.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(asio::any_io_executor executor, const std::string& path,
                                                       Handler handler, Limits limits) {
  auto listening = listen_at(path);
  AUTOHEAL_TRY(listening);
  try {
    auto door = std::make_shared<Door>(std::move(executor), std::move(handler), limits, std::move(*listening));
    asio::co_spawn(door->executor, accept_all(door), asio::detached);
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(door)));
  } catch (const std::exception& problem) {
    return failure(ErrorKind::unavailable, path + ": " + problem.what());
  }
}

HttpServer::HttpServer(std::shared_ptr<Door> door) : door_(std::move(door)) {}

HttpServer::~HttpServer() { stop(); }

void HttpServer::tell_failures_to(std::function<void(const std::string&)> told) { door_->told = std::move(told); }

bool HttpServer::in_place() const { return door_->file.in_place(); }

void HttpServer::stop() {
  if (std::exchange(door_->stopping, true)) return;
  error_code ignored;
  door_->file.remove();
  door_->listener.close(ignored);
  for (Connection* one : door_->connections) one->end_if_idle();
}

void HttpServer::leave() {
  stop();
  for (Connection* one : door_->connections) one->end();
}

asio::awaitable<void> HttpServer::finished() { return wait_for_the_last(door_); }

}  // namespace autoheal::socket
