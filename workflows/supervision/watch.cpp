#include "autoheal/workflows/supervision/watch.hpp"

#include <algorithm>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::workflows {

namespace {

// A failure that is not sure is looked at again this soon, or sooner where the schedule is denser.
constexpr Duration second_look_after = std::chrono::seconds(5);
constexpr Duration not_recorded_again_after = std::chrono::seconds(2);
constexpr Duration overdue_too_long = std::chrono::minutes(1);
constexpr Duration test_lasts_too_long = std::chrono::minutes(10);
constexpr Duration unsettled_too_long = std::chrono::minutes(1);
// A test that writes to what is watched would lead to the next one: those that follow keep a growing distance.
constexpr Duration shortest_pause = std::chrono::milliseconds(15);
constexpr Duration longest_pause = std::chrono::minutes(1);
constexpr Duration events_come_within = std::chrono::milliseconds(20);  // of what caused them

// After so many tests in a row during which files were written to; one may be chance, and somebody's edit.
Duration pause_after(unsigned disturbed_in_row) {
  Duration pause{0};
  for (unsigned test = 1; test < disturbed_in_row && pause < longest_pause; ++test)
    pause = pause == Duration{0} ? shortest_pause : pause * 2;
  return std::min(pause, longest_pause);
}

// Nothing happens when the observer's own trouble is over: that is looked for, less and less often.
Duration look_after_unknown(Duration first, unsigned in_row) {
  for (unsigned test = 1; test < in_row && first < longest_pause; ++test) first *= 2;
  return std::min(first, longest_pause);
}

Duration second_look(const EngineSpec& spec) {
  return spec.every > Duration{0} ? std::min(spec.every, second_look_after) : second_look_after;
}

// The cause of a skip, which is reported again only if it changes. While a service goes down, or stays down, more and
// more probes fail for the same cause.
std::string cause_of(const std::string& reason, const TestReport& report) {
  std::string cause = reason;
  if (reason == "stopped_by_hand" || reason == held_back) return cause;
  for (const std::string& probe : report.failing) cause += '\0' + probe;
  return cause;
}

}  // namespace

void Watch::configure(const std::vector<std::shared_ptr<const EngineSpec>>& engines, unsigned max_tests, Duration now) {
  max_tests_ = max_tests;
  auto before = std::exchange(engines_, {});
  dependents_.clear();
  due_.clear();
  for (const auto& spec : engines) {
    for (const std::string& needed : spec->depends_on) dependents_[needed].push_back(spec->name);
    auto known = before.extract(spec->name);
    Watched& engine = engines_[spec->name];
    if (!known.empty()) engine = std::move(known.mapped());
    const bool same = engine.spec && *engine.spec == *spec;
    engine.spec = spec;
    set_due(engine, engine.due);
    if (same) continue;
    engine.brakes = {};
    engine.told.clear();
    engine.damage.clear();
    engine.waits = false;
    engine.overtaken = engine.testing;
    test_at(engine, now);
  }
  // A running test or heal of a removed engine keeps its slot until it ends.
  for (auto& [name, engine] : before) {
    if (!engine.testing && !engine.healing) continue;
    engine.spec.reset();
    engine.due.reset();
    engines_[name] = std::move(engine);
  }
}

Watch::Watched* Watch::find(const std::string& name) {
  const auto known = engines_.find(name);
  return known == engines_.end() || !known->second.spec ? nullptr : &known->second;
}

void Watch::remember_heal(const std::string& name, Duration began) {
  Watched* engine = find(name);
  if (engine == nullptr) return;
  // As begin_heal() decided it then.
  if (engine->brakes.flaps(engine->spec->healing, began)) {
    engine->brakes.suppress(began);
  } else {
    engine->brakes.heal_began(began);
  }
}

void Watch::remember_exhausted(const std::string& name, Duration when) {
  if (Watched* engine = find(name)) engine->brakes.exhausted(engine->spec->healing, when);
}

void Watch::remember_passed(const std::string& name) {
  if (Watched* engine = find(name)) engine->brakes.passed();
}

