#include "workflows/watch.hpp"

#include <algorithm>

namespace autoheal::workflows {

namespace {

// A failure that is not sure is looked at again this soon, or sooner where the schedule is denser.
constexpr Duration second_look_after = std::chrono::seconds(10);
constexpr Duration unsettled_too_long = std::chrono::minutes(1);

Duration second_look(const EngineSpec& spec) {
  return spec.every > Duration{0} ? std::min(spec.every, second_look_after) : second_look_after;
}

// What a skip is about: told again only when this is another.
std::string cause_of(const std::string& reason, const TestReport& report) {
  std::string cause = reason;
  for (const std::string& probe : report.failing) cause += '\0' + probe;
  return cause;
}

}  // namespace

void Watch::configure(const std::vector<std::shared_ptr<const EngineSpec>>& engines, unsigned max_tests, Duration now) {
  max_tests_ = max_tests;
  std::map<std::string, Watched> next;
  for (const auto& spec : engines) {
    auto known = engines_.extract(spec->name);
    const bool same = !known.empty() && *known.mapped().spec == *spec;
    Watched engine = known.empty() ? Watched{} : std::move(known.mapped());
    engine.spec = spec;
    if (!same) {
      engine.brakes.reset();
      engine.told.clear();
      engine.waits = false;
      test_at(engine, now);
    }
    next[spec->name] = std::move(engine);
  }
  // A test of an engine that is gone still takes its place until it ends.
  for (auto& [name, engine] : engines_) {
    if (!engine.testing) continue;
    engine.due.reset();
    engine.again = false;
    engine.spec.reset();
    next[name] = std::move(engine);
  }
  engines_ = std::move(next);
}

void Watch::remember_heal(const std::string& engine, Duration began) {
  if (const auto known = engines_.find(engine); known != engines_.end()) known->second.brakes.heal_began(began);
}

void Watch::remember_exhausted(const std::string& engine, Duration when) {
  const auto known = engines_.find(engine);
  if (known != engines_.end()) known->second.brakes.exhausted(known->second.spec->healing, when);
}

void Watch::remember_passed(const std::string& engine) {
  if (const auto known = engines_.find(engine); known != engines_.end()) known->second.brakes.passed();
}

void Watch::look(const std::string& name, LookCause cause, Duration now) {
  const auto known = engines_.find(name);
  if (known == engines_.end() || !known->second.spec) return;
  Watched& engine = known->second;
  if (cause == LookCause::file_changed) engine.last_file_event = now;
  if (engine.testing || engine.healing) {
    engine.again = true;
  } else {
    test_at(engine, cause == LookCause::file_changed ? now + engine.spec->healing.settle : now);
  }
}

void Watch::test_at(Watched& engine, Duration when) {
  if (engine.testing || engine.healing) return;
  engine.due = engine.due ? std::min(*engine.due, when) : when;
}

void Watch::tested(const TestReport& report, Standing standing, Duration now) {
  const auto known = engines_.find(report.tested.engine);
  if (known == engines_.end()) return;
  Watched& engine = known->second;
  if (engine.testing) --tests_under_way_;
  engine.testing = false;
  if (!engine.spec) {
    engines_.erase(known);
    return;
  }
  if (!engine.last || engine.last->tested.outcome != report.tested.outcome)
    acts_.emplace_back(RecordOutcome{report.tested});
  engine.last = report;
  engine.standing = standing;
  if (engine.spec->every > Duration{0}) engine.due = engine.test_began.value_or(now) + engine.spec->every;
  after_test(engine, now);
  if (!engine.healing && std::exchange(engine.again, false)) test_at(engine, now);
  tell_dependents(report.tested.engine, now);
}

void Watch::after_test(Watched& engine, Duration now) {
  const TestReport& report = *engine.last;
  if (report.tested.outcome == TestOutcome::unknown) {
    engine.waits = false;
    return;
  }
  if (report.tested.outcome == TestOutcome::passed) {
    engine.brakes.passed();
    engine.told.clear();
    engine.skipped.clear();
    engine.waits = false;
    engine.unsettled_since.reset();
    snapshot_if_due(engine, now);
    return;
  }
  if (!engine.waits) engine.failed_at = engine.test_began.value_or(now);
  if (engine.healing) return;
  if (!engine.brakes.failed_enough(engine.spec->healing, report.sure)) {
    test_at(engine, now + second_look(*engine.spec));
    return;
  }
  consider(engine, now);
}

void Watch::snapshot_if_due(Watched& engine, Duration now) {
  for (const StateRepair& state : engine.spec->repair.state) {
    if (!state.takes_snapshots) continue;
    if (!engine.last_snapshot || now - *engine.last_snapshot >= state.every) {
      engine.last_snapshot = now;
      acts_.emplace_back(TakeSnapshots{engine.spec->name});
    }
    test_at(engine, *engine.last_snapshot + state.every);
  }
}

// A failure that counts: the brakes have their say, in the order in which a person would give reasons.
void Watch::consider(Watched& engine, Duration now) {
  const HealingSpec& healing = engine.spec->healing;
  if (!engine.standing.enabled || !healing.enabled) return skip(engine, "disabled", now);
  if (engine.standing.held) return skip(engine, "held", now);
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
    const auto known = engines_.find(name);
    if (known == engines_.end() || !known->second.spec) continue;
    Watched& needed = known->second;
    if (needed.healing) {
      heal.needs.push_back(name);
      continue;
    }
    const bool fresh = !needed.testing && needed.last && needed.test_began && *needed.test_began >= engine.failed_at;
    // A failure that has to be seen once more, or that waits itself, is not settled yet.
    const bool open =
        needed.waits || (fresh && needed.last->tested.outcome == TestOutcome::failed && needed.skipped.empty());
    if (!fresh || open) {
      engine.waits = true;
      if (!fresh && !needed.testing) test_at(needed, now);
      continue;
    }
    if (needed.last->tested.outcome == TestOutcome::failed) heal.failed_dependency = name;
  }
  if (engine.waits) return;
  if (!heal.failed_dependency.empty()) heal.needs.clear();
  begin_heal(engine, std::move(heal), now);
}

