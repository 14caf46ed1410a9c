#include "tools/autoheal/commands/parts/ledger_watch.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>

#include <array>
#include <cstring>

namespace autoheal::cli {

LedgerWatch::LedgerWatch(const std::filesystem::path& ledger)
    : name_(ledger.filename().string()), events_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  const auto folder = ledger.has_parent_path() ? ledger.parent_path() : std::filesystem::path(".");
  // Where it cannot be watched (too many watches, no such folder yet), looking now and then is all there is.
  if (events_) inotify_add_watch(events_.get(), folder.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  sigaddset(&held, SIGTERM);
  sigprocmask(SIG_BLOCK, &held, &before_);
  signals_ = UniqueFd(signalfd(-1, &held, SFD_NONBLOCK | SFD_CLOEXEC));
}

LedgerWatch::~LedgerWatch() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

int LedgerWatch::wait(Duration longest) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return 0;
    std::array<pollfd, 2> waits = {pollfd{signals_.get(), POLLIN, 0}, pollfd{events_.get(), POLLIN, 0}};
    ::poll(waits.data(), waits.size(), static_cast<int>(left.count()));
    signalfd_siginfo signal{};
    if ((waits[0].revents & POLLIN) != 0 && ::read(signals_.get(), &signal, sizeof signal) == sizeof signal)
      return static_cast<int>(signal.ssi_signo);
    if ((waits[1].revents & POLLIN) != 0 && take_events()) return 0;
  }
}

bool LedgerWatch::take_events() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  bool of_ledger = false;
  while (true) {
    const ssize_t count = ::read(events_.get(), buffer.data(), buffer.size());
    if (count <= 0) return of_ledger;
    for (ssize_t at = 0; at < count;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const std::string name = event.len > 0 ? std::string(buffer.data() + at + sizeof event) : std::string();
      of_ledger = of_ledger || name == name_ || name == name_ + "-wal" || (event.mask & IN_Q_OVERFLOW) != 0;
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
}

}  // namespace autoheal::cli
