#include "tests/simulation/judge.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace autoheal::simulation {

using namespace autoheal::testing;
using namespace workflows;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

constexpr Duration grace = minutes(2);  // a failure may wait so long for a second look, for quiet, for what it needs

std::string time_of_day(Duration at) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at).count();
  char text[32];
  std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld ", static_cast<long long>(seconds / 3600),
                static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
  return text;
}

struct EngineNow {
  EngineSpec spec;
  unsigned depth = 0;  // how many lie below it, one upon the other
  std::string open_heal;
  Duration held_until{0};
  // brakes
  Duration cooldown{0}, cools_until{0}, quiet_until{0};
  Duration failed_itself{-hours(1)}, may_cool_until{0};  // when a heal of its own was exhausted last
  std::vector<Duration> heals;                           // that the daemon began
  // the failure that is seen now
  std::optional<Duration> fails_since;
  Duration failed_last{0};
  unsigned failures = 0;
  bool sure = false, named = false;
  bool passed_last = false;
};

// Why a heal ended says nothing of its engine.
bool is_of_others(const std::string& reason) {
  return reason == "dependency_failed" || reason == "held" || reason == "disabled";
}

class Judge {
 public:
  Judge(const std::vector<Happening>& history, const Rules& rules) : rules_(rules) {
    for (const EngineSpec& spec : rules.engines) {
      EngineNow& engine = engines_[spec.name];
      engine.spec = spec;
      for (const std::string& needed : spec.depends_on)
        engine.depth = std::max(engine.depth, engines_.at(needed).depth + 1);
    }
    for (const Happening& one : history) {
      if (one.what == "heal.exhausted") reasons_[one.entry.stream] = data_of(one).at("reason");
    }
    for (const Happening& one : history) judge(one);
    judge_the_end();
  }

  std::vector<std::string> take() { return std::move(broken_); }

 private:
  static nlohmann::json data_of(const Happening& one) { return nlohmann::json::parse(one.entry.data); }
  void complain(Duration at, const std::string& engine, const std::string& what) {
    broken_.push_back(time_of_day(at) + engine + ": " + what);
  }

  void judge(const Happening& one) {
    if (one.what == "switched on" || one.what == "switched off") enabled_ = one.what == "switched on";
    if (one.what == "held" && one.engine.empty()) all_held_until_ = one.until;
    if (one.what == "unheld" && one.engine.empty()) all_held_until_ = Duration{0};
    if (one.engine.empty()) return;
    EngineNow& engine = engines_.at(one.engine);
    if (one.what == "held") engine.held_until = one.until;
    if (one.what == "unheld") engine.held_until = Duration{0};
    if (one.what == "reset") {
      engine.cooldown = engine.cools_until = engine.may_cool_until = engine.quiet_until = Duration{0};
      engine.heals.clear();
    }
    if (one.what == "tested") judge_test(engine, one);
    if (one.what == "heal.triggered") judge_begin(engine, one);
    // One that only waits, for its service to hold or for its next attempt, has given its slot back.
    if (one.what == "heal.plan_certified" || one.what == "heal.rollback_started") judge_slot(engine, one);
    if (one.what == "heal.certification_started" || one.what == "heal.rolled_back") repairing_.erase(one.engine);
    if (one.what == "heal.skipped") judge_skip(engine, one);
    if (one.what == "heal.completed" || one.what == "heal.exhausted") judge_ending(engine, one);
  }

  void judge_test(EngineNow& engine, const Happening& one) {
    const EngineTested& tested = one.test->tested;
    engine.passed_last = tested.outcome == TestOutcome::passed;
    if (engine.passed_last) passed(engine, one.at);
    if (tested.outcome != TestOutcome::failed) return;
    if (!engine.fails_since) {
      engine.fails_since = one.at;
      engine.failures = 0;
      engine.sure = engine.named = false;
    }
    ++engine.failures;
    engine.failed_last = one.at;
    engine.sure = engine.sure || one.test->sure;
    engine.named = engine.named || !engine.open_heal.empty() || one.at < engine.quiet_until;
  }

  void passed(EngineNow& engine, Duration at) {
    judge_silence(engine, at);
    engine.fails_since.reset();
    engine.cooldown = engine.cools_until = Duration{0};
    // A test that a heal overtook tells nothing, though it passed.
    if (at - engine.failed_itself > minutes(1)) engine.may_cool_until = Duration{0};
  }