void Watch::begin_heal(Watched& engine, StartHeal heal, Duration now) {
  heal.flapping = heal.failed_dependency.empty() && engine.brakes.flaps(engine.spec->healing, now);
  if (heal.flapping) {
    engine.brakes.fall_quiet(now);
  } else {
    engine.brakes.heal_began(now);
  }
  engine.healing = true;
  engine.due.reset();
  engine.skipped.clear();
  engine.told.clear();
  acts_.emplace_back(std::move(heal));
  tell_dependents(engine.spec->name, now);
}

void Watch::skip(Watched& engine, const std::string& reason, Duration now) {
  engine.waits = false;
  engine.skipped = reason;
  const std::string cause = cause_of(reason, *engine.last);
  if (engine.told != cause) {
    engine.told = cause;
    acts_.emplace_back(SkipHeal{engine.spec->name, reason, engine.last->tested.error});
  }
  tell_dependents(engine.spec->name, now);
}

void Watch::tell_dependents(const std::string& needed, Duration now) {
  for (auto& [name, engine] : engines_) {
    if (!engine.spec || !engine.waits || engine.testing || engine.healing) continue;
    if (std::ranges::find(engine.spec->depends_on, needed) != engine.spec->depends_on.end()) consider(engine, now);
  }
}

void Watch::heal_began(const std::string& name) {
  const auto known = engines_.find(name);
  if (known == engines_.end() || !known->second.spec) return;
  known->second.healing = true;
  known->second.waits = false;
  known->second.due.reset();
}

void Watch::heal_ended(const HealResult& result, Duration now) {
  const auto known = engines_.find(result.engine);
  if (known == engines_.end() || !known->second.spec) return;
  Watched& engine = known->second;
  engine.healing = false;
  if (result.ending == HealEnding::certified) {
    engine.brakes.passed();
    engine.last.reset();  // a certificate is a pass; the next test tells what is so then
    // What needs it is tested, and healed only if it fails then.
    for (auto& [name, other] : engines_) {
      if (other.spec && std::ranges::find(other.spec->depends_on, result.engine) != other.spec->depends_on.end())
        test_at(other, now);
    }
  } else if (result.ending == HealEnding::exhausted || result.ending == HealEnding::never_began) {
    engine.brakes.exhausted(engine.spec->healing, now);
    engine.skipped = result.reason.empty() ? "exhausted" : result.reason;
  } else {
    engine.skipped = result.error;
  }
  if (engine.spec->every > Duration{0}) test_at(engine, now + engine.spec->every);
  if (result.ending != HealEnding::certified) {
    if (const auto until = engine.brakes.cools_until(now)) test_at(engine, *until);
  }
  if (std::exchange(engine.again, false)) test_at(engine, now);
  tell_dependents(result.engine, now);
}

void Watch::reset(const std::string& name, Duration now) {
  for (auto& [known, engine] : engines_) {
    if (!engine.spec || (!name.empty() && known != name)) continue;
    engine.brakes.reset();
    engine.told.clear();
    test_at(engine, now);
  }
}

std::vector<WatchAct> Watch::take_acts(Duration now) {
  while (tests_under_way_ < max_tests_) {
    // The one that is overdue the longest.
    auto next = engines_.end();
    for (auto it = engines_.begin(); it != engines_.end(); ++it) {
      const Watched& engine = it->second;
      if (engine.testing || engine.healing || !engine.due || *engine.due > now) continue;
      if (next == engines_.end() || *engine.due < *next->second.due) next = it;
    }
    if (next == engines_.end()) break;
    next->second.due.reset();
    next->second.testing = true;
    next->second.test_began = now;
    ++tests_under_way_;
    acts_.emplace_back(StartTest{next->first});
  }
  return std::exchange(acts_, {});
}

std::optional<Duration> Watch::next_wake() const {
  if (tests_under_way_ >= max_tests_) return std::nullopt;
  std::optional<Duration> earliest;
  for (const auto& [name, engine] : engines_) {
    if (engine.testing || engine.healing || !engine.due) continue;
    if (!earliest || *engine.due < *earliest) earliest = engine.due;
  }
  return earliest;
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
  seen.testing = engine.testing;
  seen.healing = engine.healing;
  return seen;
}

}  // namespace autoheal::workflows
