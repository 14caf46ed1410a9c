#include "tools/autoheal/daemon/ledger_place_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>

namespace autoheal::cli {

namespace {

constexpr Duration looked_at_every = std::chrono::seconds(1);  // where no event tells

host::WatchedEngine files_of(const std::filesystem::path& ledger) {
  const auto absolute = std::filesystem::absolute(ledger).lexically_normal();
  const std::string name = absolute.filename().string();
  host::WatchedEngine watched{"ledger", absolute.parent_path().string(), {}};
  for (const char* ending : {"", "-wal", "-shm", ".vault", ".sock"}) watched.presence.push_back(name + ending);
  return watched;
}

}  // namespace

LedgerPlaceWatch::LedgerPlaceWatch(const boost::asio::any_io_executor& executor, const engine::Clock& clock,
                                   const std::filesystem::path& ledger, std::function<void()> look,
                                   std::function<void(const std::string&)> warn)
    : clock_(clock), look_(std::move(look)) {
  auto files = host::FileWatch::create(executor, none_of_ours_);
  if (!files) {
    warn("where the ledger is, is looked at every second: " + files.error().message);
    look_every_second(executor);
    return;
  }
  files_ = std::move(*files);
  files_->changed = [this](const std::string&) { look_(); };
  files_->sweep = [this](const std::string&) { look_(); };
  files_->warn = [this, executor, warn](const std::string& sentence) {
    warn("where the ledger is: " + sentence);
    if (timer_ == nullptr) look_every_second(executor);
  };
  files_->watch({files_of(ledger)});
  if (!watch_writers(executor, ledger) && timer_ == nullptr) look_every_second(executor);
}

// Who writes over the ledger in place closes it then; we never do before our end.
bool LedgerPlaceWatch::watch_writers(const boost::asio::any_io_executor& executor,
                                     const std::filesystem::path& ledger) {
  UniqueFd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify || ::inotify_add_watch(inotify.get(), ledger.c_str(), IN_CLOSE_WRITE) < 0) return false;
  try {
    writers_ = std::make_unique<boost::asio::posix::stream_descriptor>(executor, inotify.get());
    (void)inotify.release();
    wait_for_writers();
    return true;
  } catch (const boost::system::system_error&) {
    return false;
  }
}

void LedgerPlaceWatch::wait_for_writers() {
  writers_->async_wait(boost::asio::posix::descriptor_base::wait_read, [this](boost::system::error_code error) {
    if (error) return;
    alignas(inotify_event) std::array<char, 4096> events{};
    while (::read(writers_->native_handle(), events.data(), events.size()) > 0) continue;
    look_();
    wait_for_writers();
  });
}

void LedgerPlaceWatch::look_every_second(const boost::asio::any_io_executor& executor) {
  auto timer = engine::BootTimer::create(executor, clock_);
  if (!timer) return;
  timer_ = std::move(*timer);
  timer_->due = [this] {
    timer_->set(clock_.since_boot() + looked_at_every);
    look_();
  };
  timer_->set(clock_.since_boot() + looked_at_every);
}

}  // namespace autoheal::cli
