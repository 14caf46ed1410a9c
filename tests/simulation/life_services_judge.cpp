// Whether services were helped or left alone as they should be: judged by what was true of them, never by what the
// healer says of itself.
#include <algorithm>

#include "tests/simulation/life_record.hpp"

namespace autoheal::simulation {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using AtWhat = SeenAtService::What;
using OfWhat = SeenOfService::What;
using workflows::TestOutcome;

constexpr Duration its_grace = seconds(2);
constexpr Duration at_once = milliseconds(500);  // a test has its turn within that
constexpr Duration told_within = seconds(5);

class ServicesJudge {
 public:
  explicit ServicesJudge(const LifeRecord& record) : record_(record) {
    for (const SeenAtService& event : record.at_services) judge(event);
    for (const SeenOfService& seen : record.of_services) judge(seen);
    for (const SeenOrder& order : record.orders) judge(order);
    judge_heals();
  }
  std::vector<std::string> take() { return std::move(broken_); }

 private:
  void complain(Duration at, const std::string& engine, const std::string& what) {
    broken_.push_back("second " + std::to_string(std::chrono::duration_cast<seconds>(at).count()) + ", " + engine +
                      ": " + what);
  }

  // ---- what happened in [from, to)

  [[nodiscard]] bool died(Duration from, Duration to) const {
    return std::ranges::any_of(record_.deaths, [&](Duration at) { return at >= from && at < to; });
  }
  [[nodiscard]] bool said(const std::string& engine, OfWhat what, Duration from, Duration to) const {
    return std::ranges::any_of(record_.of_services, [&](const SeenOfService& one) {
      return one.engine == engine && one.what == what && one.at >= from && one.at < to;
    });
  }
  [[nodiscard]] bool unseen(const std::string& engine, Duration from, Duration to) const {
    return std::ranges::any_of(record_.of_services, [&](const SeenOfService& one) {
      return one.engine == engine && one.nobody_could_look && one.at >= from && one.at < to;
    });
  }
  [[nodiscard]] bool had_no_room(Duration from, Duration to) const {
    return std::ranges::any_of(record_.no_room, [&](const auto& one) { return one.first < to && one.second >= from; });
  }
  [[nodiscard]] std::vector<const SeenEntry*> begun(const std::string& engine, Duration from, Duration to) const {
    std::vector<const SeenEntry*> begun;
    for (const SeenEntry& one : record_.entries) {
      if (one.type == "heal.triggered" && one.by_daemon && one.engine == engine && one.at >= from && one.at < to)
        begun.push_back(&one);
    }
    return begun;
  }
  [[nodiscard]] bool completed(const std::string& heal) const {
    return std::ranges::any_of(record_.entries,
                               [&](const SeenEntry& one) { return one.heal == heal && one.type == "heal.completed"; });
  }

  // ---- rules

  void judge(const SeenAtService& event) {
    if (!event.worked || event.at >= record_.calm_from) return;
    switch (event.what) {
      case AtWhat::passes:
        return judge_passing(event);
      case AtWhat::crashed:
        return judge_crash(event);
      case AtWhat::stopped:
        return judge_stop(event, "somebody had stopped it through its manager, and it was healed");
      case AtWhat::stopped_in_order:
        return judge_stop(event, "somebody had stopped it in order, and it was healed");
      case AtWhat::stopped_plainly:
        return judge_plain_stop(event);
      case AtWhat::other:
        return;
    }
  }

  void judge_passing(const SeenAtService& event) {
    if (!event.came_back) return;
    if (!begun(event.engine, event.at, event.until + its_grace).empty())
      complain(event.at, event.engine, event.how + "; it came back by itself, and was healed all the same");
  }

  void judge_crash(const SeenAtService& event) {
    const Duration until = event.at + at_once;
    if (!event.told || died(event.at, until) || had_no_room(event.at, until)) return;
    const bool is_dealt_with = said(event.engine, OfWhat::wanted, event.at, until) ||
                               said(event.engine, OfWhat::left_alone, event.at, until) ||
                               said(event.engine, OfWhat::asked, event.at, until) ||
                               unseen(event.engine, event.at, until) || !begun(event.engine, event.at, until).empty();
    if (!is_dealt_with && !is_paused(event.engine, event.at))
      complain(event.at, event.engine, event.how + "; its crash was not repaired at once");
  }

