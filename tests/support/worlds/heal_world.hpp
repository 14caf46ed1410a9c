// A machine, a ledger and the heal workflow over both, turned by hand: what a heal leaves behind survives the process
// that ran it, so that tests can cut processes off and start others.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <set>

#include "autoheal/engine/runner.hpp"
#include "autoheal/engine/testing/crash_at_every_append.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"
#include "autoheal/workflows/effects/heal_effects.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/testing/no_secrets.hpp"
#include "autoheal/workflows/testing/simulated_host.hpp"
#include "tests/support/worlds/replayed.hpp"

namespace autoheal::testing {

using workflows::EngineSpec;
using workflows::Heal;

// The world that survives processes.
struct HealWorld {
  HealWorld() : ledger("01890000-0000-7000-8000-000000000001"), host(blobs) {}
  // Whatever a test did: today's code decides it again as it was recorded.
  ~HealWorld() {
    if (!replays) return;
    replay::Adoptions adoptions;
    if (policy.baseline) adoptions.take(spec.name, *policy.baseline);
    expect_replays_to_same(ledger, blobs, adoptions);
  }
  HealWorld(const HealWorld&) = delete;
  HealWorld& operator=(const HealWorld&) = delete;

  store::MemoryBlobs blobs;
  store::MemoryLedger ledger;
  engine::testing::FakeClock clock;
  engine::testing::CountingIds ids;
  workflows::testing::SimulatedHost host;
  EngineSpec spec;
  workflows::FixedPolicy policy;
  workflows::testing::NoSecrets secrets;
  std::string heal;     // of the newest start
  bool replays = true;  // false where a test edits the ledger

  // For effects on this machine, of a process that writes to `written`.
  workflows::HealSurroundings surroundings(workflows::HealScheduling& scheduling, const engine::Ledger& written) {
    return {.host = host,
            .blobs = blobs,
            .clock = clock,
            .policy = policy,
            .secrets = secrets,
            .scheduling = scheduling,
            .ledger_id = written.id(),
            .program_version = "0",
            .program_sha256 = "sha256:0",
            .tests_at_once = 1};
  }

  engine::BlobName baseline(const std::string& content) { return *blobs.put(content, engine::BlobNaming::plain); }
};

// Jobs run at once on the caller's thread, and waiting makes the world's time go on.
class WorldScheduling final : public workflows::HealScheduling {
 public:
  explicit WorldScheduling(HealWorld& world) : clock_(world.clock) {}
  void run(std::function<void()> job) override { job(); }
  bool wait(Duration time) override {
    clock_.advance(time);
    return true;
  }

 private:
  engine::testing::FakeClock& clock_;
};

// One process: a runner and the heal's effects, performed at once on the caller's thread.
class HealProcess {
 public:
  HealProcess(HealWorld& world, engine::Ledger& ledger)
      : scheduling_(world),
        world_(world),
        runner_({ledger, world.blobs, world.clock, world.ids}),
        effects_(world.surroundings(scheduling_, ledger)) {
    runner_.register_workflow<Heal>(effects_);
    runner_.hooks.ended = [this](const std::string& stream) { last = *runner_.state<Heal>(stream); };
  }

  // `version` of the rules as the ledger tells it: the program of an earlier or a later version.
  void start(unsigned version = workflows::heal_version) {
    const auto configuration = world_.blobs.put(workflows::encode_engine_spec(world_.spec), engine::BlobNaming::plain);
    workflows::Triggered facts;
    facts.engine = world_.spec.name;
    facts.strategy = world_.spec.strategy;
    facts.max_retries = world_.spec.healing.max_retries;
    facts.retry_delay = world_.spec.healing.retry_delay;
    facts.configuration = *configuration;
    facts.error = "it is broken";
    facts.version = version;
    facts.by = {"ops", "admiral", 1000, {}, "cli", {}};
    runner_.start<Heal>(workflows::Begin{facts}, {},
                        [this](Result<std::string> stream) { world_.heal = stream.value_or(""); });
  }
  void recover() { ASSERT_TRUE(runner_.recover().has_value()); }

  // Until nothing is left to do, or it is no longer `alive`; what waits for a moment gets that moment.
  void run(const std::function<bool()>& alive = [] { return true; }) {
    while (alive()) {
      while (alive() && runner_.turn()) {
      }
      const auto wake = runner_.next_wake();
      if (runner_.failure() || !wake) return;
      world_.clock.advance(std::max(Duration{0}, *wake - world_.clock.since_boot()));
    }
  }
  void turn() { runner_.turn(); }
  engine::Runner& runner() { return runner_; }

  std::optional<workflows::HealState> last;  // of the heal that ended

 private:
  WorldScheduling scheduling_;
  HealWorld& world_;
  engine::Runner runner_;
  workflows::HealEffects effects_;
};

// Why a heal ended Exhausted; empty for any other.
inline std::optional<workflows::EndReason> end_reason(const workflows::HealState& state) {
  const workflows::phases::EndedExhausted* end = state.exhausted();
  return end == nullptr ? std::nullopt : std::optional(end->reason);
}
inline std::string end_message(const workflows::HealState& state) {
  const workflows::phases::EndedExhausted* end = state.exhausted();
  return end == nullptr ? std::string() : end->message;
}

inline workflows::HealState heal(HealWorld& world) {
  HealProcess process(world, world.ledger);
  process.start();
  process.run();
  EXPECT_TRUE(process.last.has_value()) << "the heal did not end";
  return process.last.value_or(workflows::HealState{});
}

inline std::vector<std::string> entry_types(const HealWorld& world) {
  std::vector<std::string> types;
  const auto entries = world.ledger.read_stream(world.heal, 1);
  for (const auto& entry : *entries) types.push_back(entry.type.substr(5));
  return types;
}

inline workflows::RunOutcome ended(int status, std::string output = {}) {
  workflows::RunOutcome outcome;
  outcome.exit_code = status;
  outcome.standard_output = std::move(output);
  return outcome;
}

// A program that ends with `status` and prints `output`.
inline workflows::testing::SimulatedHost::Program program(int status, std::string output = {}) {
  return [status, output](const workflows::RunRequest&) { return ended(status, output); };
}

inline workflows::ProgramRun runs(std::vector<std::string> argv) {
  workflows::ProgramRun run;
  run.argv = std::move(argv);
  return run;
}

inline workflows::Probe probe(std::string name, decltype(workflows::Probe::what) what) {
  workflows::Probe one;
  one.name = std::move(name);
  one.what = std::move(what);
  return one;
}

}  // namespace autoheal::testing
