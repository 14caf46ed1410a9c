#include "tools/bench/verify.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "replay/legal_paths.hpp"
#include "store/ledger_reader.hpp"
#include "store/verify.hpp"
#include "tools/bench/figures.hpp"
#include "tools/bench/in_turn.hpp"
#include "tools/bench/verify_floor.hpp"

namespace autoheal::bench {

namespace {

class VerifyBench {
 public:
  VerifyBench(const VerifyBenchOptions& options, std::string ledger_id, store::TreeHead head)
      : options_(options), ledger_id_(std::move(ledger_id)), head_(head) {}

  Result<void> measure(unsigned threads, const std::string& name, std::ostream& out) {
    const auto best = in_turn(
        options_.rounds, [&] { return floor_once(threads); }, [&] { return verify_once(threads); });
    if (!best) return std::unexpected(best.error());
    const auto entries = static_cast<double>(head_.size);
    write_figure(out, {name, entries / best->work_s, "1/s", entries / best->floor_s, 0});
    return {};
  }

 private:
  Result<void> floor_once(unsigned threads) const {
    const auto head = bare_head(options_.file, ledger_id_, threads);
    if (!head) return std::unexpected(head.error());
    if (*head != head_) return failure(ErrorKind::corrupt, "the floor computes another root than the ledger has");
    return {};
  }

  Result<void> verify_once(unsigned threads) const {
    const auto report =
        store::verify_ledger(options_.file, {.threads = threads, .rules = &rules_, .unsigned_is_sound = true});
    if (!report) return std::unexpected(report.error());
    if (!report->sound()) return failure(ErrorKind::corrupt, "it does not verify: " + report->problems.front());
    return {};
  }

  const VerifyBenchOptions& options_;
  replay::LegalPaths rules_;
  std::string ledger_id_;
  store::TreeHead head_;
};

}  // namespace

Result<void> run_verify(const VerifyBenchOptions& options, std::ostream& out) {
  const auto reader = store::LedgerReader::open(options.file);
  if (!reader) return std::unexpected(reader.error());
  const auto head = (*reader)->tree_head();
  if (!head) return std::unexpected(head.error());
  if (head->size == 0)
    return failure(ErrorKind::not_found, options.file + " holds no entries", "`autoheal-bench ledger` makes one");
  const unsigned cores = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  write_conditions(out, "verify",
                   std::to_string(head->size) + " entries; best of " + std::to_string(options.rounds) +
                       " in turn with the floor: rows read, leaves composed and hashed, one root");
  VerifyBench bench(options, (*reader)->id(), *head);
  if (auto done = bench.measure(1, "verify_one_core_entries_per_s", out); !done) return done;
  if (auto done = bench.measure(cores, "verify_" + std::to_string(cores) + "_cores_entries_per_s", out); !done)
    return done;
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  write_figure(out, {"verify_peak_memory", static_cast<double>(used.ru_maxrss) / 1024, "MiB", 0, 0});
  return {};
}

}  // namespace autoheal::bench
