// The whole machine on one executor: runtime, trigger, heal and self-test workflows and the bus over a ledger in memory
// and the simulated host. Effects are performed as jobs of the same executor, so every run is the same.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <map>

#include "autoheal/engine/runtime.hpp"
#include "autoheal/workflows/effects/heal_effects.hpp"
#include "autoheal/workflows/supervision/genesis_bus.hpp"
#include "autoheal/workflows/supervision/self_test_effects.hpp"
#include "tests/support/worlds/heal_world.hpp"

namespace autoheal::testing {

class HealMachine {
  class Scheduling final : public workflows::HealScheduling {
   public:
    explicit Scheduling(HealMachine& machine) : machine_(machine) {}
    void run(std::function<void()> job) override { boost::asio::post(machine_.loop, std::move(job)); }
    void run_in_turn(const std::string& heal, std::function<void()> job) override {
      machine_.trigger.in_turn(heal, [this, job = std::move(job)] { run(job); });
    }
    bool wait(Duration time) override {
      machine_.world_.clock.advance(time);
      return true;
    }

   private:
    HealMachine& machine_;
  };

 public:
  HealMachine(HealWorld& world, std::vector<EngineSpec> specs, workflows::TriggerSettings settings = {})
      : world_(world),
        at_(world.surroundings(scheduling_, world.ledger)),
        runtime(std::move(
            *engine::Runtime::create(loop.get_executor(), {world.ledger, world.blobs, world.clock, world.ids}))),
        heal_effects_(at_),
        trigger(
            *runtime, world.clock, [this](const std::string& name) { return find(name); }, settings),
        self_test_effects_(at_, *runtime, trigger, [this](const std::string& name) { return find(name); }),
        bus(runtime->runner(), world.ledger, world.blobs,
            [this](std::function<void()> job) { boost::asio::post(loop, std::move(job)); }) {
    for (EngineSpec& spec : specs) {
      const auto name = world.blobs.put(workflows::encode_engine_spec(spec), engine::BlobNaming::plain);
      engines_[spec.name] = {std::make_shared<const EngineSpec>(spec), *name};
    }
    runtime->register_workflow<Heal>(heal_effects_);
    runtime->register_workflow<workflows::SelfTest>(self_test_effects_, "selftest/");
    runtime->after_turn = [this] { bus.pump(); };
    runtime->runner().hooks.waits = [this](const std::string& heal) { trigger.pause(heal); };
  }

  // Starts a heal beside others; its result is in `results` once it ended.
  void heal(const std::string& engine, workflows::TestFailure failure = {.error = "it is broken"},
            const std::string& via = {}) {
    boost::asio::co_spawn(
        loop,
        [this, engine, failure, via]() -> boost::asio::awaitable<void> {
          workflows::By by;
          by.principal = "ops";
          by.role = "admiral";
          by.via = via;
          const workflows::HealResult result = co_await trigger.heal_engine(engine, failure, by);
          results.push_back(result);
        },
        boost::asio::detached);
  }

  // Takes up what an earlier machine left open.
  void recover() {
    const auto open = world_.ledger.open_streams();
    ASSERT_TRUE(runtime->recover().has_value());
    std::vector<std::string> heals;
    for (const std::string& stream : *open) {
      if (runtime->runner().state<Heal>(stream) != nullptr) heals.push_back(stream);
    }
    trigger.adopt_recovered(heals);
  }

  workflows::SelfTestState self_test(std::vector<workflows::EngineToTest> engines, bool heals = true) {
    workflows::SelfTestState state;
    bool done = false;
    boost::asio::co_spawn(
        loop,
        [&]() -> boost::asio::awaitable<void> {
          workflows::SelfTestStarted facts;
          facts.test_id = "bridge_selftest_20261123_000000";
          facts.engines = std::move(engines);
          facts.heals = heals;
          facts.by.principal = "ops";
          facts.by.role = "admiral";
          workflows::SelfTestInput begin = workflows::BeginSelfTest{std::move(facts)};
          const auto stream = co_await runtime->start<workflows::SelfTest>(std::move(begin));
          const auto ended = co_await runtime->finished<workflows::SelfTest>(*stream);
          state = *ended;
          done = true;
        },
        boost::asio::detached);
    while (!done) loop.run_one();
    settle();
    return state;
  }

  // Until `count` heals ended, then everything that is ready.
  void run_until(std::size_t count) {
    while (results.size() < count) loop.run_one();
    settle();
  }
  // Everything that is ready, waiting for nothing.
  void settle() {
    loop.restart();
    while (loop.poll() > 0) loop.restart();
  }

  boost::asio::io_context loop{1};

 private:
  std::optional<workflows::EngineToHeal> find(const std::string& name) {
    const auto found = engines_.find(name);
    return found == engines_.end() ? std::nullopt : std::optional(found->second);
  }
  HealWorld& world_;
  Scheduling scheduling_{*this};
  workflows::HealSurroundings at_;
  std::map<std::string, workflows::EngineToHeal> engines_;

 public:
  std::unique_ptr<engine::Runtime> runtime;

 private:
  workflows::HealEffects heal_effects_;

 public:
  workflows::AutoHealTrigger trigger;

 private:
  workflows::SelfTestEffects self_test_effects_;

 public:
  workflows::GenesisBus bus;
  std::vector<workflows::HealResult> results;
};

// An engine whose file is broken on the world's machine.
inline EngineSpec broken_engine(HealWorld& world, const std::string& name) {
  EngineSpec spec;
  spec.name = name;
  spec.root = "/srv";
  spec.strategy = workflows::Strategy::arie;
  spec.healing.max_retries = 1;
  spec.healing.retry_delay = Duration{0};
  spec.certify.within = Duration{0};
  const std::string path = name + "/app.conf";
  const auto baseline = world.baseline("right of " + name);
  spec.repair.files = {{path, "baseline", baseline, {}, {}, {}}};
  spec.self_test = {probe("config", workflows::FileProbe{path, "baseline", baseline, {}, {}, {}})};
  world.host.write(path, "wrong");
  return spec;
}

// The same, but nothing that is done will be certified.
inline EngineSpec hopeless_engine(HealWorld& world, const std::string& name) {
  EngineSpec spec = broken_engine(world, name);
  workflows::TestSpec test;
  test.name = "never";
  test.command = runs({"/tests/never"});
  spec.certify.tests = {test};
  world.host.install("/tests/never", program(1));
  return spec;
}

}  // namespace autoheal::testing
