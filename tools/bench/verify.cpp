#include "tools/bench/verify.hpp"

#include "autoheal/replay/record/legal_paths.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tools/bench/floors/verify_floor.hpp"
#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/in_turn.hpp"

namespace autoheal::bench {

namespace {

class VerifyBench {
 public:
  VerifyBench(const WholeLedgerOptions& options, std::string ledger_id, store::TreeHead head)
      : options_(options), ledger_id_(std::move(ledger_id)), head_(head) {}

  Result<void> measure(unsigned threads, const std::string& name, std::ostream& out) {
    const auto best =
        in_turn(options_.rounds, [&] { return floor_once(threads); }, [&] { return verify_once(threads); });
    AUTOHEAL_TRY(best);
    const auto entries = static_cast<double>(head_.size);
    write_figure(out, {name, entries / best->work_s, "1/s", entries / best->floor_s, 0});
    return {};
  }

 private:
  Result<void> floor_once(unsigned threads) const {
    const auto head = bare_head(options_.file, ledger_id_, threads);
    AUTOHEAL_TRY(head);
    if (*head != head_) return failure(ErrorKind::corrupt, "the floor computes another root than the ledger has");
    return {};
  }

  Result<void> verify_once(unsigned threads) const {
    const auto report =
        store::verify_ledger(options_.file, {.threads = threads, .rules = &rules_, .unsigned_is_sound = true});
    AUTOHEAL_TRY(report);
    if (!report->sound()) return failure(ErrorKind::corrupt, "it does not verify: " + report->problems.front());
    return {};
  }

  const WholeLedgerOptions& options_;
  replay::LegalPaths rules_;
  std::string ledger_id_;
  store::TreeHead head_;
};

}  // namespace

Result<void> run_verify(const WholeLedgerOptions& options, std::ostream& out) {
  const auto reader = store::LedgerReader::open(options.file);
  AUTOHEAL_TRY(reader);
  const auto head = (*reader)->tree_head();
  AUTOHEAL_TRY(head);
  if (head->size == 0)
    return failure(ErrorKind::not_found, options.file + " holds no entries", "`autoheal-bench ledger` makes one");
  VerifyBench bench(options, (*reader)->id(), *head);
  return on_one_core_and_on_all(
      options, {"verify", "verify", std::to_string(head->size) + " entries"}, out,
      [&](unsigned threads, const std::string& name) { return bench.measure(threads, name, out); });
}

}  // namespace autoheal::bench
