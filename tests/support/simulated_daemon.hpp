// The daemon without its outside: the real watch, trigger, heal workflow and runtime over a ledger in memory, the
// simulated host and a clock that goes from wake to wake. Whatever happens is written down in the order in which it
// happened, for others to judge.
#pragma once

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <map>

#include "engine/runtime.hpp"
#include "tests/support/heal_world.hpp"
#include "tests/support/simulated_pool.hpp"
#include "workflows/auto_heal_trigger.hpp"
#include "workflows/self_test_effects.hpp"

namespace autoheal::testing {

// An entry of the ledger, or what a person or a test told.
struct Happening {
  Duration at{0};
  std::string what;  // an entry's type, or: tested, reset, held, unheld, switched on, switched off
  std::string engine;
  engine::Entry entry;                        // of the ledger
  std::optional<workflows::TestReport> test;  // of tested
  Duration until{0};                          // of held
};

class SimulatedDaemon {
 public:
  SimulatedDaemon(HealWorld& world, const std::vector<EngineSpec>& specs, workflows::TriggerSettings settings,
                  unsigned max_tests)
      : world_(world),
        settings_(settings),
        runtime_(std::move(
            *engine::Runtime::create(loop_.get_executor(), {world.ledger, world.blobs, world.clock, world.ids}))),
        at_(surroundings()),
        effects_(at_),
        trigger_(
            *runtime_, world.clock, [this](const std::string& name) { return find(name); }, settings),
        watch_(max_tests),
        pool(world.clock) {
    runtime_->register_workflow<Heal>(effects_);
    runtime_->runner().hooks.committed = [this](engine::Position) { write_down_entries(); };
    trigger_.hooks.began = [this](const std::string& engine) { watch_.heal_began(engine); };
    trigger_.hooks.ended = [this](const workflows::HealResult& result) { watch_.heal_ended(result, now()); };
    trigger_.hooks.hold_on = [this](const std::string& engine) { return holds_.of(engine, world_.clock.now()); };
    std::vector<std::shared_ptr<const EngineSpec>> shared;
    for (const EngineSpec& spec : specs) {
      const auto name = world.blobs.put(workflows::encode_engine_spec(spec), engine::BlobNaming::plain);
      shared.push_back(std::make_shared<const EngineSpec>(spec));
      engines_[spec.name] = {shared.back(), *name};
    }
    watch_.configure(shared, max_tests, now());
  }

  // ---- what people do

  void hold(const std::string& engine, Duration time) {
    write_down({now(), "held", engine, {}, {}, now() + time});
    tell_ledger(workflows::engine_held(engine, world_.clock.now() + time, person(), world_.clock.now()));
  }
  void unhold(const std::string& engine) {
    write_down({now(), "unheld", engine, {}, {}, {}});
    tell_ledger(workflows::engine_unheld(engine, person(), world_.clock.now()));
  }
  void reset(const std::string& engine) {
    write_down({now(), "reset", engine, {}, {}, {}});
    watch_.reset(engine, now());
  }
  void switch_healing(bool on) {
    write_down({now(), on ? "switched on" : "switched off", {}, {}, {}, {}});
    settings_.enabled = on;
    trigger_.set(settings_);
  }
  void heal(const std::string& engine) {
    workflows::TestFailure failure;
    failure.error = "a person asked for it";
    failure.asked_for = true;
    start_heal(engine, std::move(failure), person());
  }
  void look(const std::string& engine, workflows::LookCause cause) { watch_.look(engine, cause, now()); }

  // ---- time

  // Everything that can be done now.
  void turn() {
    bool busy = true;
    while (busy) {
      loop_.restart();
      busy = loop_.poll() > 0;
      busy = runtime_->runner().turn() || busy;
      busy = pool.turn() || busy;
      for (const workflows::WatchAct& act : watch_.take_acts(now())) {
        std::visit([this](const auto& one) { perform(one); }, act);
        busy = true;
      }
    }
  }
  [[nodiscard]] std::optional<Duration> next_wake() {
    std::optional<Duration> next;
    for (const auto& wake : {watch_.next_wake(), runtime_->runner().next_wake(), pool.next_wake()}) {
      if (wake && (!next || *wake < *next)) next = wake;
    }
    return next;
  }
  [[nodiscard]] Duration now() const { return world_.clock.since_boot(); }
  [[nodiscard]] const std::vector<Happening>& history() const { return history_; }
  [[nodiscard]] std::size_t open_heals() const { return trigger_.open_heals().size(); }

 private:
  static workflows::By person() { return {"ops", "admiral", 1000, {}, "socket", "it is my day"}; }

