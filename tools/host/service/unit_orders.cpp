#include "tools/host/service/unit_orders.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace autoheal::host {

namespace {

using workflows::is_transitional;
using workflows::RunOutcome;
using workflows::ServiceState;

constexpr std::array<std::pair<std::string_view, UnitVerb>, 5> verbs = {
    {{"start", UnitVerb::start},
     {"stop", UnitVerb::stop},
     {"restart", UnitVerb::restart},
     {"reload", UnitVerb::reload},
     {"reload-or-restart", UnitVerb::reload_or_restart}}};

constexpr Duration margin = std::chrono::seconds(10);         // for systemd itself
constexpr Duration usual_limit = std::chrono::seconds(90);    // systemd's default
constexpr Duration silence_borne = std::chrono::seconds(15);  // of a manager that executes itself anew
constexpr Duration short_pause = std::chrono::seconds(10);    // a longer one before a restart is not sat out
constexpr Duration first_look = std::chrono::milliseconds(5);
constexpr Duration longest_look = std::chrono::milliseconds(250);
constexpr unsigned restarts_watched = 2;

std::string seconds_of(Duration time) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(time).count();
  return seconds % 60 == 0 && seconds > 0 ? fmt::format("{} min", seconds / 60) : fmt::format("{} s", seconds);
}

class OrderUnderWay {
 public:
  OrderUnderWay(UnitManager& manager, const UnitOrder& order, const std::function<Duration()>& now)
      : manager_(manager), order_(order), now_(now), began_(now()) {}

  RunOutcome run() {
    if (!look()) return refused("how it is could not be asked: " + problem_);
    if (!facts_.told()) return by_its_answer();
    set_limit();
    if (const std::string why = held_back_by(facts_, order_.unit); !why.empty() && order_.verb != UnitVerb::stop)
      return refused(why);
    if (auto ended = let_it_settle()) return std::move(*ended);
    if (auto ended = without_order()) return std::move(*ended);
    before_ = facts_;
    if (order_.verb != UnitVerb::stop && order_.verb != UnitVerb::reload) manager_.reset_failed(order_.unit);
    ordered_ = verb_for_now();
    if (const auto taken = manager_.order(ordered_, order_.unit); !taken) return refused(taken.error().message);
    return await();
  }

 private:
  [[nodiscard]] bool brings_up() const {
    return order_.verb == UnitVerb::start || order_.verb == UnitVerb::restart ||
           order_.verb == UnitVerb::reload_or_restart;
  }
  [[nodiscard]] ServiceState state() const { return status_of(facts_).state; }

  // A manager that executes itself anew, or a bus that is started again, is silent for a while.
  bool look() {
    const Duration until = now_() + silence_borne;
    while (true) {
      auto facts = manager_.look(order_.unit);
      if (facts) {
        if (facts->sub_state != facts_.sub_state) phase_began_ = now_();
        facts_ = std::move(*facts);
        return true;
      }
      problem_ = facts.error().message;
      if (facts.error().kind != ErrorKind::unavailable || now_() >= until) return false;
      manager_.wait(longest_look);
    }
  }

  RunOutcome by_its_answer() {
    if (brings_up()) manager_.reset_failed(order_.unit);
    return manager_.order_and_wait(order_.verb, order_.unit,
                                   order_.timeout > Duration(0) ? order_.timeout : longest_wait);
  }

  void set_limit() {
    const Duration start = facts_.start_limit.value_or(usual_limit), stop = facts_.stop_limit.value_or(usual_limit);
    endless_ = stop == without_end || (order_.verb != UnitVerb::stop && start == without_end);
    limit_ = endless_                        ? longest_wait
             : order_.verb == UnitVerb::stop ? stop + margin
                                             : std::min(start, longest_wait) + std::min(stop, longest_wait) + margin;
  }

  // Each phase of a unit has its limit (before the start, the start itself, ...), so the time counts from its newest.
  [[nodiscard]] bool is_over() const {
    if (order_.timeout > Duration(0)) return now_() - began_ >= order_.timeout;
    return now_() - phase_began_ >= limit_ || now_() - began_ >= std::max(longest_wait, limit_);
  }

  bool pause() {
    manager_.wait(pause_);
    pause_ = std::min(pause_ * 2, longest_look);
    return look();
  }

  std::optional<RunOutcome> let_it_settle() {
    const ServiceState found = state();
    const std::string found_run = facts_.invocation;
    bool stopped_by_others = false, waited = false;
    while (is_transitional(state()) || !facts_.job.empty()) {
      if (facts_.sub_state == "auto-restart" && facts_.restart_pause.value_or(Duration(0)) > short_pause) break;
      if (is_over()) return refused(in_time("what was under way has not ended, nothing was added to it"));
      stopped_by_others = stopped_by_others || facts_.job == "stop";
      waited = true;
      if (!pause()) return refused("how it is could not be asked any more: " + problem_);
    }
    pause_ = first_look;
    phase_began_ = now_();
    if (!waited || !brings_up()) return std::nullopt;
    const bool came_up =
        found == ServiceState::starting || found == ServiceState::stopping || facts_.invocation != found_run;
    if (state() == ServiceState::running && came_up) return done("was brought up by systemd already");
    if (stopped_by_others) return refused("a stop job of somebody else was under way; it is not started against that");
    return std::nullopt;
  }

