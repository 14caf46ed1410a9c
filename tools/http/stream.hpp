// The bytes of one connection, whether it came over a Unix socket, TCP or TLS. Knows nothing of HTTP.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/http/tls.hpp"

namespace autoheal::http {

// On its executor alone; one of its awaitables at a time, and it outlives them. close() and end_reading() may come
// meanwhile: what waits ends then.
class Stream {
 public:
  // `tls`: null where bytes go as they are. Throws boost::system::system_error where the executor cannot take one more
  // descriptor.
  Stream(const boost::asio::any_io_executor& executor, UniqueFd socket, TlsPtr tls);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // False: the other side does not speak TLS as it must. At once where there is none.
  boost::asio::awaitable<bool> shake_hands();
  // Until there is something to read, if that can be told without reading: under TLS it returns at once.
  boost::asio::awaitable<bool> until_readable();
  // Bytes read; 0 with the other side's end, or an error.
  boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer into);
  // As much as the system takes without waiting; bytes, 0 under TLS.
  std::size_t write_now(const std::array<boost::asio::const_buffer, 3>& bytes);
  // False: not all of it could be sent.
  boost::asio::awaitable<bool> write(std::array<boost::asio::const_buffer, 3> bytes);
  // Tells the other side that nothing more comes; under TLS so that it cannot be taken for a cut.
  boost::asio::awaitable<void> end_writing();

  // As much of what was written as the other side has not taken yet.
  [[nodiscard]] std::size_t not_taken_bytes();
  void end_reading();
  void close();

  [[nodiscard]] bool is_encrypted() const { return tls_ != nullptr; }
  [[nodiscard]] std::optional<ClientCertificate> client_certificate() const;

 private:
  struct Tls;
  boost::asio::generic::stream_protocol::socket socket_;
  std::unique_ptr<Tls> tls_;  // over the socket
};

}  // namespace autoheal::http
