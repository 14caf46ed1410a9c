#include "tools/bench/replay.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "replay/all_heals.hpp"
#include "store/ledger_reader.hpp"
#include "store/vault.hpp"
#include "tools/bench/figures.hpp"
#include "tools/bench/in_turn.hpp"
#include "tools/bench/verify_floor.hpp"

namespace autoheal::bench {

namespace {

// One core is one core, also for the thread that reads while another decides.
class OneCore {
 public:
  OneCore() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneCore() { ::sched_setaffinity(0, sizeof before_, &before_); }
  OneCore(const OneCore&) = delete;
  OneCore& operator=(const OneCore&) = delete;

 private:
  cpu_set_t before_;
};

class ReplayBench {
 public:
  ReplayBench(const ReplayBenchOptions& options, const store::LedgerReader& reader, const engine::BlobStore& vault)
      : options_(options), reader_(reader), vault_(vault) {}

  Result<void> measure(unsigned threads, const std::string& name, std::ostream& out) {
    std::optional<OneCore> pinned;
    if (threads == 1) pinned.emplace();
    const auto best = in_turn(
        options_.rounds, [&] { return floor_once(threads); }, [&] { return replay_once(threads); });
    if (!best) return std::unexpected(best.error());
    write_figure(out, {name, static_cast<double>(decided_) / best->work_s, "1/s", 0, 0});
    write_figure(out, {name + "_of_the_ledger", static_cast<double>(entries_) / best->work_s, "1/s",
                       static_cast<double>(entries_) / best->floor_s, 0});
    return {};
  }

 private:
  Result<void> floor_once(unsigned threads) const {
    const auto head = bare_head(options_.file, reader_.id(), threads);
    if (!head) return std::unexpected(head.error());
    return {};
  }

  Result<void> replay_once(unsigned threads) {
    replay::Adoptions adoptions;
    replay::AllHealsOptions options;
    options.threads = threads;
    const auto all = replay::replay_all(reader_, vault_, adoptions, options);
    if (!all) return std::unexpected(all.error());
    if (!all->all_same()) return failure(ErrorKind::failed, "a heal is not the same: " + all->not_the_same.front().why);
    decided_ = all->decided;
    entries_ = all->entries;
    return {};
  }

  const ReplayBenchOptions& options_;
  const store::LedgerReader& reader_;
  const engine::BlobStore& vault_;
  std::uint64_t decided_ = 0, entries_ = 0;
};

}  // namespace

Result<void> run_replay(const ReplayBenchOptions& options, std::ostream& out) {
  const auto reader = store::LedgerReader::open(options.file);
  if (!reader) return std::unexpected(reader.error());
  const auto vault = store::Vault::open(options.file + ".vault", {}, store::VaultAccess::read_only);
  if (!vault) return std::unexpected(vault.error());
  const unsigned cores = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  write_conditions(out, "replay",
                   options.file + "; best of " + std::to_string(options.rounds) +
                       " in turn with the floor: rows read, leaves composed and hashed, one root");
  ReplayBench bench(options, **reader, **vault);
  if (auto done = bench.measure(1, "decided_again_one_core_entries_per_s", out); !done) return done;
  if (auto done = bench.measure(cores, "decided_again_" + std::to_string(cores) + "_cores_entries_per_s", out); !done)
    return done;
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  write_figure(out, {"replay_peak_memory", static_cast<double>(used.ru_maxrss) / 1024, "MiB", 0, 0});
  return {};
}

}  // namespace autoheal::bench
