#include "tools/http/threaded_server.hpp"

#include <system_error>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace autoheal::http {

namespace asio = boost::asio;

ThreadedServer::ThreadedServer(asio::io_context& context, Handler handler, std::function<void(const std::string&)> told,
                               Limits limits)
    : context_(context),
      stay_(context.get_executor()),
      handler_(std::move(handler)),
      told_(std::move(told)),
      limits_(limits) {}

Result<std::unique_ptr<ThreadedServer>> ThreadedServer::start(asio::io_context& context, ListeningSocket listening,
                                                              Handler handler,
                                                              std::function<void(const std::string&)> told,
                                                              Limits limits) {
  std::unique_ptr<ThreadedServer> made(new ThreadedServer(context, std::move(handler), std::move(told), limits));
  auto server = HttpServer::listen_on(context.get_executor(), std::move(listening), made->handler_, limits);
  AUTOHEAL_TRY(server);
  made->server_ = std::move(*server);
  made->server_->tell_failures_to(made->told_);
  try {
    made->thread_ = std::jthread([&context] { context.run(); });
  } catch (const std::system_error& refused) {
    return failure(ErrorKind::unavailable, std::string("no thread is to be had: ") + refused.what(),
                   "see the limits of this user and service (ulimit -u, ulimit -v, TasksMax=)");
  }
  return made;
}

ThreadedServer::~ThreadedServer() {
  stay_.reset();
  context_.stop();
  if (thread_.joinable()) thread_.join();
  server_.reset();
  tcp_.reset();
}

Result<void> ThreadedServer::listen_on(std::vector<TcpDoor> doors) {
  auto listening = HttpServer::listen_on(context_.get_executor(), std::move(doors), handler_, limits_);
  AUTOHEAL_TRY(listening);
  asio::post(context_, [this, made = std::make_shared<std::unique_ptr<HttpServer>>(std::move(*listening))] {
    tcp_ = std::move(*made);
    tcp_->tell_failures_to(told_);
  });
  return {};
}

void ThreadedServer::renew(TlsPtr tls, std::vector<std::string> names) {
  asio::post(context_, [this, tls = std::move(tls), names = std::move(names)] {
    if (tcp_) tcp_->renew(tls, names);
  });
}

Result<void> ThreadedServer::listen_again(const std::string& path) {
  auto listening = HttpServer::listen(context_.get_executor(), path, handler_, limits_);
  AUTOHEAL_TRY(listening);
  asio::post(context_, [this, next = std::make_shared<std::unique_ptr<HttpServer>>(std::move(*listening))] {
    server_ = std::move(*next);
    server_->tell_failures_to(told_);
  });
  return {};
}

asio::awaitable<bool> ThreadedServer::in_place() {
  auto look = [this]() -> asio::awaitable<bool> { co_return server_->in_place(); };
  co_return co_await asio::co_spawn(context_, std::move(look), asio::use_awaitable);
}

void ThreadedServer::stop() {
  asio::post(context_, [this] {
    server_->stop();
    if (tcp_) tcp_->stop();
  });
}

void ThreadedServer::leave() {
  asio::post(context_, [this] {
    server_->leave();
    if (tcp_) tcp_->leave();
  });
}

}  // namespace autoheal::http