  // The unit already is as ordered.
  std::optional<RunOutcome> without_order() {
    const bool runs = state() == ServiceState::running;
    if (order_.verb == UnitVerb::start && runs) return done("ran already");
    if (order_.verb == UnitVerb::stop && is_dead(state())) return done("did not run");
    if (order_.verb == UnitVerb::reload && !runs) return refused("it does not run, so it cannot reload");
    return std::nullopt;
  }

  [[nodiscard]] UnitVerb verb_for_now() const {
    return brings_up() && is_dead(state()) ? UnitVerb::start : order_.verb;
  }

  RunOutcome await() {
    phase_began_ = now_();
    while (true) {
      if (!pause()) return failed("it was ordered, then how it is could not be asked any more: " + problem_);
      if (facts_.job.empty()) {
        manager_.wait(Duration(0));  // how the job ended was told before this
        if (auto ended = arrived()) return std::move(*ended);
      }
      if (is_over()) return timed_out("it is not as ordered");
    }
  }

  [[nodiscard]] bool is_new_run() const { return facts_.invocation.empty() || facts_.invocation != before_.invocation; }

  std::optional<RunOutcome> arrived() {
    const ServiceState now = state();
    const std::string result = manager_.job_result();
    if (order_.verb == UnitVerb::stop) return is_dead(now) ? std::optional(done(what_was_done())) : std::nullopt;
    if (is_transitional(now)) {
      if (facts_.restarts < before_.restarts + restarts_watched) return std::nullopt;
      return failed("it does not come up, systemd tries again and again");
    }
    if (now == ServiceState::running) {
      const bool did = result.empty() || result == "done" || result == "skipped" ||
                       (order_.verb == UnitVerb::restart && is_new_run());
      return did ? done(what_was_done()) : failed(fmt::format("its job ended as \"{}\"", result));
    }
    const bool ran_to_its_end = facts_.type == "oneshot" && now == ServiceState::stopped && is_new_run() &&
                                (facts_.result.empty() || facts_.result == "success");
    if (ran_to_its_end && order_.verb != UnitVerb::reload) return done("ran to its end");
    const bool plainly = result.empty() || result == "done" || result == "failed";
    return failed(plainly ? "it does not run" : fmt::format("its job ended as \"{}\"", result));
  }

  [[nodiscard]] std::string what_was_done() const {
    switch (ordered_) {
      case UnitVerb::start:
        return "was started";
      case UnitVerb::restart:
        return "was restarted";
      case UnitVerb::stop:
        return "was stopped";
      case UnitVerb::reload:
      case UnitVerb::reload_or_restart:
        break;
    }
    return is_new_run() ? "was restarted" : "was reloaded";
  }

  [[nodiscard]] std::string named() const { return fmt::format("{} of {}", name_of(order_.verb), order_.unit); }
  [[nodiscard]] std::string as_it_is() const {
    return facts_.told() ? "; systemd says: " + in_words(facts_) : std::string();
  }

  RunOutcome ended(bool taken, int exit_code) const {
    RunOutcome outcome;
    outcome.started = taken;
    outcome.exit_code = exit_code;
    outcome.took = now_() - began_;
    return outcome;
  }
  RunOutcome done(const std::string& how) const {
    RunOutcome outcome = ended(true, 0);
    outcome.standard_output = fmt::format("{} {}{}\n", order_.unit, how, as_it_is());
    return outcome;
  }
  RunOutcome failed(const std::string& why) const {
    RunOutcome outcome = ended(true, 1);
    outcome.message = fmt::format("{}: {}{}", named(), why, as_it_is());
    outcome.standard_error = outcome.message + "\n";
    return outcome;
  }
  // Nothing was done, so there is nothing to undo.
  RunOutcome refused(const std::string& why) const {
    RunOutcome outcome = ended(false, -1);
    outcome.message = fmt::format("{}: {}{}", named(), why, as_it_is());
    return outcome;
  }
  RunOutcome timed_out(const std::string& why) const { return failed(in_time(why)); }
  [[nodiscard]] std::string in_time(const std::string& why) const {
    const std::string whose = order_.timeout > Duration(0) ? "the time limit given"
                              : endless_                   ? "since its unit sets no limit"
                                                           : "the limits of its unit";
    return fmt::format("{} after {} ({})", why, seconds_of(now_() - began_), whose);
  }

  UnitManager& manager_;
  const UnitOrder& order_;
  const std::function<Duration()>& now_;
  Duration began_, phase_began_ = began_, limit_{0}, pause_ = first_look;
  bool endless_ = false;
  UnitVerb ordered_ = UnitVerb::start;
  UnitFacts facts_, before_;
  std::string problem_;
};

}  // namespace

std::optional<UnitVerb> unit_verb_of(std::string_view word) {
  const auto found = std::ranges::find(verbs, word, &std::pair<std::string_view, UnitVerb>::first);
  return found == verbs.end() ? std::nullopt : std::optional(found->second);
}

std::string_view name_of(UnitVerb verb) {
  return std::ranges::find(verbs, verb, &std::pair<std::string_view, UnitVerb>::second)->first;
}

RunOutcome carry_out(UnitManager& manager, const UnitOrder& order, const std::function<Duration()>& now) {
  return OrderUnderWay(manager, order, now).run();
}

}  // namespace autoheal::host
