// A folder, a server on a thread of its own, and clients that say what they want, byte for byte.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tools/http/http_client.hpp"
#include "tools/http/http_server.hpp"
#include "tools/http/socket_path.hpp"

namespace autoheal::http {

namespace asio = boost::asio;
namespace fs = std::filesystem;

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    base_ = fs::path(::testing::TempDir()) / ("autoheal_http_" + std::to_string(::getpid()) + "_" + info->name());
    fs::remove_all(base_);
    fs::create_directories(base_);
    fs::permissions(base_, fs::perms(0755));
    path_ = (base_ / "l.sock").string();
  }
  void TearDown() override { fs::remove_all(base_); }

  // A socket that nobody will ever accept at again.
  static void leave_stale_socket(const std::string& path) {
    auto dead = listen_at(path);
    ASSERT_TRUE(dead) << dead.error().message;
    fs::rename(path, path + ".kept");
    dead = failure(ErrorKind::failed, "it died");
    fs::rename(path + ".kept", path);
  }

  fs::path base_;
  std::string path_;
};

// A client that is not bound to sense. Everything it waits for comes within 20 s, or the test fails.
class RawClient {
 public:
  explicit RawClient(const std::string& path) {
    auto connected = connect_to(path, std::chrono::seconds(20));
    EXPECT_TRUE(connected) << connected.error().message;
    if (connected) socket_ = std::move(connected->socket);
  }
  // False where the other end takes no more.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Until the answer holds `text` or the other end closes.
  std::string read_until(const std::string& text) {
    std::array<char, 65536> piece;
    while (text.empty() || seen_.find(text) == std::string::npos) {
      pollfd one{socket_.get(), POLLIN, 0};
      if (::poll(&one, 1, 20'000) <= 0) {
        ADD_FAILURE() << "nothing came after: " << seen_;
        break;
      }
      const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
      if (got <= 0) break;
      seen_.append(piece.data(), static_cast<std::size_t>(got));
    }
    return std::exchange(seen_, {});
  }
  std::string read_to_end() { return read_until({}); }
  void close() { socket_.reset(); }
  [[nodiscard]] int descriptor() const { return socket_.get(); }

 private:
  UniqueFd socket_;
  std::string seen_;
};

class ServerTest : public FolderTest {
 protected:
  ~ServerTest() override {
    stop_server();
    idle_.reset();
    loop_.stop();
  }

  void serve(Limits limits = {}) {
    auto made = HttpServer::listen(
        loop_.get_executor(), path_, [this](Request request) { return handle(std::move(request)); }, limits);
    ASSERT_TRUE(made) << made.error().message;
    server_ = std::move(*made);
    server_->tell_failures_to([this](const std::string& problem) { told_.push_back(problem); });
    thread_ = std::jthread([this] { loop_.run(); });
  }
  // Runs `what` on the server's thread and waits for it.
  void on_loop(const std::function<void()>& what) {
    std::promise<void> done;
    asio::post(loop_, [&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }
  void stop_server() {
    if (!server_) return;
    on_loop([this] { server_.reset(); });
  }
  // The whole conversation: all that comes back after `bytes`, until the server closes.
  std::string say(std::string_view bytes) const {
    RawClient client(path_);
    client.send(bytes);
    return client.read_to_end();
  }
  [[nodiscard]] unsigned status_at(const std::string& target) const {
    const auto answer = ask(path_, "GET", target);
    if (!answer) throw std::runtime_error(answer.error().message);
    return answer->status;
  }
  std::string get(const std::string& target = "/", const std::string& more = "Connection: close\r\n") const {
    return "GET " + target + " HTTP/1.1\r\nHost: autoheal\r\n" + more + "\r\n";
  }
  std::string post(const std::string& more, const std::string& body = {}) const {
    return "POST /say HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + more + "\r\n" + body;
  }
  static Response with_header(Header header) {
    Response response = response_with(200, "tagged", "text/plain");
    response.headers.push_back(std::move(header));
    return response;
  }
  static Response headers_of(const Request& request) {
    std::string all;
    for (const Header& one : request.headers) all += one.name + "=" + one.value + ";";
    return response_with(200, all, "text/plain");
  }
  // More than a socket takes at once.
  static std::string numbers() {
    std::string all;
    for (int number = 0; number < 100'000; ++number) all += std::to_string(number) + "\n";
    return all;
  }
  // A body of these pieces; `breaks`: what follows cannot be made.
  static Response in_pieces(std::vector<std::string> pieces, bool breaks) {
    Response response = response_with(200, "", "text/plain");
    response.more = [pieces = std::move(pieces), breaks,
                     at = std::size_t{0}]() mutable -> asio::awaitable<Result<std::optional<std::string>>> {
      if (at < pieces.size()) co_return std::optional(pieces[at++]);
      if (breaks) co_return failure(ErrorKind::failed, "no more");
      co_return std::optional<std::string>();
    };
    return response;
  }
  static Response endless() {
    Response response = response_with(200, "begins ", "text/plain");
    response.more = []() -> asio::awaitable<Result<std::optional<std::string>>> {
      co_return std::optional(std::string(65536, 'x'));
    };
    return response;
  }
  // /wait (one only) and /stand answer when the test says go; /throw throws; everything else is repeated, with who
  // asked.
  asio::awaitable<Response> handle(Request request) {
    ++handled_;
    if (request.target == "/throw") throw std::runtime_error("the ledger said \"no\"");
    if (request.target == "/throw-odd") throw 7;
    if (request.target == "/large") co_return response_with(200, std::string(8U << 20U, 'x'), "text/plain");
    if (request.target == "/numbers") co_return response_with(200, numbers(), "text/plain");
    if (request.target == "/odd-type") co_return response_with(200, "", "text/plain\r\nX-Evil: 1");
    if (request.target == "/odd-header") co_return with_header({"ETag", "\"1\"\r\nX-Evil: 1"});
    if (request.target == "/tagged") co_return with_header({"ETag", "\"1\""});
    if (request.target == "/pieces") co_return in_pieces({"one ", "", "two"}, false);
    if (request.target == "/broken") co_return in_pieces({"one "}, true);
    if (request.target == "/endless") co_return endless();
    if (request.target == "/headers") co_return headers_of(request);
    if (request.target == "/wait" || request.target == "/stand") {
      if (request.target == "/wait") waiting_.set_value();
      boost::system::error_code woken;
      co_await go_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    co_return response_with(200, request.method + " " + request.target + " " + std::to_string(request.peer.uid) + " " +
                                     std::to_string(request.peer.pid) + " [" + request.body + "]");
  }

  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> idle_{loop_.get_executor()};
  asio::steady_timer go_{loop_, asio::steady_timer::time_point::max()};
  std::promise<void> waiting_;  // a request stands in /wait
  std::atomic<int> handled_ = 0;
  std::vector<std::string> told_;
  std::unique_ptr<HttpServer> server_;
  std::jthread thread_;
};

}  // namespace autoheal::http
