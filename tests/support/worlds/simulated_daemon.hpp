// The daemon without its outside: the real watch, trigger, heal workflow, bus and runtime over any ledger, the
// simulated host and a clock that goes from wake to wake. Whatever happens is written down in the order in which it
// happened, for others to judge. A daemon may die at any moment; the next one on the same machine recovers.
#pragma once

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <map>
#include <stdexcept>
#include <type_traits>

#include "autoheal/engine/runtime.hpp"
#include "autoheal/workflows/effects/heal_effects.hpp"
#include "autoheal/workflows/supervision/auto_heal_trigger.hpp"
#include "autoheal/workflows/supervision/genesis_bus.hpp"
#include "autoheal/workflows/supervision/recent_past.hpp"
#include "autoheal/workflows/supervision/self_test_effects.hpp"
#include "autoheal/workflows/supervision/test_engine.hpp"
#include "tests/support/worlds/heal_world.hpp"
#include "tests/support/worlds/simulated_pool.hpp"

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

// Goes on over the lives of daemons.
struct History {
  std::vector<Happening> happenings;
  engine::Position read;  // of the ledger
  // Told of each entry as it is written down, with what the machine is like at that moment.
  std::function<void(const Happening&)> wrote_down;
};

// Thrown where its ledger cannot be read: that ends every life that is not made to see it.
struct UnreadableLedger : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class Value>
Value readable(Result<Value> read) {
  if (!read) throw UnreadableLedger("the ledger cannot be read: " + read.error().message);
  if constexpr (!std::is_void_v<Value>) return std::move(*read);
}

// The surroundings of a daemon; all of them outlive it.
struct DaemonPorts {
  engine::Ledger& ledger;
  workflows::Host& host;
  const engine::Clock& loop_clock;  // of the runner alone
  History& history;
  // Stands between the loop and the effects; left out: nothing does.
  std::function<std::unique_ptr<engine::EffectPerformer<Heal>>(workflows::HealEffects&)> between = {};
};

class SimulatedDaemon {
 public:
  SimulatedDaemon(HealWorld& world, const std::vector<EngineSpec>& specs, workflows::TriggerSettings settings,
                  unsigned max_tests)
      : SimulatedDaemon(world, specs, settings, max_tests, std::nullopt) {}
  SimulatedDaemon(HealWorld& world, const std::vector<EngineSpec>& specs, workflows::TriggerSettings settings,
                  unsigned max_tests, std::optional<DaemonPorts> ports)
      : world_(world),
        settings_(settings),
        ports_(ports ? *ports : DaemonPorts{world.ledger, world.host, world.clock, own_history_}),
        runtime_(std::move(*engine::Runtime::create(loop_.get_executor(),
                                                    {ports_.ledger, world.blobs, ports_.loop_clock, world.ids}))),
        at_(surroundings()),
        effects_(at_),
        performer_(ports_.between ? ports_.between(effects_) : nullptr),
        trigger_(
            *runtime_, world.clock, [this](const std::string& name) { return find(name); }, settings),
        watch_(max_tests),
        bus_(runtime_->runner(), ports_.ledger, world.blobs,
             [this](std::function<void()> job) { boost::asio::post(loop_, std::move(job)); }),
        pool(world.clock) {
    if (performer_) {
      runtime_->register_workflow<Heal>(*performer_);
    } else {
      runtime_->register_workflow<Heal>(effects_);
    }
    runtime_->runner().hooks.committed = [this](engine::Position) {
      write_down_entries();
      boost::asio::post(loop_, [this] { bus_.pump(); });
    };
    runtime_->runner().hooks.waits = [this](const std::string& heal) { trigger_.pause(heal); };
    trigger_.hooks.began = [this](const std::string& engine) { watch_.heal_began(engine); };
    trigger_.hooks.ended = [this](const workflows::HealResult& result) {
      watch_.heal_ended(told_of_end ? told_of_end(result) : result, now());
    };
    trigger_.hooks.hold_on = [this](const std::string& engine) { return holds_.of(engine, world_.clock.now()); };
    std::vector<std::shared_ptr<const EngineSpec>> shared;
    for (const EngineSpec& spec : specs) {
      const auto name = world.blobs.put(workflows::encode_engine_spec(spec), engine::BlobNaming::plain);
      shared.push_back(std::make_shared<const EngineSpec>(spec));
      engines_[spec.name] = {shared.back(), *name};
    }
    watch_.configure(shared, max_tests, now());
  }

