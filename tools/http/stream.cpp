#include "tools/http/stream.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace autoheal::http {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;

namespace {

int family_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? address.ss_family : AF_UNSPEC;
}

}  // namespace

struct Stream::Tls {
  Tls(Socket& below, TlsPtr with) : context(std::move(with)), stream(below, *context) {}
  TlsPtr context;
  asio::ssl::stream<Socket&> stream;
  bool is_up = false;  // the handshake was made, and nothing went wrong since
};

Stream::Stream(const asio::any_io_executor& executor, UniqueFd socket, TlsPtr tls) : socket_(executor) {
  socket_.assign(asio::generic::stream_protocol(family_of(socket.get()), 0), socket.get());
  (void)socket.release();
  if (tls) tls_ = std::make_unique<Tls>(socket_, std::move(tls));
}

Stream::~Stream() = default;

asio::awaitable<bool> Stream::shake_hands() {
  if (!tls_) co_return true;
  error_code problem;
  co_await tls_->stream.async_handshake(asio::ssl::stream_base::server,
                                        asio::redirect_error(asio::use_awaitable, problem));
  tls_->is_up = !problem;
  co_return !problem;
}

asio::awaitable<bool> Stream::until_readable() {
  if (tls_) co_return true;
  error_code problem;
  co_await socket_.async_wait(asio::socket_base::wait_read, asio::redirect_error(asio::use_awaitable, problem));
  co_return !problem;
}

asio::awaitable<std::size_t> Stream::read_some(asio::mutable_buffer into) {
  error_code problem;
  std::size_t got = 0;
  if (tls_) {
    got = co_await tls_->stream.async_read_some(into, asio::redirect_error(asio::use_awaitable, problem));
    if (problem) tls_->is_up = false;
  } else {
    got = co_await socket_.async_read_some(into, asio::redirect_error(asio::use_awaitable, problem));
  }
  co_return problem ? 0 : got;
}

std::size_t Stream::write_now(const std::array<asio::const_buffer, 3>& bytes) {
  if (tls_) return 0;
  std::array<iovec, 3> parts{};
  for (std::size_t index = 0; index < parts.size(); ++index)
    parts.at(index) = {const_cast<void*>(bytes.at(index).data()), bytes.at(index).size()};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

asio::awaitable<bool> Stream::write(std::array<asio::const_buffer, 3> bytes) {
  error_code problem;
  if (tls_) {
    co_await asio::async_write(tls_->stream, bytes, asio::redirect_error(asio::use_awaitable, problem));
    if (problem) tls_->is_up = false;
  } else {
    co_await asio::async_write(socket_, bytes, asio::redirect_error(asio::use_awaitable, problem));
  }
  co_return !problem;
}

asio::awaitable<void> Stream::end_writing() {
  error_code ignored;
  if (tls_ && tls_->is_up) {
    tls_->is_up = false;
    co_await tls_->stream.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
  }
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

std::size_t Stream::not_taken_bytes() {
  int bytes = 0;
  return ::ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

void Stream::end_reading() {
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_receive, ignored);
}

void Stream::close() {
  error_code ignored;
  socket_.close(ignored);
}

std::optional<ClientCertificate> Stream::client_certificate() const {
  return tls_ ? client_certificate_of(tls_->stream.native_handle()) : std::nullopt;
}

}  // namespace autoheal::http
