// Turns failed self-tests into heals: one open heal per engine, at most `max_concurrent` at once, dependencies before
// the engines that need them, and none if healing is switched off or held. Resumed heals go through it too.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "autoheal/engine/runtime.hpp"
#include "autoheal/workflows/heal/heal_machine.hpp"
#include "autoheal/workflows/heal/heal_result.hpp"
#include "autoheal/workflows/supervision/holds.hpp"
#include "autoheal/workflows/supervision/watch.hpp"

namespace autoheal::workflows {

// The failure that triggers a heal.
struct TestFailure {
  std::string error = {};
  std::string failed_dependency = {};   // the heal ends at once as dependency_failed; or empty
  bool asked_for = false;               // by a person: passes the brakes
  bool flapping = false;                // the heal ends at once as flapping
  std::string idempotency_key = {};     // a heal that begins is committed with it; or empty
  std::vector<std::string> needs = {};  // engines below that fail: each is healed first, or this ends dependency_failed
};

// An engine as today's configuration has it.
struct EngineToHeal {
  std::shared_ptr<const EngineSpec> spec;
  BlobName configuration;  // the specification's name in the vault
};

struct TriggerSettings {
  unsigned max_concurrent = 16;
  bool enabled = true;  // the whole machine's switch; an engine has its own beside it
};

// All optional, all called on the loop's thread.
struct TriggerHooks {
  std::function<void(const std::string& engine)> began;
  std::function<void(const HealResult& result)> ended;  // once per heal
  std::function<std::optional<Hold>(const std::string& engine)> hold_on;
  // Tests an engine now; with it, what an engine needs is tested before a heal that a person asked for.
  std::function<boost::asio::awaitable<TestReport>(EngineToHeal engine)> test;
  // Why a manager would not start a service that a repair needs; or empty. Asked before each heal that the watch, which
  // knows it, did not begin.
  std::function<boost::asio::awaitable<std::string>(EngineToHeal engine)> held_back;
  // The plan of a heal, as JSON for `heal.skipped`, if healing is only observed.
  std::function<boost::asio::awaitable<std::string>(EngineToHeal engine)> would_have;
};

// Used on the loop's thread only. Everything given outlives it.
class AutoHealTrigger {
 public:
  using FindEngine = std::function<std::optional<EngineToHeal>(const std::string& name)>;

  AutoHealTrigger(engine::Runtime& runtime, const engine::Clock& clock, FindEngine find_engine,
                  TriggerSettings settings);

  TriggerHooks hooks;
  // From now on; heals under way keep their slots.
  void set(TriggerSettings settings);

  // Starts a heal or joins the open one and waits for its end.
  boost::asio::awaitable<HealResult> heal_engine(std::string engine, TestFailure failure, By by);

  // Records that a failure is not healed, and why (disabled, held, observe, cooldown, ...).
  boost::asio::awaitable<HealResult> skip(EngineToHeal engine, By by, std::string reason, std::string error);

  // Once, after the runtime's recovery: takes up the open heals it found; `waiting` ones get a slot in their order.
  void adopt_recovered(const std::vector<std::string>& heals);
  // A heal only waits from now on: its slot is free for others. One that holds none is left alone.
  void pause(const std::string& heal);
  // Whether the engine's heal has done nothing but wait for so long.
  [[nodiscard]] bool waits_for(const std::string& engine, Duration time) const;
  // Calls `go` once the heal has a slot again: before those that have not begun, and at once where it gave none back.
  void in_turn(const std::string& heal, std::function<void()> go);
  // All heals that are open now, by engine.
  [[nodiscard]] const std::map<std::string, std::string>& open_heals() const { return open_; }
  // Waits until the heal ends.
  boost::asio::awaitable<HealResult> wait_for(std::string engine, std::string heal);

 private:
  [[nodiscard]] std::string reason_to_skip(const EngineSpec& spec, const TestFailure& failure) const;
  boost::asio::awaitable<HealResult> begin(EngineToHeal engine, TestFailure failure, By by);
  void follow(const std::string& engine, const std::string& heal);
  boost::asio::awaitable<void> await_end(std::string engine, std::string heal);
  boost::asio::awaitable<void> find_failing_needs(const EngineSpec& spec, TestFailure& failure);
  boost::asio::awaitable<void> wait_for_needs(std::string heal, std::vector<std::string> needs, std::optional<By> by);
  boost::asio::awaitable<HealEnding> ending_of_need(std::string needed, std::optional<By> by);
  // Slots that are taken, also by heals whose first commit is under way.
  [[nodiscard]] std::size_t taken() const { return slots_.size() + beginning_; }
  void take_slot(const std::string& heal);
  void wait_for_slot(const std::string& heal);
  void queue(const std::string& heal);
  void start_next_waiting();
  void free_slot(const std::string& heal);

  engine::Runtime& runtime_;
  const engine::Clock& clock_;
  FindEngine find_engine_;
  TriggerSettings settings_;
  std::map<std::string, std::string> open_;    // engine -> heal; empty while its first commit is under way
  std::map<std::string, HealResult> ended_;    // engine -> its newest heal that ended
  std::map<std::string, HealEnding> endings_;  // engine -> how its newest trigger ended, skipped ones too
  std::set<std::string> slots_;                // heals that hold one
  unsigned beginning_ = 0;                     // slots held by heals whose first commit is under way
  std::map<std::string, Duration> paused_;     // heals that gave theirs back, and when
  struct ToGoOn {
    std::string heal;
    std::function<void()> go;
  };
  std::deque<ToGoOn> to_go_on_;      // of those: whose pause is over, the first comes first
  std::deque<std::string> waiting_;  // heals in Triggered, oldest first
};

}  // namespace autoheal::workflows
