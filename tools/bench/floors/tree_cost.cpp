#include "tools/bench/floors/tree_cost.hpp"

#include <algorithm>

#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/scratch_folder.hpp"
#include "tools/bench/support/simulated_fixture.hpp"

namespace autoheal::bench {

namespace {

// Heals per second of each round.
struct Contender {
  SimulatedFixture fixture;
  std::vector<double> rates;

  Result<void> run(const TreeCostOptions& options) {
    const std::size_t count = std::max<std::size_t>(1, options.count / options.rounds);
    const auto measured = fixture.heal(options.callers, count);
    AUTOHEAL_TRY(measured);
    rates.push_back(static_cast<double>(measured->latencies_ms.size()) / measured->seconds);
    return {};
  }
};

Result<Contender> contender(const TreeCostOptions& options, const std::filesystem::path& folder, bool keep_tree) {
  auto fixture = SimulatedFixture::open(folder, options.callers, keep_tree);
  AUTOHEAL_TRY(fixture);
  return Contender{std::move(*fixture), {}};
}

}  // namespace

Result<void> run_tree_cost(const TreeCostOptions& options, std::ostream& out) {
  const ScratchFolder scratch(options.folder);
  auto with = contender(options, scratch.path / "with", true);
  AUTOHEAL_TRY(with);
  auto without = contender(options, scratch.path / "without", false);
  AUTOHEAL_TRY(without);
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (Contender* one : {&*with, &*without}) {
      if (auto done = one->run(options); !done) return done;
    }
  }
  const double tree = percentile(with->rates, 0.5), bare = percentile(without->rates, 0.5);
  const std::string ending = "_c" + std::to_string(options.callers);
  write_figure(out, {"heals_per_s_with_tree" + ending, tree, "1/s", bare, 0});
  write_figure(out, {"tree_cost" + ending, 100.0 * (1.0 - tree / bare), "%", 0, options.callers > 64 ? 20.0 : 15.0});
  return {};
}

}  // namespace autoheal::bench
