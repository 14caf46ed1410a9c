#include "tools/bench/crash.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <map>

#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/scratch_folder.hpp"
#include "tools/bench/support/simulated_fixture.hpp"

namespace autoheal::bench {

namespace {

namespace fs = std::filesystem;

// The times of a restart, in seconds.
struct Restart {
  double open = 0;       // ledger and vault, as their owner
  double configure = 0;  // every engine's description
  double fold = 0;       // every open heal, up to its state
  double finish = 0;     // resumed, looked at, repaired, certified
  [[nodiscard]] double whole() const { return open + configure + fold + finish; }
};

// Where a heal is when the process is killed: a third each before it looks, before it repairs, before it certifies.
enum class Held { observing, applying, certifying };
Held held_at(std::size_t engine) { return static_cast<Held>(engine % 3); }

std::size_t number_of(const std::string& engine) { return std::stoul(engine.substr(engine_name(0).size() - 1)); }

// Keeps each heal at its place, and counts those that are there.
class HoldingBack {
 public:
  bool lets_through(const std::string& heal, const workflows::HealEffect& effect) {
    if (const auto* observe = std::get_if<workflows::Observe>(&effect)) engines_[heal] = number_of(observe->engine);
    const Held place = held_at(engines_.at(heal));
    const bool there = place == Held::observing  ? std::holds_alternative<workflows::Observe>(effect)
                       : place == Held::applying ? std::holds_alternative<workflows::ApplyChanges>(effect)
                                                 : std::holds_alternative<workflows::Certify>(effect);
    if (there) ++held_;
    return !there;
  }
  [[nodiscard]] std::size_t held() const { return held_; }

 private:
  std::map<std::string, std::size_t> engines_;  // heal -> its engine
  std::size_t held_ = 0;
};

// The part of an engine's file that the machine in memory keeps when the process dies; its content follows from
// held_at().
struct LeftFile {
  std::uint64_t inode = 0;
  std::int64_t changed_at = 0;
};

// Never returns: says through `machine` how its files stand once all heals are where they are to be, and waits to be
// killed.
[[noreturn]] void child_heals(const fs::path& folder, std::size_t heals, int machine) {
  HoldingBack holding;
  const auto lets_through = [&](const std::string& heal, const workflows::HealEffect& effect) {
    return holding.lets_through(heal, effect);
  };
  auto fixture = SimulatedFixture::open(folder, heals, true, lets_through);
  if (!fixture) ::_exit(1);
  std::vector<std::string> engines;
  for (std::size_t engine = 0; engine < heals; ++engine) {
    fixture->set_file(engine, wrong_content);
    engines.push_back(engine_name(engine));
  }
  fixture->machine().begin_heals(engines, [&] { return holding.held() == heals; });
  for (std::size_t engine = 0; engine < heals; ++engine) {
    const auto file = fixture->file_of(engine);
    const LeftFile left{file.inode, file.changed_at};
    if (::write(machine, &left, sizeof left) != sizeof left) ::_exit(1);
  }
  while (true) ::pause();
}

Result<std::vector<LeftFile>> heal_and_be_killed(const fs::path& folder, std::size_t heals) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return failure(ErrorKind::unavailable, "the kernel gave no pipe");
  const pid_t child = ::fork();
  if (child < 0) return failure(ErrorKind::unavailable, "the kernel gave no process");
  if (child == 0) {
    ::close(ends[0]);
    child_heals(folder, heals, ends[1]);
  }
  ::close(ends[1]);
  std::vector<LeftFile> left;
  LeftFile one;
  // 16 bytes are written to a pipe whole or not at all.
  while (left.size() < heals && ::read(ends[0], &one, sizeof one) == sizeof one) left.push_back(one);
  ::close(ends[0]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  if (left.size() < heals) return failure(ErrorKind::failed, "the process that was to be killed ended before");
  return left;
}

// Every heal that was open ended once and certified, and nothing else happened.
Result<void> judge(const std::vector<workflows::HealResult>& results, HealMachineFixture& fixture, std::size_t heals) {
  if (results.size() != heals)
    return failure(ErrorKind::failed,
                   std::to_string(results.size()) + " heals were resumed instead of " + std::to_string(heals));
  for (const workflows::HealResult& result : results) {
    if (result.ending != workflows::HealEnding::certified || result.attempts != 1)
      return failure(ErrorKind::failed, "the heal of " + result.engine +
                                            " was not certified in its first attempt: " + result.reason + result.error);
    const auto entries = fixture.ledger().read_stream(result.heal, 1);
    AUTOHEAL_TRY(entries);
    std::size_t resumed = 0, completed = 0;
    for (const auto& entry : *entries) {
      resumed += entry.type == "heal.resumed" ? 1 : 0;
      completed += entry.type == "heal.completed" ? 1 : 0;
    }
    if (resumed != 1 || completed != 1)
      return failure(ErrorKind::failed,
                     "heal " + result.heal + " was resumed or ended another number of times than once");
  }
  return {};
}

class Stopwatch {
 public:
  // Seconds since the last call.
  double lap() {
    const Duration now = clock_.since_boot();
    return static_cast<double>((now - std::exchange(last_, now)).count()) / 1e6;
  }

