#include "tools/http/socket_path.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "tools/host/system/system_error.hpp"

namespace autoheal::http {

namespace {

constexpr int waiting_connections = 128;
constexpr mode_t open_to_all = 0666;

// A folder and a name in it; `path` is for people.
struct Place {
  std::string path;
  std::string folder_path;
  std::string name;
  UniqueFd folder;
  struct stat folder_status{};
};

std::string through_descriptor(int descriptor) { return "/proc/self/fd/" + std::to_string(descriptor); }

std::string octal(mode_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777U));
  return text.data();
}

bool is_symlink(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

Result<Place> open_place(const std::string& path) {
  Place place;
  place.path = path;
  const auto slash = path.rfind('/');
  place.name = slash == std::string::npos ? path : path.substr(slash + 1);
  place.folder_path = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
  if (place.name.empty() || place.name == "." || place.name == ".." || path.find('\0') != std::string::npos) {
    return failure(ErrorKind::invalid, "the path of the socket does not end in a name");
  }
  place.folder = UniqueFd(::open(place.folder_path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!place.folder) {
    const int reason = errno;
    if (is_symlink(place.folder_path)) {
      return failure(ErrorKind::refused,
                     fmt::format("the folder of the socket, {}, is a symbolic link", place.folder_path),
                     "name the folder that it leads to");
    }
    return host::system_failure("the folder of the socket, " + place.folder_path, reason);
  }
  if (::fstat(place.folder.get(), &place.folder_status) != 0) return host::system_failure(place.folder_path, errno);
  return place;
}

// The file of that name, as a descriptor without access; not_found if there is none.
Result<UniqueFd> open_socket_file(const Place& place) {
  UniqueFd found(::openat(place.folder.get(), place.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!found) return host::system_failure(place.path, errno);
  struct stat status{};
  if (::fstat(found.get(), &status) != 0) return host::system_failure(place.path, errno);
  if (S_ISLNK(status.st_mode)) return failure(ErrorKind::refused, place.path + " is a symbolic link, not a socket");
  if (!S_ISSOCK(status.st_mode)) return failure(ErrorKind::refused, place.path + " is not a socket");
  return found;
}

// Empty if the path is too long for an address.
std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  return address;
}

UniqueFd new_socket(int flags) { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)); }

// 0, or why not. Through the file's own descriptor: no second look at a name, and no limit to its length.
int connect_through(int socket, const UniqueFd& file) {
  const auto address = address_of(through_descriptor(file.get()));
  while (::connect(socket, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

Result<bool> accepts(const Place& place, const UniqueFd& file) {
  const UniqueFd socket = new_socket(SOCK_NONBLOCK);
  if (!socket) return host::system_failure("a socket", errno);
  const int reason = connect_through(socket.get(), file);
  if (reason == 0 || reason == EAGAIN) return true;  // EAGAIN: its queue is full
  if (reason == ECONNREFUSED) return false;
  return host::system_failure(place.path, reason);
}

Result<void> folder_is_safe(const Place& place) {
  const mode_t mode = place.folder_status.st_mode;
  if ((mode & S_IWOTH) == 0) return {};
  return failure(ErrorKind::unavailable,
                 fmt::format("the folder of the socket, {}, has mode {}: others could put a socket of their own there",
                             place.folder_path, octal(mode)),
                 fmt::format("chmod o-w {}, or keep the ledger in a folder of its own", place.folder_path));
}

Result<void> remove_stale(const Place& place) {
  const auto file = open_socket_file(place);
  if (!file && file.error().kind == ErrorKind::not_found) return {};
  AUTOHEAL_TRY(file);
  const auto in_use = accepts(place, *file);
  AUTOHEAL_TRY(in_use);
  if (*in_use) return failure(ErrorKind::busy, "another daemon listens at " + place.path);
  struct stat looked_at{}, now{};
  if (::fstat(file->get(), &looked_at) != 0 ||
      ::fstatat(place.folder.get(), place.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0 ||
      looked_at.st_ino != now.st_ino || looked_at.st_dev != now.st_dev) {
    return failure(ErrorKind::busy, fmt::format("somebody else is changing {} right now", place.path));
  }
  if (::unlinkat(place.folder.get(), place.name.c_str(), 0) != 0) return host::system_failure(place.path, errno);
  return {};
}

Result<void> bind_to(const Place& place, int socket) {
  auto address = address_of(place.path);
  if (!address) address = address_of(through_descriptor(place.folder.get()) + "/" + place.name);
  if (!address) return failure(ErrorKind::invalid, "the name of the socket is too long: " + place.path);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0) return {};
  if (errno == EADDRINUSE) return failure(ErrorKind::busy, "another daemon has just begun at " + place.path);
  return host::system_failure(place.path, errno);
}

Result<ListeningSocket> listen_in(Place place) {
  AUTOHEAL_TRY(folder_is_safe(place));
  AUTOHEAL_TRY(remove_stale(place));
  ListeningSocket made;
  made.socket = new_socket(SOCK_NONBLOCK);
  if (!made.socket) return host::system_failure("a socket", errno);
  AUTOHEAL_TRY(bind_to(place, made.socket.get()));
  const auto file = open_socket_file(place);
  struct stat status{};
  AUTOHEAL_TRY(file);
  if (::fstat(file->get(), &status) != 0) return host::system_failure(place.path, errno);
  made.file = SocketFile(std::move(place.folder), place.name, status.st_dev, status.st_ino);
  // The umask has no say, and neither has a symlink.
  if (::chmod(through_descriptor(file->get()).c_str(), open_to_all) != 0 ||
      ::listen(made.socket.get(), waiting_connections) != 0) {
    return host::system_failure(place.path, errno);
  }
  return made;
}

// The path that a Unix socket which listens was bound to; empty for everything else.
std::string path_of_listener(const UniqueFd& socket) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  int listens = 0;
  socklen_t size_of_option = sizeof listens;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0 || address.sun_family != AF_UNIX ||
      size <= offsetof(sockaddr_un, sun_path) ||
      ::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size_of_option) != 0 || listens != 1)
    return {};
  return {address.sun_path, ::strnlen(address.sun_path, size - offsetof(sockaddr_un, sun_path))};
}

