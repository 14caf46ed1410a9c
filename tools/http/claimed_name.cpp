#include "tools/http/claimed_name.hpp"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>

#include "autoheal/engine/base/digest.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::http {

namespace {

constexpr int waiting_at_once = 16;
constexpr std::size_t longest_sentence = 4096;
constexpr timeval patience{1, 0};

struct NameInKernel {
  sockaddr_un name{};
  socklen_t size = 0;
};

// A name without a file belongs to a network, which containers may share: what "/" is to a process belongs to the name.
NameInKernel kernel_name_of(const std::string& place) {
  struct stat root{};
  static_cast<void>(::stat("/", &root));
  const std::string text = "autoheal/" + sha256_name(fmt::format("{}:{}:{}", root.st_dev, root.st_ino, place));
  NameInKernel address;
  address.name.sun_family = AF_UNIX;
  std::memcpy(address.name.sun_path + 1, text.data(), text.size());
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  return address;
}

UniqueFd new_stream(int flags) { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)); }

const sockaddr* address_in(const NameInKernel& address) { return reinterpret_cast<const sockaddr*>(&address.name); }

}  // namespace

struct ClaimedName::Listener {
  Listener(const boost::asio::any_io_executor& executor, UniqueFd opened, std::function<std::string()> said)
      : listener(executor, opened.get()), sentence(std::move(said)) {
    (void)opened.release();
  }

  void wait() {
    listener.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](boost::system::error_code error) {
      if (error) return;
      answer();
      wait();
    });
  }

  // Fits into what the kernel holds for a socket: nobody is waited for.
  void answer() {
    const UniqueFd one(::accept4(listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!one) return;
    const std::string text = sentence().substr(0, longest_sentence);
    static_cast<void>(::send(one.get(), text.data(), text.size(), MSG_NOSIGNAL));
  }

  boost::asio::posix::stream_descriptor listener;
  std::function<std::string()> sentence;
};

ClaimedName::ClaimedName(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
ClaimedName::~ClaimedName() = default;

Result<std::unique_ptr<ClaimedName>> ClaimedName::claim(const boost::asio::any_io_executor& executor,
                                                        const std::string& place,
                                                        std::function<std::string()> sentence) {
  const NameInKernel address = kernel_name_of(place);
  UniqueFd opened = new_stream(SOCK_NONBLOCK);
  if (!opened) return host::system_failure("a socket", errno);
  if (::bind(opened.get(), address_in(address), address.size) != 0) {
    if (errno == EADDRINUSE) return failure(ErrorKind::busy, "another process claims " + place);
    return host::system_failure("claiming " + place, errno);
  }
  if (::listen(opened.get(), waiting_at_once) != 0) return host::system_failure("claiming " + place, errno);
  try {
    auto listener = std::make_unique<Listener>(executor, std::move(opened), std::move(sentence));
    listener->wait();
    return std::unique_ptr<ClaimedName>(new ClaimedName(std::move(listener)));
  } catch (const std::exception& error) {
    return failure(ErrorKind::unavailable, fmt::format("claiming {}: {}", place, error.what()));
  }
}

std::optional<Claim> claim_of(const std::string& place) {
  const NameInKernel address = kernel_name_of(place);
  const UniqueFd asked = new_stream(0);
  if (!asked) return std::nullopt;
  ::setsockopt(asked.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ::setsockopt(asked.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(asked.get(), address_in(address), address.size) != 0) return std::nullopt;
  ucred listener{};
  socklen_t size = sizeof listener;
  if (::getsockopt(asked.get(), SOL_SOCKET, SO_PEERCRED, &listener, &size) != 0) return std::nullopt;
  // Anybody may take a name; what others say there is nobody's word.
  if (listener.uid != 0 && listener.uid != ::geteuid()) return std::nullopt;
  Claim claim{listener.pid, {}};
  std::array<char, longest_sentence> piece{};
  while (claim.sentence.size() < longest_sentence) {
    const ssize_t got = ::recv(asked.get(), piece.data(), longest_sentence - claim.sentence.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    claim.sentence.append(piece.data(), static_cast<std::size_t>(got));
  }
  return claim;
}

}  // namespace autoheal::http