  // The end of a heal that the watch hears instead of the real one; for planted bugs.
  std::function<workflows::HealResult(workflows::HealResult)> told_of_end;
  // And instead of what a test said.
  std::function<workflows::TestReport(workflows::TestReport)> told_of_test;
  // Told what the watch wants to be healed, before a heal of it has a place.
  std::function<void(const std::string& engine)> wanted;
  // Whether another outcome of a test is an entry, as it is in the daemon.
  bool records_outcomes = false;

  // The remains of the daemon before this one. `forgets`: planted, it does not know what is open.
  void recover(bool forgets = false) {
    write_down_entries();
    const auto open = readable(ports_.ledger.open_streams());
    (void)readable(runtime_->recover());
    std::vector<std::string> heals;
    for (const std::string& stream : open) {
      if (runtime_->runner().state<Heal>(stream) != nullptr) heals.push_back(stream);
    }
    if (!forgets) trigger_.adopt_recovered(heals);
    for (const auto& [engine, heal] : trigger_.open_heals()) watch_.heal_began(engine);
    readable(workflows::remember_recent_past(ports_.ledger, world_.blobs, world_.clock, watch_));
    read_holds();
  }
  [[nodiscard]] workflows::GenesisBus& bus() { return bus_; }
  [[nodiscard]] engine::Runner& runner() { return runtime_->runner(); }
  // It died, or has to.
  [[nodiscard]] bool is_dead() const { return pool.died() || runtime_->runner().failure().has_value(); }

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
  void process_ended(const std::string& engine, workflows::ProcessEnd how) { watch_.process_ended(engine, how, now()); }
  void stopped_by_hand(const std::string& engine, bool by_hand) {
    if (by_hand && trigger_.waits_for(engine, workflows::Watch::own_stops_are_told_within))
      watch_.stopped_while_heal_waits(engine);
    watch_.stopped_by_hand(engine, by_hand, now());
  }
  void file_event(const std::string& engine, const std::string& path, workflows::FileEvent event) {
    watch_.file_event(engine, path, event, now());
  }
  // Settles files that ended heals displaced while somebody had them open; names those that still have to stay.
  std::vector<std::string> settle_images() {
    const auto open = readable(ports_.ledger.open_streams());
    return world_.host.settle_ended([&](std::string_view mark) {
      return std::ranges::none_of(
          open, [&](const std::string& heal) { return mark.find("/" + heal + "/") != std::string_view::npos; });
    });
  }

  // ---- time

