// The door through which a failed self-test becomes a heal: one open heal per engine, no more than `max_concurrent` at
// once, nothing where healing is switched off. Resumed heals pass through it too.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine/runtime.hpp"
#include "workflows/heal_machine.hpp"
#include "workflows/heal_result.hpp"

namespace autoheal::workflows {

// What a trigger says of the failure.
struct TestFailure {
  std::string error;
  std::string failed_dependency;  // the heal ends at once as dependency_failed; or empty
  bool asked_for = false;         // by a person: passes the brakes
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

// Used on the loop's thread only. Everything given outlives it.
class AutoHealTrigger {
 public:
  using FindEngine = std::function<std::optional<EngineToHeal>(const std::string& name)>;

  AutoHealTrigger(engine::Runtime& runtime, const engine::Clock& clock, FindEngine find_engine,
                  TriggerSettings settings);

  // Starts a heal or joins the open one and waits for its end.
  boost::asio::awaitable<HealResult> heal_engine(std::string engine, TestFailure failure, By by);

  // Once, after the runtime's recovery: takes up the open heals it found; `waiting` ones get a slot in their order.
  void adopt_recovered(const std::vector<std::string>& heals);
  // All heals that are open now, by engine.
  [[nodiscard]] const std::map<std::string, std::string>& open_heals() const { return open_; }
  // Waits until the heal ends.
  boost::asio::awaitable<HealResult> wait_for(std::string engine, std::string heal);

 private:
  boost::asio::awaitable<HealResult> begin(EngineToHeal engine, TestFailure failure, By by);
  boost::asio::awaitable<HealResult> skip(EngineToHeal engine, By by, std::string reason);
  void let_one_go();
  void free_slot(const std::string& heal);

  engine::Runtime& runtime_;
  const engine::Clock& clock_;
  FindEngine find_engine_;
  TriggerSettings settings_;
  std::map<std::string, std::string> open_;  // engine -> heal; empty while its first commit is under way
  std::set<std::string> slots_;              // heals that hold one
  unsigned beginning_ = 0;                   // slots held by heals whose first commit is under way
  std::deque<std::string> waiting_;          // heals in Triggered, oldest first
};

}  // namespace autoheal::workflows