void Watch::look(const std::string& name, LookCause cause, Duration now) {
  Watched* engine = find(name);
  if (engine == nullptr) return;
  if (cause == LookCause::file_changed) return file_changed(*engine, now);
  test_at(*engine, now);
}

void Watch::file_changed(Watched& engine, Duration now) {
  engine.last_file_event = now;
  const bool of_test = engine.testing || (engine.test_ended && now - *engine.test_ended < events_come_within);
  if (of_test && !std::exchange(engine.disturbed, true)) ++engine.disturbed_in_row;
  const Duration settled = now + engine.spec->healing.settle;
  const Duration pause = of_test && !engine.healing ? pause_after(engine.disturbed_in_row) : Duration{0};
  test_at(engine, std::max(settled, now + pause));
}

void Watch::set_due(Watched& engine, std::optional<Duration> when) {
  AUTOHEAL_CHECK(!when || is_free(engine));
  if (engine.due) due_.erase({*engine.due, engine.spec->name});
  engine.due = when;
  if (when) due_.emplace(*when, engine.spec->name);
}

void Watch::test_at(Watched& engine, Duration when) {
  if (!is_free(engine)) {
    engine.again = std::min(engine.again.value_or(when), when);
  } else {
    set_due(engine, std::min(engine.due.value_or(when), when));
  }
}

void Watch::test_what_became_due(Watched& engine) {
  if (!is_free(engine) || !engine.again) return;
  test_at(engine, *std::exchange(engine.again, std::nullopt));
}

void Watch::tested(const TestReport& report, EngineSwitches switches, Duration now) {
  const std::string& name = report.tested.engine;
  const auto known = engines_.find(name);
  if (known == engines_.end() || !known->second.testing) return;
  Watched& engine = known->second;
  AUTOHEAL_CHECK(tests_under_way_ > 0);
  --tests_under_way_;
  engine.testing = false;
  engine.lateness = Watched::Lateness::none;
  engine.test_ended = now;
  if (!engine.spec) {
    if (!engine.healing) engines_.erase(known);
    return;
  }
  engine.switches = switches;
  if (std::exchange(engine.overtaken, false)) {
    test_at(engine, now);
  } else if (!postpone(engine, report, now) && !passes_soon(engine, report, now)) {
    take_report(engine, with_damage(engine, report));
    // Never before those that have waited longer, however slow this test was.
    if (engine.spec->every > Duration{0}) test_at(engine, std::max(now, *engine.test_began + engine.spec->every));
    after_test(engine, now);
    if (report.tested.outcome == TestOutcome::passed) look_for_damage(engine, now);
  }
  test_what_became_due(engine);
  tell_dependents(name, now);
}

void Watch::after_test(Watched& engine, Duration now) {
  const TestReport& report = *engine.last;
  if (report.tested.outcome == TestOutcome::unknown) {
    engine.waits = false;
    return test_at(engine, now + look_after_unknown(second_look(*engine.spec), ++engine.unknown_in_row));
  }
  engine.unknown_in_row = 0;
  if (report.tested.outcome == TestOutcome::passed) {
    works_again(engine);
    engine.brakes.passed();
    engine.told.clear();
    engine.skipped.clear();
    engine.waits = false;
    engine.unsettled_since.reset();
    test_those_failed_for(engine, now);
    snapshot_if_due(engine, now);
    return;
  }
  spoil_copies(engine);
  if (!engine.waits) engine.failed_at = *engine.test_began;
  // A service that is meant to be down says nothing about its health once it runs again.
  const bool explained = engine.stopped_by_hand || !report.held_back.empty();
  if (!explained && !engine.brakes.failed_enough(engine.spec->healing, report.sure)) {
    test_at(engine, now + second_look(*engine.spec));
    return;
  }
  consider(engine, now);
}

