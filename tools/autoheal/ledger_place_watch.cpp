#include "tools/autoheal/ledger_place_watch.hpp"

namespace autoheal::cli {

namespace {

constexpr Duration looked_at_every = std::chrono::seconds(1);  // where no event tells

host::WatchedEngine files_of(const std::filesystem::path& ledger) {
  const auto absolute = std::filesystem::absolute(ledger).lexically_normal();
  const std::string name = absolute.filename().string();
  // Of the file itself writes count, too: they are rare, since what is recorded goes into the log first.
  host::WatchedEngine watched{"ledger", absolute.parent_path().string(), {name}};
  for (const char* ending : {"-wal", "-shm", ".vault", ".sock"}) watched.presence.push_back(name + ending);
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