Result<ListeningSocket> adopt_in(Place place, UniqueFd passed) {
  const std::string bound = path_of_listener(passed);
  if (bound != place.path) {
    return failure(ErrorKind::invalid,
                   fmt::format("the socket that the service manager passes {}, and commands look for the daemon at {}",
                               bound.empty() ? "is no Unix socket that listens" : "listens at " + bound, place.path),
                   fmt::format("ListenStream={} in autoheal.socket", place.path));
  }
  AUTOHEAL_TRY(folder_is_safe(place));
  const auto file = open_socket_file(place);
  struct stat status{};
  AUTOHEAL_TRY(file);
  if (::fstat(file->get(), &status) != 0) return host::system_failure(place.path, errno);
  const int flags = ::fcntl(passed.get(), F_GETFL);
  if (flags < 0 || ::fcntl(passed.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(passed.get(), F_SETFD, FD_CLOEXEC) != 0)
    return host::system_failure(place.path, errno);
  return ListeningSocket{std::move(passed), SocketFile(std::move(place.folder), place.name, status.st_dev,
                                                       status.st_ino, SocketFile::Owner::manager)};
}

Result<UniqueFd> connected(const Place& place, const UniqueFd& file, Duration timeout) {
  UniqueFd socket = new_socket(0);
  if (!socket) return host::system_failure("a socket", errno);
  if (timeout > Duration(0)) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    const timeval limit{seconds.count(), (timeout - seconds).count()};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  const int reason = connect_through(socket.get(), file);
  if (reason == 0) return socket;
  if (reason == ECONNREFUSED) return failure(ErrorKind::not_found, "no daemon listens at " + place.path);
  if (reason == EAGAIN)
    return failure(ErrorKind::timed_out, fmt::format("the daemon at {} accepts no connection", place.path));
  return host::system_failure(place.path, reason);
}

}  // namespace

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  if (this != &other) {
    remove();
    folder_ = std::move(other.folder_);
    name_ = std::move(other.name_);
    device_ = other.device_;
    inode_ = other.inode_;
    owner_ = other.owner_;
  }
  return *this;
}

bool SocketFile::in_place() const {
  struct stat now{};
  return folder_ && ::fstatat(folder_.get(), name_.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_dev == device_ &&
         now.st_ino == inode_;
}

void SocketFile::remove() {
  if (owner_ == Owner::us && in_place()) ::unlinkat(folder_.get(), name_.c_str(), 0);
  folder_.reset();
}

Result<ListeningSocket> listen_at(const std::string& path) {
  auto place = open_place(path);
  auto made = place ? listen_in(std::move(*place)) : std::unexpected(std::move(place.error()));
  // Whatever is wrong with the place is nobody's role: the daemon cannot serve there.
  if (!made && made.error().kind != ErrorKind::busy) made.error().kind = ErrorKind::unavailable;
  return made;
}

Result<ListeningSocket> adopt_listening(UniqueFd passed, const std::string& path) {
  auto place = open_place(path);
  auto made = place ? adopt_in(std::move(*place), std::move(passed)) : std::unexpected(std::move(place.error()));
  if (!made && made.error().kind != ErrorKind::invalid) made.error().kind = ErrorKind::unavailable;
  return made;
}

Result<ConnectedSocket> connect_to(const std::string& path, Duration timeout) {
  const auto place = open_place(path);
  AUTOHEAL_TRY(place);
  const auto file = open_socket_file(*place);
  if (!file && file.error().kind == ErrorKind::not_found) {
    return failure(ErrorKind::not_found, "no daemon listens at " + path);
  }
  AUTOHEAL_TRY(file);
  auto socket = connected(*place, *file, timeout);
  AUTOHEAL_TRY(socket);
  return ConnectedSocket{std::move(*socket), place->folder_status.st_uid};
}

Result<bool> somebody_listens(const std::string& path) {
  const auto place = open_place(path);
  const auto file = place ? open_socket_file(*place) : Result<UniqueFd>(std::unexpected(place.error()));
  if (file) return accepts(*place, *file);
  if (file.error().kind == ErrorKind::not_found) return false;
  return std::unexpected(file.error());
}

}  // namespace autoheal::http