// A failure that counts: the brakes have their say, in the order in which a person would give reasons.
void Watch::consider(Watched& engine, Duration now) {
  const HealingSpec& healing = engine.spec->healing;
  if (!engine.switches.enabled || !healing.enabled) return skip(engine, "disabled", now);
  if (engine.switches.held) return skip(engine, "held", now);
  if (engine.stopped_by_hand) return skip(engine, "stopped_by_hand", now);
  if (!engine.last->held_back.empty()) return skip(engine, held_back, now);
  if (!settles(engine, now)) return;
  if (healing.observe_only) return skip(engine, "observe", now);
  if (const auto until = engine.brakes.quiet_until(now)) {
    engine.skipped = "flapping";  // told by the heal that ended so
    engine.waits = false;
    test_at(engine, *until);
    return tell_dependents(engine.spec->name, now);
  }
  if (const auto until = engine.brakes.cools_until(now)) {
    test_at(engine, *until);
    return skip(engine, "cooldown", now);
  }
  heal_or_wait(engine, now);
}

// Somebody may be at work on its files.
bool Watch::settles(Watched& engine, Duration now) {
  const Duration settle = engine.spec->healing.settle;
  if (!engine.last_file_event || now - *engine.last_file_event >= settle) {
    engine.unsettled_since.reset();
    return true;
  }
  if (!engine.unsettled_since) engine.unsettled_since = now;
  if (now - *engine.unsettled_since >= std::max(unsettled_too_long, settle)) skip(engine, "unsettled", now);
  test_at(engine, *engine.last_file_event + settle);
  return false;
}

void Watch::heal_or_wait(Watched& engine, Duration now) {
  StartHeal heal;
  heal.engine = engine.spec->name;
  heal.error = engine.last->tested.error;
  engine.waits = false;
  for (const std::string& name : engine.spec->depends_on) {
    Watched* needed = find(name);
    if (needed == nullptr) continue;
    if (needed->healing) {
      heal.needs.push_back(name);
      continue;
    }
    const bool not_counted = needed->in_grace || (needed->postponed_since && needed->skipped.empty());
    if (not_counted) {  // it is tested again once its grace is over, or it is written
      engine.waits = true;
      continue;
    }
    const bool fresh = !needed->testing && needed->last && *needed->test_began >= engine.failed_at;
    // A failure that has to be seen once more, or that waits itself, is not settled yet.
    const bool open =
        needed->waits || (fresh && needed->last->tested.outcome == TestOutcome::failed && needed->skipped.empty());
    if (!fresh || open) {
      engine.waits = true;
      if (!fresh && !needed->testing) test_at(*needed, now);
      continue;
    }
    if (needed->last->tested.outcome == TestOutcome::failed) heal.failed_dependency = name;
  }
  if (engine.waits) return;
  if (!heal.failed_dependency.empty()) return fail_for_dependency(engine, std::move(heal), now);
  begin_heal(engine, std::move(heal), now);
}

// Told once by a heal that ends at once; the engine is tested again when what it needs passes.
void Watch::fail_for_dependency(Watched& engine, StartHeal heal, Duration now) {
  const std::string reason(name_of(EndReason::dependency_failed));
  engine.skipped = reason;
  if (engine.told == cause_of(reason, *engine.last)) return tell_dependents(engine.spec->name, now);
  heal.needs.clear();
  begin_heal(engine, std::move(heal), now);
}

void Watch::test_those_failed_for(const Watched& engine, Duration now) {
  const auto dependents = dependents_.find(engine.spec->name);
  if (dependents == dependents_.end()) return;
  for (const std::string& name : dependents->second) {
    Watched& dependent = engines_.at(name);
    if (dependent.skipped != name_of(EndReason::dependency_failed)) continue;
    dependent.told.clear();
    dependent.skipped.clear();
    test_at(dependent, now);
  }
}

