// The watch's treatment of services in transition: a restart by hand, an upgrade, a pidfile that is being exchanged. A
// failure that may pass counts once its grace is over; one that cannot be wanted counts at once.
#include "autoheal/workflows/supervision/watch.hpp"

#include <algorithm>

namespace autoheal::workflows {

namespace {

// A starting service may have failed by now, and without a bus no event says so.
constexpr Duration state_is_asked_every = std::chrono::seconds(5);

}  // namespace

void Watch::process_ended(const std::string& name, ProcessEnd how, Duration now) {
  Watched* engine = find(name);
  if (engine == nullptr) return;
  // A rollback stops what its attempt started; that this process ended is told a moment after the heal has.
  const bool rolled_back_just_now = engine->rolled_back_at && now - *engine->rolled_back_at < own_stops_are_told_within;
  const bool by_the_heal = engine->healing || (how == ProcessEnd::wanted && rolled_back_just_now);
  if (!by_the_heal) engine->ended = how;
  // A test that began before it tells nothing of what is so now.
  engine->overtaken = engine->overtaken || engine->testing;
  test_at(*engine, now);
}

void Watch::stopped_by_hand(const std::string& name, bool by_hand, Duration now) {
  Watched* engine = find(name);
  if (engine == nullptr) return;
  if (engine->stopped_by_hand && !by_hand) engine->failing_since.reset();
  engine->stopped_by_hand = by_hand && !engine->healing;
  engine->stopped_for_packages = false;
  engine->overtaken = engine->overtaken || engine->testing;
  test_at(*engine, now);
}

void Watch::stopped_while_heal_waits(const std::string& name) {
  Watched* engine = find(name);
  if (engine == nullptr || !engine->healing || engine->stopped_in_heal) return;
  engine->stopped_in_heal = true;
  acts_.push_back(EndHeal{name});
}

void Watch::stopped_for_packages(const std::string& name, Duration now) {
  Watched* engine = find(name);
  if (engine == nullptr) return;
  engine->stopped_for_packages = !engine->healing;
  engine->overtaken = engine->overtaken || engine->testing;
  test_at(*engine, now);
}

void Watch::remember_stopped(const std::string& name) {
  if (Watched* engine = find(name)) engine->stopped_by_hand = true;
}

void Watch::works_again(Watched& engine) {
  engine.failing_since.reset();
  engine.ended = ProcessEnd::unknown;
  engine.stopped_by_hand = false;
  engine.stopped_for_packages = false;
}

// True: no outcome, no brake, no heal; it is tested again when the grace is over.
bool Watch::passes_soon(Watched& engine, const TestReport& report, Duration now) {
  engine.in_grace = false;
  if (report.tested.outcome != TestOutcome::failed) return false;
  engine.stopped_by_hand = engine.stopped_by_hand || report.stopped_by_hand;
  if (report.grace == Duration{0} || engine.stopped_by_hand) return false;
  const Duration since = engine.failing_since.value_or(*engine.test_began);
  engine.failing_since = since;
  if (!may_be_passing(engine.ended)) return false;
  if (now - since >= report.grace) {
    // Stopped in order: by its manager or its stop command, which took the pidfile away.
    const bool in_order = engine.ended == ProcessEnd::wanted && report.no_pidfile;
    engine.stopped_by_hand = engine.stopped_by_hand || in_order;
    return false;
  }
  engine.in_grace = true;
  spoil_copies(engine);
  test_at(engine, std::min(since + report.grace, now + state_is_asked_every));
  return true;
}

}  // namespace autoheal::workflows
