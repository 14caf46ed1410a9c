#include "autoheal/workflows/supervision/auto_heal_trigger.hpp"

#include <fmt/core.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"
#include "autoheal/workflows/supervision/pause_text.hpp"

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
  bool looked_below = !failure.asked_for || !hooks.test;
  bool asked_managers = by.via == "daemon" || !hooks.held_back;
  while (true) {
    // The first commit of a heal that just began: its id is known within one turn.
    while (open_.contains(name) && open_.at(name).empty())
      co_await asio::post(runtime_.executor(), asio::use_awaitable);
    if (const auto open = open_.find(name); open != open_.end()) {
      const std::string heal = open->second;
      runtime_.runner().submit<Heal>(heal, Join{failure.error, by});
      co_return co_await wait_for(name, heal);
    }
    std::string reason = reason_to_skip(*engine->spec, failure);
    if (!reason.empty()) co_return co_await skip(std::move(*engine), std::move(by), std::move(reason), failure.error);
    if (looked_below && asked_managers) break;
    // That takes a while: another heal may begin, a person may take hold.
    if (!asked_managers) {
      EngineToHeal asked = *engine;
      const std::string why = co_await hooks.held_back(std::move(asked));
      std::string error = failure.error + (failure.error.empty() ? "" : "; ") + why;
      std::string reason_held = held_back;
      if (!why.empty())
        co_return co_await skip(std::move(*engine), std::move(by), std::move(reason_held), std::move(error));
    }
    if (!looked_below) co_await find_failing_needs(*engine->spec, failure);
    looked_below = asked_managers = true;
  }
  co_return co_await begin(std::move(*engine), std::move(failure), std::move(by));
}

std::string AutoHealTrigger::reason_to_skip(const EngineSpec& spec, const TestFailure& failure) const {
  if (!settings_.enabled || !spec.healing.enabled) return "disabled";
  if (hooks.hold_on && hooks.hold_on(spec.name)) return "held";
  if (spec.healing.observe_only && !failure.asked_for) return "observe";
  return {};
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
  endings_[engine.spec->name] = HealEnding::skipped;
  JsonWriter data;
  data.begin_object().field("reason", reason).optional_field("error", error);
  if (reason == "observe" && hooks.would_have) data.key("would_have").raw(co_await hooks.would_have(engine));
  engine::NewEntry entry = entry_by(by, "heal.skipped", engine.spec->name, clock_.now(), data);
  const engine::AppendStatus status = co_await runtime_.append("ledger", std::move(entry));
  HealResult result;
  result.engine = engine.spec->name;
  result.ending = status == engine::AppendStatus::ok ? HealEnding::skipped : HealEnding::never_began;
  result.reason = reason;
  if (status != engine::AppendStatus::ok) {
    result.error = "the ledger could not be written";
  } else if (reason == "held") {
    const auto hold = hooks.hold_on ? hooks.hold_on(engine.spec->name) : std::nullopt;
    result.error =
        hold ? fmt::format("held {} by {}", until_text(hold->until, clock_.now()), hold->by.principal) : "held";
  } else if (reason == "observe") {
    result.error = "only observed (mode: observe)";
  } else {
    result.error = reason == "disabled"  ? "auto-heal disabled"
                   : reason == held_back ? error
                                         : "not healed now: " + reason;
  }
  co_return result;
}

