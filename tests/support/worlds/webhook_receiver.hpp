// A receiver of webhooks on a thread of the test: keeps what came, answers as it is told, and notes each request in a
// file of the bridge, so that `eventually` sees it.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {

class WebhookReceiver {
 public:
  struct Received {
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    unsigned status = 0;  // as it was answered
  };
  // Called on the receiver's thread.
  using Answer = std::function<unsigned(const Received& request)>;

  explicit WebhookReceiver(
      const Bridge& bridge, Answer answer = [](const Received&) { return 204U; })
      : answer_(std::move(answer)),
        log_(bridge.path("received"), std::ios::app),
        listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~WebhookReceiver() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  WebhookReceiver(const WebhookReceiver&) = delete;
  WebhookReceiver& operator=(const WebhookReceiver&) = delete;

  [[nodiscard]] std::string url(const std::string& path = "/hook") const {
    return "\"http://127.0.0.1:" + std::to_string(port_) + path + "\"";
  }
  [[nodiscard]] std::vector<Received> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (true) {
      const UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection) return;
      Received request;
      if (!read(connection.get(), request)) continue;
      request.status = answer_(request);
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      log_ << request.headers["webhook-id"] << " " << request.status << std::endl;
      const std::string answer = "HTTP/1.1 " + std::to_string(request.status) + " Told\r\nContent-Length: 0\r\n\r\n";
      (void)::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  // False: the sender went away before its request was whole.
  static bool read(int connection, Received& request) {
    std::string text;
    std::array<char, 4096> piece{};
    std::size_t wanted = std::string::npos;
    while (text.size() < wanted) {
      const ssize_t got = ::recv(connection, piece.data(), piece.size(), 0);
      if (got <= 0) return false;
      text.append(piece.data(), static_cast<std::size_t>(got));
      const auto end = text.find("\r\n\r\n");
      if (end == std::string::npos || wanted != std::string::npos) continue;
      read_headers(text.substr(0, end), request);
      wanted = end + 4 + std::stoul("0" + request.headers["content-length"]);
    }
    request.body = text.substr(text.find("\r\n\r\n") + 4);
    return true;
  }
  static void read_headers(const std::string& head, Received& request) {
    for (std::size_t at = head.find("\r\n"); at != std::string::npos;) {
      const auto end = head.find("\r\n", at + 2);
      const std::string line = head.substr(at + 2, end == std::string::npos ? end : end - at - 2);
      if (const auto colon = line.find(": "); colon != std::string::npos)
        request.headers[ascii::lowered(line.substr(0, colon))] = line.substr(colon + 2);
      at = end;
    }
  }

  Answer answer_;
  std::ofstream log_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Received> requests_;
  std::thread thread_;
};

}  // namespace autoheal::testing
