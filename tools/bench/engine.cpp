#include "tools/bench/engine.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <optional>

#include "autoheal/engine/runtime.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "tools/bench/floors/sqlite_floor.hpp"
#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/scratch_folder.hpp"

namespace autoheal::bench {

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::size_t most_by_each = 1'000;

// Four steps, an entry and a commit each, with an effect between any two that does nothing.
struct EmptyWorkflow {
  static constexpr std::string_view type = "empty";
  static constexpr unsigned version = 1;
  static constexpr unsigned steps = 4;

  struct StepDone {};
  struct Nothing {};
  using State = unsigned;  // steps that are done
  using Entry = StepDone;
  using Input = StepDone;
  using Effect = Nothing;

  static engine::Decision<EmptyWorkflow> decide(const State& state, const Input&, Timestamp) {
    engine::Decision<EmptyWorkflow> decision;
    decision.entries = {StepDone{}};
    decision.ends = state + 1 == steps;
    if (!decision.ends) decision.effects = {Nothing{}};
    return decision;
  }
  static State apply(State state, const Entry&) { return state + 1; }
  static engine::Encoded encode(const State&, const Entry&) { return {"empty.step", version, {}, {}, "{}"}; }
  static Result<Entry> decode(std::string_view, unsigned, std::string_view) { return StepDone{}; }
  static Input resumed() { return {}; }
  static Input woken() { return {}; }
  static bool resumes_alone(const State&) { return false; }
};

struct NothingDone final : engine::EffectPerformer<EmptyWorkflow> {
  void perform(const std::string&, const EmptyWorkflow::Nothing&, Done done) override { done({}); }
};

class EngineRun {
 public:
  [[nodiscard]] static Result<double> workflows_per_s(const fs::path& folder, std::size_t at_once, std::size_t count) {
    EngineRun run;
    AUTOHEAL_TRY(run.open(folder));
    return run.measure(at_once, count);
  }

 private:
  Result<void> open(const fs::path& folder) {
    auto ledger = store::SqliteLedger::open(folder / "ledger.db", {.ids = ids_});
    AUTOHEAL_TRY(ledger);
    ledger_ = std::move(*ledger);
    auto vault = store::Vault::open(folder / "ledger.db.vault", {}, store::VaultAccess::create);
    AUTOHEAL_TRY(vault);
    vault_ = std::move(*vault);
    auto runtime = engine::Runtime::create(loop_.get_executor(), {*ledger_, *vault_, clock_, ids_});
    AUTOHEAL_TRY(runtime);
    runtime_ = std::move(*runtime);
    runtime_->register_workflow<EmptyWorkflow>(effects_);
    return {};
  }

  // One after the other, until `count` were begun in all.
  asio::awaitable<void> begin_and_await(std::size_t count) {
    while (begun_ < count && !problem_) {
      ++begun_;
      EmptyWorkflow::Input first;
      std::string no_key;
      auto stream = co_await runtime_->start<EmptyWorkflow>(first, std::move(no_key));
      if (stream) {
        const auto last = co_await runtime_->finished<EmptyWorkflow>(std::move(*stream));
        if (!last) problem_ = last.error();
      } else {
        problem_ = stream.error();
      }
      ++ended_;
    }
  }

  Result<double> measure(std::size_t at_once, std::size_t count) {
    const Duration began = clock_.since_boot();
    for (std::size_t one = 0; one < at_once; ++one) asio::co_spawn(loop_, begin_and_await(count), asio::detached);
    while (ended_ < begun_ || (begun_ < count && !problem_)) loop_.run_one();
    const Duration took = clock_.since_boot() - began;
    if (problem_) return std::unexpected(*problem_);
    return static_cast<double>(ended_) * 1e6 / static_cast<double>(took.count());
  }

  engine::SystemClock clock_;
  engine::SystemRandomness randomness_;
  engine::UuidV7Source ids_{clock_, randomness_};
  asio::io_context loop_{1};
  NothingDone effects_;
  std::unique_ptr<store::SqliteLedger> ledger_;
  std::unique_ptr<store::Vault> vault_;
  std::unique_ptr<engine::Runtime> runtime_;
  std::optional<Error> problem_;
  std::size_t begun_ = 0, ended_ = 0;
};

}  // namespace

Result<void> run_engine(const EngineOptions& options, std::ostream& out) {
  const ScratchFolder scratch(options.folder);
  const std::vector<std::string> texts(EmptyWorkflow::steps, "{}");
  static_assert(EmptyWorkflow::steps == BareLedger::commits_per_heal);
  for (const std::size_t at_once : options.at_once) {
    const std::size_t count = std::clamp(options.count, at_once, at_once * most_by_each);
    const fs::path folder = scratch.path / std::to_string(at_once);
    const auto rate = EngineRun::workflows_per_s(folder, at_once, count);
    AUTOHEAL_TRY(rate);
    const auto floor = sqlite_floor(folder / "floor.db", at_once, count, texts);
    AUTOHEAL_TRY(floor);
    write_figure(out, {"workflows_per_s_n" + std::to_string(at_once), *rate, "1/s", *floor, 0});
  }
  return {};
}

}  // namespace autoheal::bench
