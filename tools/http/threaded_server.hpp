// The server on a thread of its own, so that no client waits for what its owner is doing, and the owner for no client.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "tools/http/http_server.hpp"

namespace autoheal::http {

// The functions may be called on any thread but the server's own. The handler and `told` are called on the server's
// thread, until the destructor returns.
class ThreadedServer {
 public:
  // `context` belongs to the server: it is run by its thread alone, and outlives both the server and every loop on
  // which a handler awaits something. Errors as HttpServer::listen_on; unavailable, too, where no thread is to be had.
  static Result<std::unique_ptr<ThreadedServer>> start(boost::asio::io_context& context, ListeningSocket listening,
                                                       Handler handler, std::function<void(const std::string&)> told,
                                                       Limits limits = {});
  ~ThreadedServer();  // waits for the thread
  ThreadedServer(const ThreadedServer&) = delete;
  ThreadedServer& operator=(const ThreadedServer&) = delete;

  // Listens at this path as well; what was asked elsewhere is still answered, but nothing new is accepted there.
  [[nodiscard]] Result<void> listen_again(const std::string& path);
  // Serves these on TCP as well, with a quota of connections of its own, so that nobody there takes away a place at the
  // socket. Once. Errors as HttpServer::listen_on.
  [[nodiscard]] Result<void> listen_on(std::vector<TcpDoor> doors);
  void renew(TlsPtr tls, std::vector<std::string> names);  // as HttpServer::renew on TCP, soon
  // Whether the socket's name still leads to it. Back on the caller's executor.
  [[nodiscard]] boost::asio::awaitable<bool> in_place();
  void stop();   // as HttpServer::stop, soon
  void leave();  // as HttpServer::leave, soon

 private:
  ThreadedServer(boost::asio::io_context& context, Handler handler, std::function<void(const std::string&)> told,
                 Limits limits);

  boost::asio::io_context& context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stay_;
  Handler handler_;
  std::function<void(const std::string&)> told_;
  Limits limits_;
  std::unique_ptr<HttpServer> server_, tcp_;  // used on the thread alone, once that runs
  std::jthread thread_;
};

}  // namespace autoheal::http
