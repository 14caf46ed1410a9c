#include "tools/bench/replay.hpp"

#include <sched.h>

#include <optional>

#include "autoheal/replay/decide/all_heals.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "tools/bench/floors/verify_floor.hpp"
#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/in_turn.hpp"

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
  ReplayBench(const WholeLedgerOptions& options, const store::LedgerReader& reader, const engine::BlobStore& vault)
      : options_(options), reader_(reader), vault_(vault) {}

  Result<void> measure(unsigned threads, const std::string& name, std::ostream& out) {
    std::optional<OneCore> pinned;
    if (threads == 1) pinned.emplace();
    const auto best =
        in_turn(options_.rounds, [&] { return floor_once(threads); }, [&] { return replay_once(threads); });
    AUTOHEAL_TRY(best);
    write_figure(out, {name, static_cast<double>(decided_) / best->work_s, "1/s", 0, 0});
    write_figure(out, {name + "_of_the_ledger", static_cast<double>(entries_) / best->work_s, "1/s",
                       static_cast<double>(entries_) / best->floor_s, 0});
    return {};
  }

 private:
  Result<void> floor_once(unsigned threads) const {
    AUTOHEAL_TRY(bare_head(options_.file, reader_.id(), threads));
    return {};
  }

  Result<void> replay_once(unsigned threads) {
    replay::Adoptions adoptions;
    replay::AllHealsOptions options;
    options.threads = threads;
    const auto all = replay::replay_all(reader_, vault_, adoptions, options);
    AUTOHEAL_TRY(all);
    if (!all->all_same()) return failure(ErrorKind::failed, "a heal is not the same: " + all->not_the_same.front().why);
    decided_ = all->decided;
    entries_ = all->entries;
    return {};
  }

  const WholeLedgerOptions& options_;
  const store::LedgerReader& reader_;
  const engine::BlobStore& vault_;
  std::uint64_t decided_ = 0, entries_ = 0;
};

}  // namespace

Result<void> run_replay(const WholeLedgerOptions& options, std::ostream& out) {
  const auto reader = store::LedgerReader::open(options.file);
  AUTOHEAL_TRY(reader);
  const auto vault = store::Vault::open(options.file + ".vault", {}, store::VaultAccess::read_only);
  AUTOHEAL_TRY(vault);
  ReplayBench bench(options, **reader, **vault);
  return on_one_core_and_on_all(
      options, {"replay", "decided_again", options.file}, out,
      [&](unsigned threads, const std::string& name) { return bench.measure(threads, name, out); });
}

}  // namespace autoheal::bench
