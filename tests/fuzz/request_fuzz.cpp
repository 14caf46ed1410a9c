// Requests as bytes at the daemon's socket: through the real server and a real socket. Only whole, plain requests reach
// the handler, and each gets an answer of its own.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <boost/asio/io_context.hpp>

#include "tests/fuzz/fuzz_folder.hpp"
#include "tests/fuzz/property.hpp"
#include "tools/http/http_server.hpp"
#include "tools/http/socket_path.hpp"

namespace {

using namespace autoheal;
using fuzz::require;

class RunningServer {
 public:
  RunningServer() {
    auto listening = http::HttpServer::listen(loop_.get_executor(), path(),
                                              [this](http::Request request) { return handle(std::move(request)); });
    require(listening.has_value(), "the server listens", listening ? "" : listening.error().message);
    server_ = std::move(*listening);
  }

  // All that comes back until the server closes.
  std::string say(std::string_view bytes) {
    const auto client = http::connect_to(path(), std::chrono::seconds(20));
    require(client.has_value(), "a client is let in");
    const int descriptor = client->socket.get();
    (void)!::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(descriptor, SHUT_WR);
    std::string answers;
    std::array<char, 4096> piece;
    while (true) {
      const ssize_t got = ::recv(descriptor, piece.data(), piece.size(), MSG_DONTWAIT);
      if (got > 0) answers.append(piece.data(), static_cast<std::size_t>(got));
      if (got == 0 || (got < 0 && errno != EAGAIN)) break;
      if (got < 0) loop_.run_one();
    }
    loop_.poll();
    return answers;
  }

  std::vector<http::Request> handled;

 private:
  boost::asio::awaitable<http::Response> handle(http::Request request) {
    handled.push_back(std::move(request));
    co_return http::response_with(200, "handled\n", "text/plain");
  }
  [[nodiscard]] std::string path() const { return (folder_ / "l.sock").string(); }

  fuzz::Folder folder_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<http::HttpServer> server_;
};

std::size_t count_of(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size())) ++count;
  return count;
}

void check(const http::Request& request, std::string_view said) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  require(reads || request.method == "POST", "only GET, HEAD and POST are served", request.method);
  require(request.target.starts_with('/'), "a target is a path", request.target);
  for (const char one : request.target) require(one > ' ' && one < '\x7f', "a target is visible", request.target);
  require(!reads || request.body.empty(), "a GET has no body", request.body);
  require(said.find(request.method + " " + request.target + " HTTP/1.") != std::string_view::npos,
          "what is served stands there", request.target);
  // Only the contents of chunks are left; Beast knows the word in any case.
  const bool whole = said.find(request.body) != std::string_view::npos;
  require(whole || count_of(said, "\r\n") > 4, "a body stands there", request.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static RunningServer server;
  server.handled.clear();
  const std::string_view said = fuzz::text_of(data, size);
  const std::string answers = server.say(said);
  require(answers.empty() || answers.starts_with("HTTP/1.1 "), "an answer is one of HTTP", answers);
  for (const http::Request& request : server.handled) check(request, said);
  const auto with_body = std::ranges::count_if(server.handled, [](const auto& one) { return one.method != "HEAD"; });
  require(count_of(answers, "\r\n\r\nhandled\n") == static_cast<std::size_t>(with_body), "each request has its answer",
          answers);
  require(count_of(answers, "HTTP/1.1 ") <= count_of(said, "\n") + 1, "there are no more answers than requests",
          answers);
  return 0;
}