  workflows::HealSurroundings surroundings() {
    return {.host = world_.host,
            .blobs = world_.blobs,
            .ledger_id = world_.ledger.id(),
            .program_version = "0",
            .program_sha256 = "sha256:0",
            .tests_at_once = 1,
            .pool =
                [this](std::function<void()> job) {
                  pool.run([this, job = std::move(job)] {
                    pool.wait(std::chrono::milliseconds(20));  // so that heals overlap
                    job();
                  });
                },
            .today = [this](const std::string& engine, const std::string&) { return today(engine); },
            .role_of = [](const std::string&) { return std::string("admiral"); },
            .may_change = [](const std::string&) { return true; },
            .adopted = [](const std::string&) { return std::optional<workflows::Adopted>(); },
            .mask = [](std::string_view text) { return std::string(text); },
            .learn_secret = [](const std::string&) {},
            .since_boot = [this] { return now(); },
            .wait = [this](Duration time) { return pool.wait(time); }};
  }

  workflows::Today today(const std::string& engine) {
    workflows::Today today;
    today.may_change = true;
    if (holds_.of(engine, world_.clock.now())) today.must_end = workflows::EndReason::held;
    if (!settings_.enabled) today.must_end = workflows::EndReason::disabled;
    return today;
  }

  void perform(const workflows::StartTest& act) {
    const auto spec = engines_.at(act.engine).spec;
    const bool may_wait = std::ranges::any_of(spec->self_test, [](const workflows::Probe& one) {
      return std::holds_alternative<workflows::CommandProbe>(one.what);
    });
    auto job = [this, spec] {
      auto report = workflows::test_engine(at_, *spec, "test/" + spec->name);
      boost::asio::post(loop_, [this, report = std::move(report)] { tell_tested(report); });
    };
    if (may_wait) {
      pool.run(std::move(job));
    } else {
      boost::asio::post(loop_, std::move(job));
    }
  }
  void tell_tested(const workflows::TestReport& report) {
    const std::string& engine = report.tested.engine;
    write_down({now(), "tested", engine, {}, report, {}});
    const bool held = holds_.of(engine, world_.clock.now()).has_value();
    watch_.tested(report, {settings_.enabled, held}, now());
  }
  void perform(const workflows::StartHeal& act) {
    workflows::TestFailure failure;
    failure.error = act.error;
    failure.failed_dependency = act.failed_dependency;
    failure.flapping = act.flapping;
    failure.needs = act.needs;
    start_heal(act.engine, std::move(failure), {"autoheal", "admiral", 0, {}, "daemon", {}});
  }
  void perform(const workflows::SkipHeal& act) {
    boost::asio::co_spawn(
        loop_,
        [this, act]() -> boost::asio::awaitable<void> {
          workflows::By by{"autoheal", "admiral", 0, {}, "daemon", {}};
          workflows::EngineToHeal engine = engines_.at(act.engine);
          (void)co_await trigger_.skip(std::move(engine), std::move(by), act.reason, act.error);
        },
        boost::asio::detached);
  }
  void perform(const workflows::RecordOutcome&) {}
  void perform(const workflows::TakeSnapshots& act) { watch_.snapshots_copied(act.engine, now()); }
  void perform(const workflows::KeepSnapshots& act) { watch_.snapshots_kept(act.engine, now()); }

  void start_heal(const std::string& engine, workflows::TestFailure failure, const workflows::By& by) {
    boost::asio::co_spawn(
        loop_,
        [this, engine, failure = std::move(failure), by]() -> boost::asio::awaitable<void> {
          const workflows::HealResult result = co_await trigger_.heal_engine(engine, failure, by);
          if (result.heal.empty()) watch_.heal_ended(result, now());
        },
        boost::asio::detached);
  }

  std::optional<workflows::EngineToHeal> find(const std::string& name) {
    const auto found = engines_.find(name);
    return found == engines_.end() ? std::nullopt : std::optional(found->second);
  }

  void tell_ledger(engine::NewEntry entry) {
    runtime_->runner().append("ledger", std::move(entry), [this](engine::AppendStatus) {
      auto holds = workflows::holds_in(world_.ledger);
      ASSERT_TRUE(holds.has_value());
      holds_ = std::move(*holds);
    });
    while (runtime_->runner().turn()) {
    }
  }

  void write_down(Happening happening) { history_.push_back(std::move(happening)); }
  void write_down_entries() {
    auto page = world_.ledger.read_all(read_, 10'000);
    for (engine::Entry& entry : page->entries) {
      Happening happening;
      happening.at = now();
      happening.what = entry.type;
      happening.engine = entry.subject;
      happening.entry = std::move(entry);
      write_down(std::move(happening));
    }
    read_ = page->next;
  }

  HealWorld& world_;
  workflows::TriggerSettings settings_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<engine::Runtime> runtime_;
  workflows::HealSurroundings at_;
  workflows::HealEffects effects_;
  std::map<std::string, workflows::EngineToHeal> engines_;
  workflows::AutoHealTrigger trigger_;
  workflows::Watch watch_;
  workflows::Holds holds_;
  engine::Position read_;
  std::vector<Happening> history_;

 public:
  SimulatedPool pool;  // goes first: its jobs use the rest
};

}  // namespace autoheal::testing
