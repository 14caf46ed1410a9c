// The recovery test that every workflow gets for free: run a script to its end, then again and again with the process
// cut right after its first, second, ... commit, recover, run on, and hold the outcome against the uninterrupted one.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autoheal/engine/testing/ledger_over.hpp"

namespace autoheal::engine::testing {

// Where the process dies: it never hears of its last commit, or it hears of it, performs the effects, and dies before
// it can commit their outcome.
enum class CutMoment { before_effects, after_effects };

// Passes `allowed` appends on, then the process is dead: nothing is committed any more.
class CutLedger final : public LedgerOver {
 public:
  CutLedger(Ledger& under, std::size_t allowed, CutMoment moment)
      : LedgerOver(under), allowed_(allowed), moment_(moment) {}

  AppendResult append(const Batch& batch) override {
    AppendResult dead{AppendStatus::unknown, {}, {}, {}, {}, "the process died here"};
    if (commits_ >= allowed_) return dead;
    ++commits_;
    AppendResult result = under_.append(batch);
    return commits_ == allowed_ && moment_ == CutMoment::before_effects ? dead : result;
  }

  [[nodiscard]] std::size_t commits() const { return commits_; }

 private:
  std::size_t allowed_;
  CutMoment moment_;
  std::size_t commits_ = 0;
};

// One world of the script: its own ledger, host and whatever else must survive a process.
struct CrashScript {
  // Makes a fresh world and returns it; the ledger inside it is what survives.
  std::function<std::shared_ptr<void>()> make_world;
  // Runs the script's process on `ledger` until nothing is left to do or the ledger stops it. `recovering`: the process
  // before it died; begin with recovery and start nothing new.
  std::function<void(void* world, Ledger& ledger, bool recovering)> run;
  std::function<Ledger&(void* world)> ledger_of;
  // Everything that must be the same after any crash, as text: final states, files, ...
  std::function<std::string(void* world)> outcome;
};

struct CrashDifference {
  std::size_t cut_after = 0;  // commits that the first process made
  CutMoment moment = CutMoment::before_effects;
  std::string expected;
  std::string actual;
};

// Every difference between a cut run and the uninterrupted one; `commits` is the number of cuts that were tried.
[[nodiscard]] inline std::vector<CrashDifference> crash_at_every_append(const CrashScript& script,
                                                                        std::size_t& commits) {
  constexpr std::size_t never = static_cast<std::size_t>(-1);
  const auto whole = script.make_world();
  CutLedger uncut(script.ledger_of(whole.get()), never, CutMoment::after_effects);
  script.run(whole.get(), uncut, false);
  const std::string expected = script.outcome(whole.get());
  commits = uncut.commits();

  std::vector<CrashDifference> differences;
  for (std::size_t cut = 1; cut <= commits; ++cut) {
    for (const CutMoment moment : {CutMoment::before_effects, CutMoment::after_effects}) {
      const auto world = script.make_world();
      CutLedger first(script.ledger_of(world.get()), cut, moment);
      script.run(world.get(), first, false);
      script.run(world.get(), script.ledger_of(world.get()), true);
      std::string actual = script.outcome(world.get());
      if (actual != expected) differences.push_back({cut, moment, expected, std::move(actual)});
    }
  }
  return differences;
}

}  // namespace autoheal::engine::testing
