// A day of constant load in a moment, on a real ledger: what a daemon holds in the evening is what it held in the
// morning.
#include <gmock/gmock.h>
#include <malloc.h>
#include <sqlite3.h>

#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "tests/support/files/temporary_folder.hpp"
#include "tests/support/worlds/simulated_daemon.hpp"

namespace autoheal::simulation {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
namespace fs = std::filesystem;

constexpr std::size_t engines_under_load = 12;
constexpr Duration breaks_every = minutes(3);

std::size_t entries_of_folder(const fs::path& folder) {
  const fs::directory_iterator all(folder);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Sizes that may not grow.
struct Held {
  std::size_t open_streams = 0, descriptors = 0, threads = 0, files = 0;
  std::uintmax_t write_ahead_bytes = 0;
  std::size_t sqlite_bytes = 0;  // its pages in memory have a limit of their own
  std::size_t heap_bytes = 0;    // of all else; 0 under a sanitizer, which has a heap of its own
};

class LoadedHost {
 public:
  LoadedHost() : ledger_(std::move(*store::SqliteLedger::open(folder_ / "ledger.db", {.ids = world_.ids}))) {
    std::vector<EngineSpec> specs;
    for (std::size_t number = 0; number < engines_under_load; ++number) specs.push_back(add(number));
    daemon_.emplace(world_, specs, TriggerSettings{2, true}, 4U,
                    DaemonPorts{*ledger_, world_.host, world_.clock, history_});
    history_.wrote_down = [this](const Happening& one) { completed_ += one.what == "heal.completed" ? 1 : 0; };
  }

  // Again and again the next engine breaks; of every six one is broken by somebody who asks for its heal at the same
  // time, and the repairs of one are refused for a while.
  void live(Duration time) {
    const Duration end = daemon_->now() + time;
    while (daemon_->now() < end) {
      const Duration wake = std::min({end, next_fault_, daemon_->next_wake().value_or(end)});
      world_.clock.advance(std::max(Duration(0), wake - daemon_->now()));
      if (daemon_->now() >= next_fault_) break_next();
      daemon_->turn();
      history_.happenings.clear();
    }
  }
  [[nodiscard]] Held held() {
    Held now;
    now.open_streams = daemon_->runner().open_count();
    now.descriptors = entries_of_folder("/proc/self/fd");
    now.threads = entries_of_folder("/proc/self/task");
    now.files = entries_of_folder(folder_ / "");
    now.write_ahead_bytes = fs::file_size(folder_ / "ledger.db-wal");
    std::size_t log_of_host = 0;  // the simulated machine remembers all that was done to it
    for (const std::string& line : world_.host.log()) log_of_host += sizeof line + line.capacity();
    const auto heap = ::mallinfo2();
    now.sqlite_bytes = static_cast<std::size_t>(::sqlite3_memory_used());
    now.heap_bytes = heap.uordblks + heap.hblkhd;
    now.heap_bytes -= std::min(now.heap_bytes, log_of_host + now.sqlite_bytes);
    return now;
  }
  [[nodiscard]] std::size_t completed() const { return completed_; }

 private:
  EngineSpec add(std::size_t number) {
    EngineSpec spec;
    spec.name = "E" + std::to_string(number);
    spec.root = "/srv";
    spec.strategy = Strategy::arie;
    spec.every = minutes(2);
    spec.healing.max_retries = 2;
    spec.healing.retry_delay = seconds(20);
    if (number % 3 == 2) spec.depends_on = {"E0"};
    const auto right = world_.baseline("right of " + spec.name);
    spec.repair.files = {{spec.name + "/app.conf", "baseline", right, {}, {}, {}}};
    spec.self_test = {probe("config", FileProbe{spec.name + "/app.conf", "baseline", right, {}, {}, {}})};
    TestSpec test;
    test.name = "works";
    test.command = runs({"/tests/works"});
    spec.certify.tests = {test};
    world_.host.install("/tests/works", [this](const RunRequest&) { return ended(faults_ % 7 == 3 ? 1 : 0); });
    world_.host.write(spec.name + "/app.conf", "right of " + spec.name);
    return spec;
  }
  void break_next() {
    const std::string name = "E" + std::to_string(faults_++ % engines_under_load);
    world_.host.write(name + "/app.conf", "wrong");
    daemon_->look(name, LookCause::file_changed);
    if (faults_ % 6 == 0) {
      daemon_->heal(name);
      daemon_->hold("E1", minutes(1));
    }
    next_fault_ += breaks_every;
  }

  HealWorld world_;
  TemporaryFolder folder_;
  std::unique_ptr<store::SqliteLedger> ledger_;
  History history_;
  std::optional<SimulatedDaemon> daemon_;
  std::size_t faults_ = 0, completed_ = 0;
  Duration next_fault_{breaks_every};
};

TEST(ConstantLoad, Case125_OfADayLeavesNothingBehind) {
  LoadedHost host;
  host.live(hours(4));
  const Held morning = host.held();
  host.live(hours(20));
  const Held evening = host.held();
  RecordProperty("heals", static_cast<int>(host.completed()));
  RecordProperty("heap_growth_bytes", static_cast<int>(evening.heap_bytes - morning.heap_bytes));
  EXPECT_GT(host.completed(), 300U);
  EXPECT_LE(evening.open_streams, 2U);
  EXPECT_EQ(evening.descriptors, morning.descriptors);
  EXPECT_LE(evening.threads, morning.threads + 4) << "a thread for each job that ever waited beside others, at most";
  EXPECT_EQ(evening.files, morning.files);
  EXPECT_LE(evening.write_ahead_bytes, 8U << 20U);
  EXPECT_LE(evening.write_ahead_bytes, morning.write_ahead_bytes + (1U << 20U));
  EXPECT_LT(evening.sqlite_bytes, 4U << 20U);
  EXPECT_LT(evening.heap_bytes, morning.heap_bytes + (256U << 10U)) << "some 400 heals later";
}

}  // namespace
}  // namespace autoheal::simulation