  // It flaps: told by a heal that ended so, and quiet for an hour. Its end tells nothing anew.
  [[nodiscard]] bool is_paused(const std::string& engine, Duration at) const {
    return std::ranges::any_of(record_.entries, [&](const SeenEntry& one) {
      return one.engine == engine && one.reason == "flapping" && one.at <= at && at - one.at <= minutes(61);
    });
  }

  // Another unit's stop in the same moment may be its cause.
  [[nodiscard]] bool is_explained(const SeenAtService& event) const {
    return std::ranges::any_of(record_.at_services, [&](const SeenAtService& one) {
      return one.how == with_another_unit && std::chrono::abs(one.at - event.at) <= seconds(2);
    });
  }

  // As long as that daemon lives, or has written down that it knows.
  void judge_stop(const SeenAtService& event, const std::string& sentence) {
    if (!event.told || is_explained(event)) return;
    const Duration told = *event.told, until = event.until == Duration{0} ? record_.calm_from : event.until;
    const bool written = said(event.engine, OfWhat::stopped_by_hand, told, told + told_within);
    const bool otherwise = said(event.engine, OfWhat::left_alone, told, told + told_within) ||
                           said(event.engine, OfWhat::asked, event.at, told + told_within) ||
                           unseen(event.engine, event.at, told + told_within) ||
                           had_no_room(event.at, told + told_within);
    if (!written && !otherwise && !died(event.at, told + told_within) && told + told_within < until)
      complain(event.at, event.engine, event.how + ", and nobody was told that it is left alone");
    for (const SeenEntry* heal : begun(event.engine, told, until)) {
      // A daemon remembers a day of the ledger, by the wall clock.
      const bool a_day_passed =
          std::ranges::any_of(record_.clock_set, [&](Duration at) { return at >= event.at && at <= heal->at; });
      const bool forgotten = (!written || a_day_passed) && died(told, heal->at);
      if (forgotten || said(event.engine, OfWhat::asked, event.at, heal->at)) return;
      return complain(heal->at, event.engine, sentence);
    }
  }

  void judge_plain_stop(const SeenAtService& event) {
    if (event.until == Duration{0}) return;
    const auto heals = begun(event.engine, event.at, event.until + its_grace);
    if (heals.size() > 1 && completed(heals.front()->heal) && !said(event.engine, OfWhat::asked, event.at, event.until))
      complain(event.at, event.engine, event.how + "; it was fought for by " + std::to_string(heals.size()) + " heals");
    const bool was_tried = !heals.empty() || said(event.engine, OfWhat::wanted, event.at, event.until + its_grace);
    const bool held = said(event.engine, OfWhat::stopped_by_hand, event.at, event.until);
    if (!was_tried && held) complain(event.at, event.engine, event.how + "; it was left alone, though nobody said so");
  }

  void judge(const SeenOfService& seen) {
    if (seen.what != OfWhat::tested) return;
    if (seen.nobody_could_look && seen.outcome == TestOutcome::failed)
      complain(seen.at, seen.engine, "nobody could look, and that counts as a failure");
    if (seen.outcome == TestOutcome::passed && !seen.taken_for_it.empty())
      complain(seen.at, seen.engine, seen.taken_for_it + " has its number and is taken for it");
  }

  void judge(const SeenOrder& order) {
    const std::string what = order.verb + ", attempt " + std::to_string(order.attempt);
    if (order.on_its_way) complain(order.at, order.engine, what + " was ordered while its unit was " + order.state);
    if (order.verb == "reload" && order.attempt > 1)
      complain(order.at, order.engine, what + ": it was reloaded again, which had not helped");
    if (order.verb == "reload" && !order.something_read_changed)
      complain(order.at, order.engine, what + ": it was reloaded, though nothing that it reads was changed");
  }

  void judge_heals() {
    std::map<std::string, const SeenEntry*> certifying;
    for (const SeenEntry& entry : record_.entries) {
      if (!entry.served) continue;
      if (entry.type == "heal.certification_started") certifying[entry.heal] = &entry;
      if (entry.type != "heal.completed" || !entry.unseen_since) continue;
      const auto began = certifying.find(entry.heal);
      if (began != certifying.end() && *entry.unseen_since < began->second->at)
        complain(entry.at, entry.engine, "it was certified while nobody could look");
    }
  }

  const LifeRecord& record_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> broken_service_rules(const LifeRecord& record) { return ServicesJudge(record).take(); }

}  // namespace autoheal::simulation
