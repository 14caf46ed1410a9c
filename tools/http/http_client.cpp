#include "tools/http/http_client.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include <boost/asio/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "tools/host/system/system_error.hpp"
#include "tools/host/system/time_since_boot.hpp"
#include "tools/http/limits.hpp"
#include "tools/http/peer.hpp"

namespace autoheal::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = beast::http;
using boost::system::error_code;

constexpr std::size_t read_bytes = 64U << 10U;

// Blocking reads and writes until a moment; what Beast calls a SyncReadStream.
class TimedSocket {
 public:
  TimedSocket(int socket, Duration timeout)
      : socket_(socket), until_(timeout > Duration(0) ? std::optional(host::since_boot() + timeout) : std::nullopt) {}

  // 0, or why not all was written. EPIPE: the other end reads no more, but may have answered.
  int write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
      if (sent >= 0) continue;
      if (const int reason = wait_after(errno, POLLOUT); reason != 0) return reason;
    }
    return 0;
  }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& problem) {
    const asio::mutable_buffer space = *asio::buffer_sequence_begin(buffers);
    problem = {};
    while (true) {
      const ssize_t got = ::recv(socket_, space.data(), space.size(), MSG_DONTWAIT);
      if (got > 0) return static_cast<std::size_t>(got);
      const int reason = got == 0 ? 0 : wait_after(errno, POLLIN);
      if (got < 0 && reason == 0) continue;
      problem = got == 0 ? error_code(asio::error::eof) : error_code(reason, boost::system::system_category());
      return 0;
    }
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code problem;
    const std::size_t got = read_some(buffers, problem);
    if (problem) throw boost::system::system_error(problem);
    return got;
  }

 private:
  // 0 once it is worth another try, else why not.
  int wait_after(int reason, short events) {
    if (reason == EINTR) return 0;
    if (reason != EAGAIN) return reason;
    pollfd one{socket_, events, 0};
    const int ready = ::poll(&one, 1, left_ms());
    if (ready == 0) return ETIMEDOUT;
    return ready > 0 || errno == EINTR ? 0 : errno;
  }
  [[nodiscard]] int left_ms() const {
    if (!until_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until_ - host::since_boot()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
  }

  int socket_;
  std::optional<Duration> until_;
};

Result<void> is_askable(const std::string& method, const std::string& target, const std::string& body) {
  const auto is_visible = [](char one) { return one > ' ' && one < '\x7f'; };
  if (method != "GET" && method != "POST") return failure(ErrorKind::invalid, "only GET and POST can be asked");
  if (method == "GET" && !body.empty()) return failure(ErrorKind::invalid, "a GET has no body");
  if (target.starts_with('/') && std::ranges::all_of(target, is_visible)) return {};
  return failure(ErrorKind::invalid, "what is asked for must be a path of visible ASCII");
}

std::string request_text(const std::string& method, const std::string& target, const std::string& body) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: autoheal\r\nConnection: close\r\n", method, target);
  if (method == "POST") {
    text += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  }
  return text + "\r\n" + body;
}

Result<std::uint32_t> trusted_server(const ConnectedSocket& connected, const std::string& path,
                                     std::optional<std::uint32_t> expected) {
  const auto server = peer_of(connected.socket.get());
  AUTOHEAL_TRY(server);
  const bool is_trusted = expected
                              ? server->uid == *expected
                              : server->uid == 0 || server->uid == ::geteuid() || server->uid == connected.folder_owner;
  if (is_trusted) return server->uid;
  return failure(ErrorKind::refused, fmt::format("user {} listens at {} and is not trusted there", server->uid, path),
                 "see who put the socket there, and remove it");
}

std::unexpected<Error> no_answer(const std::string& path, const error_code& problem) {
  const bool is_end = problem == beast_http::error::end_of_stream || problem == beast_http::error::partial_message ||
                      problem == asio::error::connection_reset || problem == asio::error::broken_pipe;
  if (is_end) {
    return failure(ErrorKind::unavailable, "the daemon ended before it answered", "ask it again once it runs: " + path);
  }
  if (problem == asio::error::timed_out) {
    return failure(ErrorKind::timed_out, fmt::format("the daemon at {} did not answer in time", path));
  }
  if (problem == beast_http::error::body_limit) {
    return failure(ErrorKind::failed,
                   fmt::format("the answer of the daemon at {} is longer than {} bytes", path, answer_limit_bytes));
  }
  if (problem.category() == boost::system::system_category()) return host::system_failure(path, problem.value());
  return failure(ErrorKind::failed, fmt::format("what listens at {} does not speak HTTP: {}", path, problem.message()));
}

Result<Answer> exchange(TimedSocket socket, const std::string& path, const std::string& text) {
  const int reason = socket.write(text);
  const error_code unsent(reason, boost::system::system_category());
  // One that is refused early is told so, if it looks: the other end no longer reads, but has answered.
  if (reason != 0 && reason != EPIPE && reason != ECONNRESET) return no_answer(path, unsent);
  beast_http::response_parser<beast_http::string_body> parser;
  parser.body_limit(answer_limit_bytes);
  beast::flat_buffer received(read_bytes);
  error_code problem;
  beast_http::read(socket, received, parser, problem);
  if (problem) return no_answer(path, problem);
  Answer answer;
  answer.status = parser.get().result_int();
  answer.body = std::move(parser.get().body());
  return answer;
}

}  // namespace

Result<Answer> ask(const std::string& path, const std::string& method, const std::string& target,
                   const std::string& body, Duration timeout, std::optional<std::uint32_t> server_uid) {
  AUTOHEAL_TRY(is_askable(method, target, body));
  const auto connected = connect_to(path, timeout);
  AUTOHEAL_TRY(connected);
  const auto server = trusted_server(*connected, path, server_uid);
  AUTOHEAL_TRY(server);
  try {
    auto answer = exchange(TimedSocket(connected->socket.get(), timeout), path, request_text(method, target, body));
    if (answer) answer->server_uid = *server;
    return answer;
  } catch (const std::exception& problem) {
    return failure(ErrorKind::failed, path + ": " + problem.what());
  }
}

}  // namespace autoheal::http
