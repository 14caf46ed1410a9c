#include "workflows/auto_heal_trigger.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
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
  if (reason.empty() && hooks.hold_on && hooks.hold_on(name)) reason = "held";
  if (reason.empty() && engine->spec->healing.observe_only && !failure.asked_for) reason = "observe";
  if (!reason.empty()) co_return co_await skip(std::move(*engine), std::move(by), std::move(reason), failure.error);
  if (failure.asked_for && hooks.test) {
    co_await find_failing_needs(*engine->spec, failure);
    if (open_.contains(name)) co_return co_await heal_engine(name, std::move(failure), std::move(by));
  }
  co_return co_await begin(std::move(*engine), std::move(failure), std::move(by));
}

asio::awaitable<void> AutoHealTrigger::find_failing_needs(const EngineSpec& spec, TestFailure& failure) {
  for (const std::string& needed : spec.depends_on) {
    auto engine = find_engine_(needed);
    if (!engine) continue;
    const TestReport report = co_await hooks.test(std::move(*engine));
    if (report.tested.outcome == TestOutcome::failed) failure.needs.push_back(needed);
  }
}

asio::awaitable<HealResult> AutoHealTrigger::skip(EngineToHeal engine, By by, std::string reason, std::string error) {
  engine::NewEntry entry;
  entry.type = "heal.skipped";
  entry.actor = by.principal;
  entry.subject = engine.spec->name;
  JsonWriter data;
  data.begin_object().field("reason", reason).optional_field("error", error);
  if (reason == "observe" && hooks.would_have) data.key("would_have").raw(co_await hooks.would_have(engine));
  entry.data = data.end_object().take();
  entry.time = clock_.now();
  const engine::AppendStatus status = co_await runtime_.append("ledger", std::move(entry));
  HealResult result;
  result.engine = engine.spec->name;
  result.ending = status == engine::AppendStatus::ok ? HealEnding::skipped : HealEnding::never_began;
  result.reason = reason;
  if (status != engine::AppendStatus::ok) {
    result.error = "the ledger could not be written";
  } else if (reason == "held") {
    const auto hold = hooks.hold_on ? hooks.hold_on(engine.spec->name) : std::nullopt;
    result.error = hold ? "held until " + format_timestamp(hold->until) + " by " + hold->by.principal : "held";
  } else {
    result.error = reason == "observe" ? "only observed (mode: observe)" : "auto-heal disabled";
  }
  co_return result;
}

asio::awaitable<HealResult> AutoHealTrigger::begin(EngineToHeal engine, TestFailure failure, By by) {
  const EngineSpec& spec = *engine.spec;
  const bool ends_at_once = !failure.failed_dependency.empty() || failure.flapping;
  const bool free = !ends_at_once && failure.needs.empty() && slots_.size() + beginning_ < settings_.max_concurrent;
  Triggered facts;
  facts.engine = spec.name;
  facts.strategy = spec.strategy;
  facts.max_retries = spec.healing.max_retries;
  facts.retry_delay = spec.healing.retry_delay;
  facts.configuration = engine.configuration;
  facts.error = failure.error;
  facts.waits = !free;
  facts.needs = failure.needs;
  facts.by = by;
  open_[spec.name] = {};
  if (free) ++beginning_;
  if (hooks.began) hooks.began(spec.name);
  HealInput input = Begin{std::move(facts)};  // named: g++ 12 destroys braced temporaries of a co_await twice
  const auto heal = co_await runtime_.start<Heal>(std::move(input));
  if (free) --beginning_;
  if (!heal) {
    open_.erase(spec.name);
    HealResult failed;
    failed.engine = spec.name;
    failed.error = heal.error().message;
    if (hooks.ended) hooks.ended(failed);
    co_return failed;
  }
  open_[spec.name] = *heal;
  if (ends_at_once) {
    const EndReason reason = failure.flapping ? EndReason::flapping : EndReason::dependency_failed;
    runtime_.runner().submit<Heal>(*heal, Cancel{reason, {}});
  } else if (free) {
    slots_.insert(*heal);
  } else if (failure.needs.empty()) {
    waiting_.push_back(*heal);
  } else {
    asio::co_spawn(runtime_.executor(), wait_for_needs(*heal, failure.needs, by), asio::detached);
  }
  co_return co_await wait_for(spec.name, *heal);
}

// Heals what is not being healed where `by` says for whom; after a restart, what ended meanwhile has had its turn.
asio::awaitable<void> AutoHealTrigger::wait_for_needs(std::string heal, std::vector<std::string> needs,
                                                      std::optional<By> by) {
  for (const std::string& needed : needs) {
    HealResult result;
    result.ending = HealEnding::certified;
    if (const auto open = open_.find(needed); open != open_.end() && !open->second.empty()) {
      result = co_await wait_for(needed, std::string(open->second));
    } else if (by) {
      TestFailure failure;
      failure.error = "another engine needs it";
      failure.asked_for = by->via != "daemon";
      result = co_await heal_engine(needed, std::move(failure), *by);
    }
    if (result.ending == HealEnding::certified) continue;
    runtime_.runner().submit<Heal>(heal, Cancel{EndReason::dependency_failed, {}});
    co_return;
  }
  queue(heal);
}

void AutoHealTrigger::queue(const std::string& heal) {
  const HealState* state = runtime_.runner().state<Heal>(heal);
  if (state == nullptr || state->ending) return;
  waiting_.push_back(heal);
  let_one_go();
}

asio::awaitable<HealResult> AutoHealTrigger::wait_for(std::string engine, std::string heal) {
  const auto state = co_await runtime_.finished<Heal>(heal);
  const auto open = open_.find(engine);
  const bool first = open != open_.end() && open->second == heal;
  if (first) open_.erase(open);
  free_slot(heal);
  HealResult result;
  if (state) {
    result = result_of(*state, heal);
  } else {
    result.engine = engine;
    result.heal = heal;
    result.error = state.error().message;
  }
  if (first && hooks.ended) hooks.ended(result);
  co_return result;
}

void AutoHealTrigger::set(TriggerSettings settings) {
  settings_ = settings;
  let_one_go();
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
    if (hooks.began) hooks.began(state->engine);
    if (state->phase == Phase::triggered && !state->needs.empty()) {
      asio::co_spawn(runtime_.executor(), wait_for_needs(heal, state->needs, std::nullopt), asio::detached);
    } else if (state->phase == Phase::triggered) {
      waiting_.push_back(heal);
    } else {
      slots_.insert(heal);
    }
  }
  let_one_go();
}

}  // namespace autoheal::workflows