  // Everything that can be done now.
  void turn() {
    bool busy = true;
    while (busy && !is_dead()) {
      loop_.restart();
      busy = loop_.poll() > 0;
      busy = runtime_->runner().turn() || busy;
      busy = pool.turn() || busy;
      if (is_dead()) return;
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
  [[nodiscard]] const std::vector<Happening>& history() const { return ports_.history.happenings; }
  [[nodiscard]] std::size_t open_heals() const { return trigger_.open_heals().size(); }

 private:
  static workflows::By person() { return {"ops", "admiral", 1000, {}, "socket", "it is my day"}; }

  class Policy final : public workflows::FixedPolicy {
   public:
    explicit Policy(const SimulatedDaemon& daemon) : daemon_(daemon) {}
    [[nodiscard]] workflows::CurrentPolicy current(const std::string& engine,
                                                   const std::string& principal) const override {
      workflows::CurrentPolicy policy = FixedPolicy::current(engine, principal);
      if (daemon_.holds_.of(engine, daemon_.world_.clock.now())) policy.must_end = workflows::EndReason::held;
      if (!daemon_.settings_.enabled) policy.must_end = workflows::EndReason::disabled;
      return policy;
    }

   private:
    const SimulatedDaemon& daemon_;
  };

  class Scheduling final : public workflows::HealScheduling {
   public:
    explicit Scheduling(SimulatedDaemon& daemon) : daemon_(daemon) {}
    void run(std::function<void()> job) override {
      daemon_.pool.run([this, job = std::move(job)] {
        daemon_.pool.wait(std::chrono::milliseconds(20));  // so that heals overlap
        job();
      });
    }
    void run_in_turn(const std::string& heal, std::function<void()> job) override {
      boost::asio::post(daemon_.loop_, [this, heal, job = std::move(job)] {
        daemon_.trigger_.in_turn(heal, [this, job] { run(job); });
      });
    }
    bool run_later(const std::string& heal, Duration time, std::function<void()> job) override {
      boost::asio::post(daemon_.loop_, [this, heal] {
        if (!daemon_.runtime_->runner().is_resumed_alone(heal)) daemon_.trigger_.pause(heal);
      });
      daemon_.pool.run([this, time, job = std::move(job)] {
        if (daemon_.pool.wait(time)) job();
      });
      return true;
    }
    bool wait(Duration time) override { return daemon_.pool.wait(time); }

   private:
    SimulatedDaemon& daemon_;
  };

  workflows::HealSurroundings surroundings() {
    return {.host = ports_.host,
            .blobs = world_.blobs,
            .clock = world_.clock,
            .policy = policy_,
            .secrets = world_.secrets,
            .scheduling = scheduling_,
            .ledger_id = ports_.ledger.id(),
            .program_version = "0",
            .program_sha256 = "sha256:0",
            .tests_at_once = 1};
  }

  void perform(const workflows::StartTest& act) {
    const auto spec = engines_.at(act.engine).spec;
    const bool may_wait = std::ranges::any_of(spec->self_test, [](const workflows::Probe& one) {
      return std::holds_alternative<workflows::CommandProbe>(one.what);
    });
    auto job = [this, spec] {
      auto report = workflows::test_engine(at_, *spec, "test/" + spec->name, true);
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
    watch_.tested(told_of_test ? told_of_test(report) : report, {settings_.enabled, held}, now());
  }
  void perform(const workflows::StartHeal& act) {
    if (wanted) wanted(act.engine);
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
  void perform(const workflows::EndHeal& act) {
    const auto heal = trigger_.open_heals().find(act.engine);
    if (heal == trigger_.open_heals().end() || heal->second.empty()) return;
    const workflows::By by{"autoheal", "admiral", 0, {}, "daemon", "its service was stopped by hand"};
    runtime_->runner().submit<Heal>(heal->second, workflows::Cancel{workflows::EndReason::held, by});
  }
  void perform(const workflows::RecordOutcome& act) {
    if (!records_outcomes) return;
    const engine::Encoded encoded = workflows::SelfTest::encode({}, act.tested);
    engine::NewEntry entry;
    entry.type = encoded.type;
    entry.dataversion = encoded.dataversion;
    entry.time = world_.clock.now();
    entry.actor = "autoheal";
    entry.subject = act.tested.engine;
    entry.data = encoded.data;
    runtime_->runner().append("ledger", std::move(entry), [](engine::AppendStatus) {});
  }
  void perform(const workflows::TakeSnapshots& act) { watch_.snapshots_copied(act.engine, {}, now()); }
  void perform(const workflows::KeepSnapshots& act) { watch_.snapshots_kept(act.engine, {}, now()); }

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
    runtime_->runner().append("ledger", std::move(entry), [this](engine::AppendStatus status) {
      if (status == engine::AppendStatus::ok) read_holds();
    });
    while (runtime_->runner().turn()) {
    }
  }
  void read_holds() { holds_ = readable(workflows::holds_in(ports_.ledger)); }

  void write_down(Happening happening) {
    if (ports_.history.wrote_down) ports_.history.wrote_down(happening);
    ports_.history.happenings.push_back(std::move(happening));
  }
  void write_down_entries() {
    auto page = readable(ports_.ledger.read_all(ports_.history.read, 10'000));
    for (engine::Entry& entry : page.entries) {
      Happening happening;
      happening.at = now();
      happening.what = entry.type;
      happening.engine = entry.subject;
      happening.entry = std::move(entry);
      write_down(std::move(happening));
    }
    ports_.history.read = page.next;
  }

  HealWorld& world_;
  workflows::TriggerSettings settings_;
  History own_history_;
  DaemonPorts ports_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<engine::Runtime> runtime_;
  Policy policy_{*this};
  Scheduling scheduling_{*this};
  workflows::HealSurroundings at_;
  workflows::HealEffects effects_;
  std::unique_ptr<engine::EffectPerformer<Heal>> performer_;
  std::map<std::string, workflows::EngineToHeal> engines_;
  workflows::AutoHealTrigger trigger_;
  workflows::Watch watch_;
  workflows::Holds holds_;
  workflows::GenesisBus bus_;

 public:
  SimulatedPool pool;  // goes first: its jobs use the rest
};

}  // namespace autoheal::testing
