#include "tests/support/worlds/happenings.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

namespace autoheal::testing {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t changes =
    IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW;

struct Watched {
  UniqueFd folders_change{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  std::vector<fs::path> folders;
  std::vector<int> managers;
};

Watched& watched() {
  static Watched all;
  return all;
}

int milliseconds_until(std::chrono::steady_clock::time_point moment) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(moment - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

// Everything that has come so far is one happening.
void drain(int descriptor) {
  std::array<char, 64 * 1024> nobody_reads_it{};
  while (::read(descriptor, nobody_reads_it.data(), nobody_reads_it.size()) > 0) {
  }
}

}  // namespace

WatchedFolder::WatchedFolder(fs::path folder) : folder_(std::move(folder)) { watched().folders.push_back(folder_); }

WatchedFolder::~WatchedFolder() { std::erase(watched().folders, folder_); }

ListeningManager::ListeningManager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  static unsigned made = 0;
  name_ = "@autoheal-test-" + std::to_string(::getpid()) + "-" + std::to_string(++made);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name_.data(), name_.size());
  address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0)
    watched().managers.push_back(socket_.get());
}

ListeningManager::~ListeningManager() { std::erase(watched().managers, socket_.get()); }

// Keeps existing watches and adds the new ones.
void arm_happenings() {
  const Watched& all = watched();
  std::error_code gone;
  for (const fs::path& folder : all.folders) {
    ::inotify_add_watch(all.folders_change.get(), folder.c_str(), changes);
    auto below = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, gone);
    for (; below != fs::recursive_directory_iterator(); below.increment(gone)) {
      if (below->is_symlink(gone) || !below->is_directory(gone)) continue;
      ::inotify_add_watch(all.folders_change.get(), below->path().c_str(), changes);
      if (below->path().extension() == ".vault") below.disable_recursion_pending();
    }
  }
}

bool wait_for_happening(std::chrono::steady_clock::time_point give_up) {
  const Watched& all = watched();
  std::vector<pollfd> waited{{all.folders_change.get(), POLLIN, 0}};
  for (const int manager : all.managers) waited.push_back({manager, POLLIN, 0});
  int ready = 0;
  do {
    ready = ::poll(waited.data(), waited.size(), milliseconds_until(give_up));
  } while (ready < 0 && errno == EINTR);
  for (const pollfd& one : waited) {
    if (one.revents != 0) drain(one.fd);
  }
  return ready > 0;
}

bool has_ended(pid_t pid) {
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return errno == ESRCH;
  pollfd waited{process.get(), POLLIN, 0};
  return ::poll(&waited, 1, 20'000) == 1;
}

}  // namespace autoheal::testing
