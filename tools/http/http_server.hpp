// The daemon's side of its sockets: accepts, asks the kernel who it is, lets each connection be served by a coroutine
// of its own. Knows nothing of what is asked.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/http/limits.hpp"
#include "tools/http/message.hpp"
#include "tools/http/socket_path.hpp"
#include "tools/http/tls.hpp"

namespace autoheal::http {

struct ServerState;

// A place on TCP where connections are accepted.
struct TcpDoor {
  UniqueFd socket;                 // as listen_on_tcp makes it
  TlsPtr tls;                      // null: bytes go as they are
  std::vector<std::string> names;  // that Host may say, besides the address
};

// All calls on the executor's thread, or while its context does not run. The executor must run one thing at a time (one
// thread, or a strand); its context outlives the server, and the handler's captures outlive the context's last request.
class HttpServer {
 public:
  // Errors as listen_at: busy, or unavailable with path and mode named.
  static Result<std::unique_ptr<HttpServer>> listen(boost::asio::any_io_executor executor, const std::string& path,
                                                    Handler handler, Limits limits = {});
  // On a socket that listens already. unavailable: the system has no room for it.
  static Result<std::unique_ptr<HttpServer>> listen_on(boost::asio::any_io_executor executor, ListeningSocket listening,
                                                       Handler handler, Limits limits = {});
  // On TCP instead. unavailable: the executor cannot take one more descriptor.
  static Result<std::unique_ptr<HttpServer>> listen_on(boost::asio::any_io_executor executor,
                                                       std::vector<TcpDoor> doors, Handler handler, Limits limits = {});
  ~HttpServer();  // as stop()
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Reports the exceptions of handlers, for a log; the client learns only that something failed.
  void tell_failures_to(std::function<void(const std::string&)> told);

  // Connections from now on begin with these, at the doors that have TLS already.
  void renew(const TlsPtr& tls, const std::vector<std::string>& names);

  // Its name still leads to it.
  [[nodiscard]] bool in_place() const;
  // No new connections and requests; the socket file goes if it is still ours, idle connections are closed. Requests
  // under way are answered.
  void stop();
  // stop(), and requests under way get no answer: who waits for one learns it from the end of the connection.
  void leave();
  // After the last request under way was answered, or given up by its client.
  [[nodiscard]] boost::asio::awaitable<void> finished();

 private:
  explicit HttpServer(std::shared_ptr<ServerState> state);
  std::shared_ptr<ServerState> state_;
};

}  // namespace autoheal::http