  void judge_silence(EngineNow& engine, Duration at) {
    if (!engine.fails_since || engine.named) return;
    const bool counts = engine.sure || engine.failures >= engine.spec.healing.fail_after;
    if (counts && at - *engine.fails_since > grace)
      complain(at, engine.spec.name,
               "failed since " + time_of_day(*engine.fails_since) + "and nobody was told why not");
  }

  void judge_begin(EngineNow& engine, const Happening& one) {
    const std::string& name = engine.spec.name;
    const bool by_daemon = data_of(one).at("by").at("via") == "daemon";
    if (!engine.open_heal.empty()) complain(one.at, name, "two heals at once");
    if (one.at < std::max(engine.held_until, all_held_until_)) complain(one.at, name, "healed though held");
    if (!enabled_ || !engine.spec.healing.enabled) complain(one.at, name, "healed though switched off");
    engine.open_heal = one.entry.stream;
    engine.named = true;
    if (by_daemon) judge_brakes(engine, one);
  }

  void judge_brakes(EngineNow& engine, const Happening& one) {
    const std::string& name = engine.spec.name;
    if (engine.spec.healing.observe_only) complain(one.at, name, "healed though only observed");
    if (one.at < engine.cools_until) complain(one.at, name, "healed before its pause was over");
    if (one.at < engine.quiet_until) complain(one.at, name, "healed though quiet");
    std::erase_if(engine.heals, [&](Duration began) { return began + hours(1) <= one.at; });
    if (reasons_[one.entry.stream] == "flapping") {
      engine.quiet_until = one.at + hours(1);
      return;
    }
    if (is_of_others(reasons_[one.entry.stream])) return;  // what it needs failed: that counts for nothing
    engine.heals.push_back(one.at);
    if (engine.heals.size() > engine.spec.healing.max_heals_per_hour)
      complain(one.at, name, "too many heals in an hour");
  }

  // Who is told to cool down has a pause of its own.
  void judge_skip(EngineNow& engine, const Happening& one) {
    engine.named = true;
    if (data_of(one).at("reason") == "cooldown" && one.at > engine.may_cool_until + std::chrono::seconds(1))
      complain(one.at, engine.spec.name, "cools down, though no heal of its own failed");
  }

  void judge_slot(EngineNow& engine, const Happening& one) {
    repairing_.insert(engine.spec.name);
    if (repairing_.size() > rules_.max_concurrent)
      complain(one.at, engine.spec.name, "more heals at once than allowed");
  }

  void judge_ending(EngineNow& engine, const Happening& one) {
    if (engine.open_heal != one.entry.stream) complain(one.at, engine.spec.name, "a heal ended that was not open");
    engine.open_heal.clear();
    repairing_.erase(engine.spec.name);
    if (one.what == "heal.completed") return passed(engine, one.at);
    if (reasons_[one.entry.stream].empty()) complain(one.at, engine.spec.name, "exhausted without a reason");
    if (is_of_others(reasons_[one.entry.stream])) return;
    const Duration shortest = engine.spec.healing.cooldown;
    engine.cooldown = std::min(longest_cooldown, std::max(shortest, engine.cooldown * 2));
    engine.cools_until = engine.may_cool_until = one.at + engine.cooldown;
    engine.failed_itself = one.at;
  }

  void judge_the_end() {
    for (auto& [name, engine] : engines_) {
      judge_silence(engine, engine.failed_last);
      if (!engine.open_heal.empty()) complain(engine.failed_last, name, "its heal never ended");
      const bool is_lost = std::ranges::find(rules_.lost, name) != rules_.lost.end();
      if (is_lost || engine.spec.healing.observe_only || !engine.spec.healing.enabled) continue;
      if (!engine.passed_last) complain(engine.failed_last, name, "still fails at the end of the day");
      // Its own pause, and that of each that it needs, which may have failed it at its very end.
      const Duration latest = rules_.calm + longest_cooldown * (engine.depth + 1) + minutes(10);
      if (engine.failed_last > latest) complain(engine.failed_last, name, "was healed later than its pauses explain");
    }
  }

  const Rules& rules_;
  std::map<std::string, EngineNow> engines_;
  std::map<std::string, std::string> reasons_;  // of exhausted heals
  std::set<std::string> repairing_;
  bool enabled_ = true;
  Duration all_held_until_{0};
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> broken_rules(const std::vector<Happening>& history, const Rules& rules) {
  return Judge(history, rules).take();
}

}  // namespace autoheal::simulation