void Watch::begin_heal(Watched& engine, StartHeal heal, Duration now) {
  AUTOHEAL_CHECK(is_free(engine));
  const bool of_its_own = heal.failed_dependency.empty();
  heal.flapping = of_its_own && engine.brakes.flaps(engine.spec->healing, now);
  if (heal.flapping) {
    engine.brakes.suppress(now);
  } else if (of_its_own) {
    engine.brakes.heal_began(now);
    engine.heal_counted = true;
  }
  set_due(engine, std::nullopt);
  spoil_copies(engine);
  engine.healing = true;
  engine.skipped.clear();
  engine.told.clear();
  acts_.emplace_back(std::move(heal));
  tell_dependents(engine.spec->name, now);
}

void Watch::skip(Watched& engine, const std::string& reason, Duration now) {
  engine.waits = false;
  engine.skipped = reason;
  if (reason != "unsettled") engine.unsettled_since.reset();
  const std::string cause = cause_of(reason, *engine.last);
  if (engine.told != cause) {
    engine.told = cause;
    SkipHeal skipped{engine.spec->name, reason, engine.last->tested.error};
    if (reason == held_back) skipped.error += "; " + engine.last->held_back;
    if (reason == "cooldown") skipped.until = engine.brakes.cools_until(now);
    acts_.emplace_back(std::move(skipped));
  }
  tell_dependents(engine.spec->name, now);
}

void Watch::tell_dependents(const std::string& needed, Duration now) {
  const auto dependents = dependents_.find(needed);
  if (dependents == dependents_.end()) return;
  for (const std::string& name : dependents->second) {
    Watched& engine = engines_.at(name);
    if (engine.waits && is_free(engine)) consider(engine, now);
  }
}

void Watch::heal_began(const std::string& name) {
  Watched* engine = find(name);
  if (engine == nullptr) return;
  set_due(*engine, std::nullopt);
  spoil_copies(*engine);
  engine->healing = true;
  engine->waits = false;
  engine->in_grace = false;
  engine->stopped_by_hand = false;
  engine->stopped_in_heal = false;
  engine->stopped_for_packages = false;
  engine->overtaken = engine->testing;
}

void Watch::heal_ended(const HealResult& result, Duration now) {
  const auto known = engines_.find(result.engine);
  if (known == engines_.end() || !known->second.healing) return;
  Watched& engine = known->second;
  engine.healing = false;
  engine.rolled_back_at = result.ending == HealEnding::exhausted ? std::optional(now) : std::nullopt;
  engine.ended = ProcessEnd::unknown;  // how it did before is dealt with, and the heal's own stops are nobody's
  engine.postponed_since.reset();
  const bool stopped_by_hand = std::exchange(engine.stopped_in_heal, false);
  engine.stopped_by_hand = stopped_by_hand && result.ending == HealEnding::exhausted;
  const bool counted = std::exchange(engine.heal_counted, false);
  engine.test_ended.reset();
  if (!engine.spec) {
    if (!engine.testing) engines_.erase(known);
    return;
  }
  switch (result.ending) {
    case HealEnding::certified:
      if (counted && result.changed_nothing) engine.brakes.heal_never_began();
      after_certified(engine, now);
      break;
    case HealEnding::skipped:
      engine.skipped = result.reason;
      if (engine.last) engine.told = cause_of(result.reason, *engine.last);  // by the part that skipped it
      break;
    case HealEnding::exhausted:
    case HealEnding::never_began:
      if (result.reason == not_recorded) {
        // That says nothing of the engine: no brake is drawn, and it is looked at again soon, until there is room.
        engine.skipped = not_recorded;
        if (counted) engine.brakes.heal_never_began();
        return test_at(engine, now + not_recorded_again_after);
      }
      draw_brake(engine, result, counted, now);
      break;
  }
  if (engine.spec->every > Duration{0}) test_at(engine, now + engine.spec->every);
  test_what_became_due(engine);
  tell_dependents(result.engine, now);
}

void Watch::draw_brake(Watched& engine, const HealResult& result, bool counted, Duration now) {
  engine.skipped = result.reason.empty() ? "exhausted" : result.reason;
  if (concerns_others(result.reason)) {
    if (counted) engine.brakes.heal_never_began();
    if (engine.last) engine.told = cause_of(result.reason, *engine.last);
    return;
  }
  engine.brakes.exhausted(engine.spec->healing, now);
  if (const auto until = engine.brakes.cools_until(now)) test_at(engine, *until);
}