asio::awaitable<HealResult> AutoHealTrigger::begin(EngineToHeal engine, TestFailure failure, By by) {
  const EngineSpec& spec = *engine.spec;
  const bool ends_at_once = !failure.failed_dependency.empty() || failure.flapping;
  if (ends_at_once) failure.needs.clear();
  const bool free = !ends_at_once && failure.needs.empty() && taken() < settings_.max_concurrent;
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
  // One heal per engine: heal_engine() joined it where one is open.
  const bool is_first = open_.try_emplace(spec.name).second;
  AUTOHEAL_CHECK(is_first);
  if (free) ++beginning_;
  if (hooks.began) hooks.began(spec.name);
  std::string key = failure.idempotency_key;
  HealInput input = Begin{std::move(facts)};  // named: g++ 12 destroys braced temporaries of a co_await twice
  const auto heal = co_await runtime_.start<Heal>(std::move(input), std::move(key));
  if (free) {
    AUTOHEAL_CHECK(beginning_ > 0);
    --beginning_;
  }
  AUTOHEAL_CHECK(open_.contains(spec.name) && open_.at(spec.name).empty());
  if (!heal) {
    open_.erase(spec.name);
    HealResult failed;
    failed.engine = spec.name;
    failed.error = heal.error().message;
    if (heal.error().kind == ErrorKind::unavailable) failed.reason = not_recorded;
    if (hooks.ended) hooks.ended(failed);
    co_return failed;
  }
  if (free) take_slot(*heal);
  follow(spec.name, *heal);
  if (ends_at_once) {
    const EndReason reason = failure.flapping ? EndReason::flapping : EndReason::dependency_failed;
    runtime_.runner().submit<Heal>(*heal, Cancel{reason, {}});
  } else if (!failure.needs.empty()) {
    asio::co_spawn(runtime_.executor(), wait_for_needs(*heal, failure.needs, by), asio::detached);
  } else if (!free) {
    wait_for_slot(*heal);
  }
  co_return co_await wait_for(spec.name, *heal);
}

// After a restart nobody says for whom: what ended meanwhile has had its turn.
asio::awaitable<void> AutoHealTrigger::wait_for_needs(std::string heal, std::vector<std::string> needs,
                                                      std::optional<By> by) {
  for (const std::string& needed : needs) {
    const HealEnding ending = co_await ending_of_need(needed, by);
    if (ending == HealEnding::certified) continue;
    runtime_.runner().submit<Heal>(heal, Cancel{EndReason::dependency_failed, {}});
    co_return;
  }
  queue(heal);
}

asio::awaitable<HealEnding> AutoHealTrigger::ending_of_need(std::string needed, std::optional<By> by) {
  if (const auto open = open_.find(needed); open != open_.end() && !open->second.empty()) {
    const HealResult result = co_await wait_for(needed, std::string(open->second));
    co_return result.ending;
  }
  const bool by_daemon = by && by->via == "daemon";
  // The daemon names what is being healed, so it ended just now; another heal would pass its brakes.
  if (const auto ended = endings_.find(needed); by_daemon && ended != endings_.end()) co_return ended->second;
  if (!by) co_return HealEnding::certified;
  TestFailure failure;
  failure.error = "another engine needs it";
  failure.asked_for = !by_daemon;
  const HealResult result = co_await heal_engine(needed, std::move(failure), *by);
  co_return result.ending;
}

void AutoHealTrigger::queue(const std::string& heal) {
  const HealState* state = runtime_.runner().state<Heal>(heal);
  if (state == nullptr || state->ending) return;
  wait_for_slot(heal);
  start_next_waiting();
}

// A heal waits or holds a slot, each once.
void AutoHealTrigger::take_slot(const std::string& heal) {
  const bool is_new = slots_.insert(heal).second;
  AUTOHEAL_CHECK(is_new);
}

void AutoHealTrigger::wait_for_slot(const std::string& heal) {
  AUTOHEAL_CHECK(!slots_.contains(heal));
  waiting_.push_back(heal);
}

void AutoHealTrigger::follow(const std::string& engine, const std::string& heal) {
  open_[engine] = heal;
  asio::co_spawn(runtime_.executor(), await_end(engine, heal), asio::detached);
}

