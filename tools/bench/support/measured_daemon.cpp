#include "tools/bench/support/measured_daemon.hpp"

#include <signal.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace autoheal::bench {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds start_limit{120};
constexpr std::size_t page_size = 10'000;

void count(const engine::Entry& entry, Recorded& recorded) {
  // Recorded when the outcome changes: without a failure in between it is the first one, which passed.
  if (entry.type == "selftest.engine_tested") ++recorded.passed;
  if (entry.type == "heal.triggered") ++recorded.triggered;
  if (entry.type == "heal.exhausted") ++recorded.exhausted;
  if (entry.type == "heal.skipped") {
    ++recorded.skipped;
    recorded.last_skipped_seen = std::chrono::steady_clock::now();
  }
  if (entry.type != "heal.completed") return;
  ++recorded.completed;
  recorded.last_completed_time = entry.time;
  recorded.last_completed_seen = std::chrono::steady_clock::now();
}

}  // namespace

bool poll_until(std::chrono::seconds limit, const std::function<bool()>& done) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

Result<std::unique_ptr<MeasuredDaemon>> MeasuredDaemon::start(const std::string& program, const fs::path& folder,
                                                              std::size_t engines) {
  std::unique_ptr<MeasuredDaemon> daemon(new MeasuredDaemon(folder));
  const auto child = bench::start({program, "serve", "-c", "autoheal.yaml"}, folder, folder / "serve.log");
  AUTOHEAL_TRY(child);
  daemon->pid_ = *child;
  (void)poll_until(start_limit, [&] { return daemon->read_on().passed >= engines || has_ended(*child); });
  if (daemon->recorded().passed >= engines) return daemon;
  return failure(ErrorKind::failed, "the daemon did not find all its engines well: " + daemon->last_words());
}

MeasuredDaemon::~MeasuredDaemon() { (void)end(); }

void MeasuredDaemon::open_reader() {
  if (!fs::exists(folder_ / "var" / "ledger.db")) return;
  auto reader = store::LedgerReader::open(folder_ / "var" / "ledger.db");
  if (reader) reader_ = std::move(*reader);
}

const Recorded& MeasuredDaemon::read_on() {
  if (!reader_) open_reader();
  if (!reader_) return recorded_;
  const auto page = reader_->read_all(place_, page_size);
  if (!page) return recorded_;
  for (const engine::Entry& entry : page->entries) count(entry, recorded_);
  place_ = page->next;
  return recorded_;
}

Result<void> MeasuredDaemon::end() {
  if (pid_ <= 0) return {};
  ::kill(pid_, SIGTERM);
  const int code = wait_for(std::exchange(pid_, -1));
  if (code == 0) return {};
  return failure(ErrorKind::failed, "the daemon ended with exit code " + std::to_string(code) + ": " + last_words());
}

std::string MeasuredDaemon::last_words() const {
  std::ifstream log(folder_ / "serve.log");
  std::ostringstream text;
  text << log.rdbuf();
  const std::string all = text.str();
  return all.size() > 1000 ? "..." + all.substr(all.size() - 1000) : all;
}

void write_configuration(const fs::path& folder, const std::string& engines, const std::string& head) {
  std::ofstream file(folder / "autoheal.yaml");
  file << "version: 1\n"
          "ledger: var/ledger.db\n"
          "reports: var/reports\n"
          "healing: { max_heals_per_hour: 10000 }\n"
       << head;
  if (!engines.empty()) file << "engines:\n" << engines;
}

}  // namespace autoheal::bench