// A certificate counts as a pass until the next test. Engines that need this one are tested, and healed only if they
// fail then.
void Watch::after_certified(Watched& engine, Duration now) {
  works_again(engine);
  engine.brakes.passed();
  engine.damage.clear();
  engine.last.reset();
  engine.skipped.clear();
  engine.told.clear();
  const auto dependents = dependents_.find(engine.spec->name);
  if (dependents == dependents_.end()) return;
  test_those_failed_for(engine, now);
  for (const std::string& name : dependents->second) test_at(engines_.at(name), now);
}

void Watch::reset(const std::string& name, Duration now) {
  for (auto& [known, engine] : engines_) {
    if (!engine.spec || (!name.empty() && known != name)) continue;
    engine.brakes.reset();
    engine.stopped_by_hand = false;
    engine.stopped_for_packages = false;
    engine.told.clear();
    test_at(engine, now);
  }
}

std::vector<WatchAct> Watch::take_acts(Duration now) {
  while (tests_under_way_ < max_tests_ && !due_.empty() && due_.begin()->first <= now) {
    Watched& engine = engines_.at(due_.begin()->second);
    AUTOHEAL_CHECK(is_free(engine));
    set_due(engine, std::nullopt);
    engine.testing = true;
    engine.test_began = now;
    engine.lateness = Watched::Lateness::none;
    if (!std::exchange(engine.disturbed, false)) engine.disturbed_in_row = 0;
    ++tests_under_way_;
    acts_.emplace_back(StartTest{engine.spec->name});
  }
  return std::exchange(acts_, {});
}

std::optional<Duration> Watch::next_wake() const {
  if (tests_under_way_ >= max_tests_ || due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

// Its own interval at least, so that a slow schedule is not hurried.
std::optional<Watch::Late> Watch::late_at(const Watched& engine, Duration now) {
  if (!engine.spec || (!engine.testing && !engine.due)) return std::nullopt;
  const Duration time = now - (engine.testing ? *engine.test_began : *engine.due);
  if (time <= std::max(engine.spec->every, engine.testing ? test_lasts_too_long : overdue_too_long))
    return std::nullopt;
  return Late{engine.spec->name, time, engine.testing};
}

std::vector<Watch::Late> Watch::take_late(Duration now) {
  std::vector<Late> named;
  // Most of the time nothing is: then the first that is due tells that.
  const bool none_due = due_.empty() || now - due_.begin()->first <= overdue_too_long;
  if (tests_under_way_ == 0 && none_due) return named;
  for (auto& [name, engine] : engines_) {
    auto late = late_at(engine, now);
    if (!late || engine.lateness == Watched::Lateness::named) continue;
    // Right after a host slept everything is, and tested within moments.
    if (std::exchange(engine.lateness, Watched::Lateness::seen) == Watched::Lateness::none) continue;
    engine.lateness = Watched::Lateness::named;
    named.push_back(std::move(*late));
  }
  return named;
}

std::optional<Watch::Seen> Watch::seen(const std::string& name) const {
  const auto known = engines_.find(name);
  if (known == engines_.end() || !known->second.spec) return std::nullopt;
  const Watched& engine = known->second;
  Seen seen;
  if (engine.last) {
    seen.outcome = engine.last->tested.outcome;
    seen.error = engine.last->tested.error;
  }
  seen.skipped = engine.skipped;
  seen.until = engine.skipped == name_of(EndReason::flapping) ? engine.brakes.quiet_until(Duration::min())
                                                              : engine.brakes.cools_until(Duration::min());
  seen.snapshot_problem = engine.snapshot_problem;
  seen.testing = engine.testing;
  seen.healing = engine.healing;
  seen.stopped_by_hand = engine.stopped_by_hand;
  seen.late = engine.lateness == Watched::Lateness::named;
  return seen;
}

}  // namespace autoheal::workflows
