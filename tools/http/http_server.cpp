#include "tools/http/http_server.hpp"

#include <sys/socket.h>

#include <cerrno>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tools/http/connection.hpp"

namespace autoheal::http {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto pause_when_short = std::chrono::milliseconds(100);
constexpr int accepted_in_a_row = 32;  // then the others have their turn

// At once and without waiting: a client that is turned away must cost nothing that lasts.
void turn_away(const UniqueFd& socket, const std::string& message) {
  const Response response = error_response(503, "too_many_connections", message, "try again in a second");
  const std::string text = head_of(response, {}) + response.body;
  (void)!::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

Result<Client> client_over_tcp(const Door& door, int socket) {
  auto ends = ends_of(socket);
  AUTOHEAL_TRY(ends);
  Client client;
  client.quota_name = quota_name_of(ends->remote.host);
  client.authority = authority_of_tcp(ends->local, door.names, door.tls != nullptr);
  client.remote = Remote{std::move(ends->remote.host), door.tls != nullptr, {}};
  return client;
}

Result<Client> client_over_unix_socket(int socket) {
  const auto peer = peer_of(socket);
  AUTOHEAL_TRY(peer);
  Client client;
  client.peer = *peer;
  client.quota_name = "uid " + std::to_string(peer->uid);
  client.authority = authority_of_unix_socket();
  return client;
}

void admit(const std::shared_ptr<ServerState>& state, const Door& door, UniqueFd socket) {
  auto client = door.is_tcp ? client_over_tcp(door, socket.get()) : client_over_unix_socket(socket.get());
  if (!client) return;
  const auto theirs = state->connections_of.find(client->quota_name);
  const bool has_enough = theirs != state->connections_of.end() && theirs->second >= state->limits.connections_per_uid;
  if (state->plain_connections >= state->limits.connections || has_enough) {
    if (door.tls) return;  // to answer would take a handshake
    return turn_away(socket, has_enough ? "this user has as many connections as one may have"
                                        : "the daemon has as many connections as it takes");
  }
  auto connection = std::make_shared<Connection>(state, std::move(socket), std::move(*client), door.tls);
  asio::co_spawn(state->executor, Connection::serve(std::move(connection)), asio::detached);
}

// False if the system is short of something. By hand, since Asio's accept leaves descriptors open to children.
bool accept_waiting(const std::shared_ptr<ServerState>& state, Door& door) {
  for (int count = 0; count < accepted_in_a_row; ++count) {
    UniqueFd socket(::accept4(door.listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    try {
      admit(state, door, std::move(socket));
    } catch (const std::exception&) {  // no memory or no room in the reactor for this one
      return false;
    }
  }
  return true;
}

// `door` is one of those of the state.
asio::awaitable<void> accept_all(std::shared_ptr<ServerState> state, Door& door) {
  asio::steady_timer pause(state->executor);
  error_code problem;
  while (!state->stopping) {
    co_await door.listener.async_wait(asio::posix::descriptor_base::wait_read,
                                      asio::redirect_error(asio::use_awaitable, problem));
    if (problem || state->stopping) co_return;
    if (accept_waiting(state, door)) continue;
    pause.expires_after(pause_when_short);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, problem));
  }
}

asio::awaitable<void> wait_for_the_last(std::shared_ptr<ServerState> state) {
  error_code woken;
  while (state->requests_under_way > 0) {
    co_await state->none_under_way.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(asio::any_io_executor executor, const std::string& path,
                                                       Handler handler, Limits limits) {
  auto listening = listen_at(path);
  AUTOHEAL_TRY(listening);
  return listen_on(std::move(executor), std::move(*listening), std::move(handler), limits);
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen_on(asio::any_io_executor executor, ListeningSocket listening,
                                                          Handler handler, Limits limits) {
  try {
    auto state = std::make_shared<ServerState>(std::move(executor), std::move(handler), limits);
    state->doors.emplace_back(state->executor, std::move(listening.socket));
    state->file = std::move(listening.file);
    asio::co_spawn(state->executor, accept_all(state, state->doors.back()), asio::detached);
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
  } catch (const std::exception& problem) {
    return failure(ErrorKind::unavailable, std::string("the daemon's socket: ") + problem.what());
  }
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen_on(asio::any_io_executor executor, std::vector<TcpDoor> doors,
                                                          Handler handler, Limits limits) {
  try {
    auto state = std::make_shared<ServerState>(std::move(executor), std::move(handler), limits);
    for (TcpDoor& one : doors) {
      Door& door = state->doors.emplace_back(state->executor, std::move(one.socket));
      door.is_tcp = true;
      door.tls = std::move(one.tls);
      door.names = std::move(one.names);
    }
    for (Door& door : state->doors) asio::co_spawn(state->executor, accept_all(state, door), asio::detached);
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
  } catch (const std::exception& problem) {
    return failure(ErrorKind::unavailable, std::string("listening on TCP: ") + problem.what());
  }
}

void HttpServer::renew(const TlsPtr& tls, const std::vector<std::string>& names) {
  for (Door& door : state_->doors) {
    if (door.tls && tls) door.tls = tls;
    door.names = names;
  }
}

HttpServer::HttpServer(std::shared_ptr<ServerState> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() { stop(); }

void HttpServer::tell_failures_to(std::function<void(const std::string&)> told) { state_->told = std::move(told); }

bool HttpServer::in_place() const { return state_->file.in_place(); }

void HttpServer::stop() {
  if (std::exchange(state_->stopping, true)) return;
  error_code ignored;
  state_->file.remove();
  for (Door& door : state_->doors) door.listener.close(ignored);
  for (Connection* one : state_->connections) one->end_if_idle();
}

void HttpServer::leave() {
  stop();
  for (Connection* one : state_->connections) one->end();
}

asio::awaitable<void> HttpServer::finished() { return wait_for_the_last(state_); }

}  // namespace autoheal::http
