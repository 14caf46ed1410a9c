#include "tools/bench/support/whole_ledger.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "tools/bench/support/figures.hpp"

namespace autoheal::bench {

Result<void> on_one_core_and_on_all(
    const WholeLedgerOptions& options, const WholeLedgerFigures& figures, std::ostream& out,
    const std::function<Result<void>(unsigned threads, const std::string& name)>& measure) {
  const unsigned cores = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  write_conditions(out, figures.measured,
                   figures.ledger + "; best of " + std::to_string(options.rounds) +
                       " in turn with the floor: rows read, leaves composed and hashed, one root");
  if (auto done = measure(1, figures.rate + "_one_core_entries_per_s"); !done) return done;
  if (auto done = measure(cores, figures.rate + "_" + std::to_string(cores) + "_cores_entries_per_s"); !done)
    return done;
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  write_figure(out, {figures.measured + "_peak_memory", static_cast<double>(used.ru_maxrss) / 1024, "MiB", 0, 0});
  return {};
}

}  // namespace autoheal::bench
