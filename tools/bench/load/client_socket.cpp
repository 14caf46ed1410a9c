#include "tools/bench/load/client_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/system_error.hpp"

namespace autoheal::bench {

namespace {

constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::size_t read_bytes = std::size_t{64} << 10U;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Result<UniqueFd> connected(int family, const sockaddr* address, socklen_t size) {
  UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), address, size) != 0)
    return failure(ErrorKind::failed, "no connection to the daemon: " + system_words(errno));
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  return socket;
}

}  // namespace

Result<UniqueFd> connect_over_unix_socket(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof address.sun_path) return failure(ErrorKind::invalid, "the folder's name is too long");
  std::memcpy(address.sun_path, name.data(), name.size());
  return connected(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Result<UniqueFd> connect_over_loopback(std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  auto socket = connected(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  constexpr int on = 1;
  if (socket) ::setsockopt(socket->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

std::uint16_t free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  (void)::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size);
  (void)::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

std::string request_text(std::string_view method, std::string_view target, const std::string& host,
                         const std::string& token, std::string_view body) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", method, target, host);
  if (!token.empty()) text += fmt::format("Authorization: Bearer {}\r\n", token);
  if (!body.empty()) text += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  return fmt::format("{}\r\n{}", text, body);
}

std::optional<std::size_t> number_behind(std::string_view head, std::string_view name) {
  const auto place = head.find(name);
  if (place == std::string_view::npos) return std::nullopt;
  const std::string_view rest = head.substr(place + name.size());
  return parse_number<std::size_t>(rest.substr(0, rest.find_first_not_of("0123456789")));
}

Result<std::optional<Answer>> AnswerReader::read(int socket) {
  std::array<char, read_bytes> bytes;
  while (true) {
    const ssize_t got = ::recv(socket, bytes.data(), bytes.size(), 0);
    if (got == 0) return failure(ErrorKind::failed, "the daemon ended a connection");
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno != EAGAIN) return failure(ErrorKind::failed, "a connection ended: " + system_words(errno));
    if (got > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    if (got < static_cast<ssize_t>(bytes.size())) return first_in_buffer();
  }
}

Result<std::optional<Answer>> AnswerReader::first_in_buffer() {
  const auto end = buffer_.find(head_end);
  if (end == std::string::npos) return std::optional<Answer>();
  const std::string_view head(buffer_.data(), end + 2);
  const auto status = number_behind(head, "HTTP/1.1 ");
  const auto size = number_behind(head, "\r\nContent-Length: ");
  if (!status || !size) return failure(ErrorKind::failed, "that is no answer: " + std::string(head));
  const std::size_t whole = end + head_end.size() + *size;
  if (buffer_.size() < whole) return std::optional<Answer>();
  Answer answer{static_cast<unsigned>(*status), buffer_.substr(end + head_end.size(), *size)};
  buffer_.erase(0, whole);
  return std::optional(std::move(answer));
}

}  // namespace autoheal::bench
