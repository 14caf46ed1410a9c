// A client on TCP, with TLS or without, that says what it wants, byte for byte. It looks at no certificate.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/support/worlds/certificates.hpp"

namespace autoheal::testing {

class TcpClient {
 public:
  // To the loopback, from `from`, one of its addresses. Whatever it waits for comes within 20 s.
  explicit TcpClient(std::uint16_t port, const std::string& from = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval longest{20, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    sockaddr_in local = address(from, 0), remote = address("127.0.0.1", port);
    is_open_ = ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&local), sizeof local) == 0 &&
               ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&remote), sizeof remote) == 0;
  }
  [[nodiscard]] bool is_open() const { return is_open_; }

  // False where the handshake fails on this side already.
  bool shake_hands(const MadeCertificate* with = nullptr) {
    context_ = {SSL_CTX_new(TLS_client_method()), &SSL_CTX_free};
    if (with != nullptr) {
      (void)SSL_CTX_use_certificate(context_.get(), with->x509.get());
      (void)SSL_CTX_use_PrivateKey(context_.get(), with->own_key.get());
    }
    tls_ = {SSL_new(context_.get()), &SSL_free};
    (void)SSL_set_fd(tls_.get(), socket_.get());
    return SSL_connect(tls_.get()) == 1;
  }
  [[nodiscard]] SSL* tls() const { return tls_.get(); }

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Until it holds `text`, or the other side ends it.
  std::string read_until(const std::string& text = {}) const {
    std::string seen;
    std::array<char, 65536> piece;
    while (text.empty() || !seen.contains(text)) {
      const auto got = tls_ ? SSL_read(tls_.get(), piece.data(), static_cast<int>(piece.size()))
                            : ::recv(socket_.get(), piece.data(), piece.size(), 0);
      if (got <= 0) break;
      seen.append(piece.data(), static_cast<std::size_t>(got));
    }
    return seen;
  }
  // The answer to one request, to the end of the connection.
  [[nodiscard]] std::string say(std::string_view bytes) const {
    send(bytes);
    return read_until();
  }

 private:
  static sockaddr_in address(const std::string& host, std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(port);
    ::inet_pton(AF_INET, host.c_str(), &made.sin_addr);
    return made;
  }

  UniqueFd socket_;
  bool is_open_ = false;
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<SSL> tls_;
};

}  // namespace autoheal::testing