 private:
  engine::SystemClock clock_;
  Duration last_ = clock_.since_boot();
};

Result<Restart> restart(const fs::path& folder, const std::vector<LeftFile>& left) {
  const std::size_t heals = left.size();
  Restart took;
  Stopwatch stopwatch;
  auto fixture = SimulatedFixture::open_empty(folder, heals);
  AUTOHEAL_TRY(fixture);
  took.open = stopwatch.lap();
  AUTOHEAL_TRY(fixture->add_engines(heals));
  took.configure = stopwatch.lap();
  for (std::size_t engine = 0; engine < heals; ++engine) {
    workflows::testing::SimulatedFile file;
    file.content = held_at(engine) == Held::certifying ? right_content : wrong_content;
    file.inode = left[engine].inode;
    file.changed_at = left[engine].changed_at;
    fixture->take_over(engine, std::move(file));
  }
  (void)stopwatch.lap();
  AUTOHEAL_TRY(fixture->machine().recover());
  took.fold = stopwatch.lap();
  const auto results = fixture->machine().finish_recovered();
  took.finish = stopwatch.lap();
  AUTOHEAL_TRY(judge(results, fixture->machine(), heals));
  return took;
}

void tell(std::ostream& out, const std::vector<Restart>& rounds, std::size_t heals) {
  const auto median = [&](const auto& part) {
    std::vector<double> values;
    for (const Restart& round : rounds) values.push_back(part(round));
    return percentile(std::move(values), 0.50);
  };
  // A tenth of the best peer (limits.md: Restate, 2.4 s for 2,000).
  const double aim = 0.24 * static_cast<double>(heals) / 2'000;
  const std::string ending = "_s_h" + std::to_string(heals);
  write_figure(out, {"restart_all_done" + ending, median([](const Restart& one) { return one.whole(); }), "s", 0, aim});
  write_figure(out, {"restart_open" + ending, median([](const Restart& one) { return one.open; }), "s", 0, 0});
  write_figure(out,
               {"restart_configure" + ending, median([](const Restart& one) { return one.configure; }), "s", 0, 0});
  write_figure(out, {"restart_fold" + ending, median([](const Restart& one) { return one.fold; }), "s", 0, 0});
  write_figure(out, {"restart_finish" + ending, median([](const Restart& one) { return one.finish; }), "s", 0, 0});
}

}  // namespace

Result<void> run_crash(const CrashOptions& options, std::ostream& out) {
  const ScratchFolder scratch(options.folder);
  write_conditions(out, "a restart after SIGKILL",
                   std::to_string(options.heals) +
                       " heals in flight, a third each before they look, repair and "
                       "certify; WAL, synchronous=FULL, tree kept; machine in memory; median of " +
                       std::to_string(options.rounds));
  std::vector<Restart> rounds;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    const fs::path folder = scratch.path / ("round" + std::to_string(round));
    const auto left = heal_and_be_killed(folder, options.heals);
    AUTOHEAL_TRY(left);
    auto took = restart(folder, *left);
    AUTOHEAL_TRY(took);
    rounds.push_back(*took);
  }
  tell(out, rounds, options.heals);
  return {};
}

}  // namespace autoheal::bench
