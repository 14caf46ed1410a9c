#include "workflows/auto_heal_trigger.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "workflows/json_writer.hpp"

namespace autoheal::workflows {

namespace asio = boost::asio;

AutoHealTrigger::AutoHealTrigger(engine::Runtime& runtime, const engine::Clock& clock, FindEngine find_engine,
                                 TriggerSettings settings)
    : runtime_(runtime), clock_(clock), find_engine_(std::move(find_engine)), settings_(settings) {}

asio::awaitable<HealResult> AutoHealTrigger::heal_engine(std::string name, TestFailure failure, By by) {
  auto engine = find_engine_(name);
  if (!engine) {
    HealResult unknown;
    unknown.engine = name;
    unknown.error = "no engine of this name is configured";
    co_return unknown;
  }
  // The first commit of a heal that just began: its id is known within one turn.
  while (open_.contains(name) && open_.at(name).empty()) co_await asio::post(runtime_.executor(), asio::use_awaitable);
  if (const auto open = open_.find(name); open != open_.end()) {
    const std::string heal = open->second;
    runtime_.runner().submit<Heal>(heal, Join{failure.error, by});
    co_return co_await wait_for(name, heal);
  }
  std::string reason;
  if (!settings_.enabled || !engine->spec->healing.enabled) reason = "disabled";
  if (reason.empty() && engine->spec->healing.observe_only && !failure.asked_for) reason = "observe";
  if (!reason.empty()) co_return co_await skip(std::move(*engine), std::move(by), std::move(reason));
  co_return co_await begin(std::move(*engine), std::move(failure), std::move(by));
}

asio::awaitable<HealResult> AutoHealTrigger::skip(EngineToHeal engine, By by, std::string reason) {
  engine::NewEntry entry;
  entry.type = "heal.skipped";
  entry.time = clock_.now();
  entry.actor = by.principal;
  entry.subject = engine.spec->name;
  JsonWriter data;
  entry.data = data.begin_object().field("reason", reason).end_object().take();
  const engine::AppendStatus status = co_await runtime_.append("ledger", std::move(entry));
  HealResult result;
  result.engine = engine.spec->name;
  result.ending = status == engine::AppendStatus::ok ? HealEnding::skipped : HealEnding::never_began;
  result.error = status == engine::AppendStatus::ok ? "auto-heal disabled" : "the ledger could not be written";
  co_return result;
}

asio::awaitable<HealResult> AutoHealTrigger::begin(EngineToHeal engine, TestFailure failure, By by) {
  const EngineSpec& spec = *engine.spec;
  const bool free = failure.failed_dependency.empty() && slots_.size() + beginning_ < settings_.max_concurrent;
  Triggered facts;
  facts.engine = spec.name;
  facts.strategy = spec.strategy;
  facts.max_retries = spec.healing.max_retries;
  facts.retry_delay = spec.healing.retry_delay;
  facts.configuration = engine.configuration;
  facts.error = failure.error;
  facts.waits = !free;
  facts.by = std::move(by);
  open_[spec.name] = {};
  if (free) ++beginning_;
  HealInput input = Begin{std::move(facts)};  // named: g++ 12 destroys braced temporaries of a co_await twice
  const auto heal = co_await runtime_.start<Heal>(std::move(input));
  if (free) --beginning_;
  if (!heal) {
    open_.erase(spec.name);
    HealResult failed;
    failed.engine = spec.name;
    failed.error = heal.error().message;
    co_return failed;
  }
  open_[spec.name] = *heal;
  if (!failure.failed_dependency.empty()) {
    runtime_.runner().submit<Heal>(*heal, Cancel{EndReason::dependency_failed, {}});
  } else if (free) {
    slots_.insert(*heal);
  } else {
    waiting_.push_back(*heal);
  }
  co_return co_await wait_for(spec.name, *heal);
}

asio::awaitable<HealResult> AutoHealTrigger::wait_for(std::string engine, std::string heal) {
  const auto state = co_await runtime_.finished<Heal>(heal);
  if (const auto open = open_.find(engine); open != open_.end() && open->second == heal) open_.erase(open);
  free_slot(heal);
  if (state) co_return result_of(*state, heal);
  HealResult failed;
  failed.engine = engine;
  failed.heal = heal;
  failed.error = state.error().message;
  co_return failed;
}

void AutoHealTrigger::free_slot(const std::string& heal) {
  std::erase(waiting_, heal);
  if (slots_.erase(heal) > 0) let_one_go();
}

void AutoHealTrigger::let_one_go() {
  while (!waiting_.empty() && slots_.size() + beginning_ < settings_.max_concurrent) {
    const std::string heal = waiting_.front();
    waiting_.pop_front();
    slots_.insert(heal);
    runtime_.runner().submit<Heal>(heal, Go{});
  }
}

void AutoHealTrigger::adopt_recovered(const std::vector<std::string>& heals) {
  for (const std::string& heal : heals) {
    const HealState* state = runtime_.runner().state<Heal>(heal);
    if (state == nullptr) continue;
    open_[state->engine] = heal;
    if (state->phase == Phase::triggered) {
      waiting_.push_back(heal);
    } else {
      slots_.insert(heal);
    }
  }
  let_one_go();
}

}  // namespace autoheal::workflows