// One for each open heal, so that its end is reported once and its slot is released, independently of the callers that
// wait.
asio::awaitable<void> AutoHealTrigger::await_end(std::string engine, std::string heal) {
  const auto state = co_await runtime_.finished<Heal>(heal);
  HealResult result;
  if (state && state->has_ended()) {
    result = result_of(*state, heal);
  } else {
    result.engine = engine;
    result.heal = heal;
    result.error = state ? "the healer stopped" : state.error().message;
  }
  // A ledger of others may hold two of one engine: then the newer one stands here.
  if (const auto open = open_.find(engine); open != open_.end() && open->second == heal) open_.erase(open);
  endings_[engine] = result.ending;
  ended_[engine] = result;
  free_slot(heal);
  if (hooks.ended) hooks.ended(result);
}

asio::awaitable<HealResult> AutoHealTrigger::wait_for(std::string engine, std::string heal) {
  const auto is_open = [&] {
    const auto open = open_.find(engine);
    return open != open_.end() && open->second == heal;
  };
  if (is_open()) (void)co_await runtime_.finished<Heal>(heal);
  // Ends within one turn.
  while (is_open()) co_await asio::post(runtime_.executor(), asio::use_awaitable);
  if (const auto ended = ended_.find(engine); ended != ended_.end() && ended->second.heal == heal)
    co_return ended->second;
  HealResult unknown;
  unknown.engine = engine;
  unknown.heal = heal;
  unknown.error = "heal " + heal + " is not open";
  co_return unknown;
}

void AutoHealTrigger::set(TriggerSettings settings) {
  settings_ = settings;
  start_next_waiting();
}

void AutoHealTrigger::pause(const std::string& heal) {
  if (slots_.erase(heal) == 0) return;
  paused_.emplace(heal, clock_.since_boot());
  start_next_waiting();
}

bool AutoHealTrigger::waits_for(const std::string& engine, Duration time) const {
  const auto heal = open_.find(engine);
  const auto paused = heal == open_.end() ? paused_.end() : paused_.find(heal->second);
  return paused != paused_.end() && clock_.since_boot() - paused->second >= time;
}

void AutoHealTrigger::in_turn(const std::string& heal, std::function<void()> go) {
  if (!paused_.contains(heal)) return go();
  to_go_on_.push_back({heal, std::move(go)});
  start_next_waiting();
}

void AutoHealTrigger::free_slot(const std::string& heal) {
  std::erase(waiting_, heal);
  std::erase_if(to_go_on_, [&](const ToGoOn& one) { return one.heal == heal; });
  paused_.erase(heal);
  if (slots_.erase(heal) > 0) start_next_waiting();
}

void AutoHealTrigger::start_next_waiting() {
  while (!to_go_on_.empty() && taken() < settings_.max_concurrent) {
    const ToGoOn next = std::move(to_go_on_.front());
    to_go_on_.pop_front();
    paused_.erase(next.heal);
    take_slot(next.heal);
    next.go();
  }
  while (!waiting_.empty() && taken() < settings_.max_concurrent) {
    const std::string heal = waiting_.front();
    waiting_.pop_front();
    take_slot(heal);
    runtime_.runner().submit<Heal>(heal, SlotGranted{});
  }
}

void AutoHealTrigger::adopt_recovered(const std::vector<std::string>& heals) {
  std::vector<const HealState*> states;
  for (const std::string& heal : heals) {
    const HealState* state = runtime_.runner().state<Heal>(heal);
    states.push_back(state);
    if (state == nullptr) continue;
    follow(state->request->engine, heal);
    if (hooks.began) hooks.began(state->request->engine);
  }
  // Only now: what one needs may come after it.
  for (std::size_t index = 0; index < heals.size(); ++index) {
    const HealState* state = states[index];
    if (state == nullptr) continue;
    if (state->phase() != Phase::triggered) {
      take_slot(heals[index]);
    } else if (state->request->needs.empty()) {
      wait_for_slot(heals[index]);
    } else {
      asio::co_spawn(runtime_.executor(), wait_for_needs(heals[index], state->request->needs, std::nullopt),
                     asio::detached);
    }
  }
  start_next_waiting();
}

}  // namespace autoheal::workflows
