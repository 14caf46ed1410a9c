#include "autoheal/replay/what_if/back_test.hpp"

#include <algorithm>
#include <mutex>
#include <optional>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/replay/what_if/past_brakes.hpp"

#include "autoheal/workflows/supervision/brakes.hpp"

namespace autoheal::replay {

namespace {

constexpr std::size_t most_changes_told = 100'000;

bool is_refused_instead(const OtherCourse& other) {
  return std::ranges::any_of(other.instead, [](const engine::NewEntry& entry) {
    return entry.type == "heal.plan_refused" || entry.type == "heal.certification_refused";
  });
}

Effect effect_of(const WhatIf& answer) {
  const OtherCourse& other = answer.other;
  const unsigned attempts = answer.replayed.state.attempt_number();
  if (answer.replayed.verdict != Verdict::same) return Effect::not_replayable;
  if (other.ending == Ending::not_begun) return Effect::would_not_begin;
  if (is_refused_instead(other)) return Effect::would_be_refused;
  if (other.ending == Ending::unknown) return Effect::unknown;
  if (other.ending != answer.recorded)
    return other.ending == Ending::certified ? Effect::would_be_certified : Effect::would_exhaust;
  if (other.attempts == attempts) return Effect::unchanged;
  return other.attempts < attempts ? Effect::fewer_attempts : Effect::more_attempts;
}

Ending recorded_ending(const std::vector<engine::Entry>& entries) {
  Ending ending = Ending::open;
  for (const engine::Entry& entry : entries) {
    if (entry.type == "heal.completed") ending = Ending::certified;
    if (entry.type == "heal.exhausted") ending = Ending::exhausted;
  }
  return ending;
}

// The heal ended because an engine it needs failed, or because of a hold.
bool ended_for_others(RecordedHeal& heal) {
  for (std::size_t index = heal.size(); index-- > 0;) {
    if (heal.entry(index).type != "heal.exhausted") continue;
    const auto decoded = heal.decoded(index);
    const auto* ended = decoded ? std::get_if<workflows::Exhausted>(*decoded) : nullptr;
    return ended != nullptr && workflows::concerns_others(name_of(ended->reason));
  }
  return false;
}

// Each heal by itself first, by all workers; then all of them under the brakes.
class BackTesting {
 public:
  explicit BackTesting(const BackTestOptions& options) : options_(options) {}

  void look(const engine::Entry& entry) {
    const std::lock_guard lock(mutex_);
    brakes_.look(entry);
  }

  void visit(WholeHeal whole, const PastWorld& world) {
    if (whole.again) return;
    const engine::Entry first = whole.entries.front();
    PastHeal past;
    past.order = whole.order;
    past.id = parse_uuid(first.stream).value_or(Uuid{});
    past.began = first.position;
    past.began_at = first.time;
    past.ended = whole.entries.back().position;
    past.ended_at = whole.entries.back().time;
    past.recorded = past.other = recorded_ending(whole.entries);
    past.asked = !options_.since || first.time >= *options_.since;
    RecordedHeal heal(std::move(whole.entries), world.blobs());
    past.for_others = ended_for_others(heal);
    if (const auto begun = heal.decoded(0)) {
      const auto* triggered = std::get_if<workflows::Triggered>(*begun);
      past.by_daemon = triggered != nullptr && triggered->by.via == "daemon";
    }
    std::optional<BackTested> one;
    if (past.asked) one = tried(past, first, heal, world);
    const std::lock_guard lock(mutex_);
    past.engine = brakes_.number_of(first.subject);
    brakes_.take(past);
    if (one) count(past.order, std::move(*one));
  }

  BackTest finish() {
    const auto held = brakes_.judge([this](const std::string& engine) {
      const OtherSettings settings = options_.settings(engine, "autoheal");
      return settings.spec != nullptr ? std::optional(settings.spec->healing) : std::nullopt;
    });
    for (const auto& [order, one] : held) put_under(one);
    for (auto& [order, one] : changed_) all_.changed.push_back(std::move(one));
    return std::move(all_);
  }

 private:
  BackTested tried(PastHeal& past, const engine::Entry& first, RecordedHeal& heal, const PastWorld& world) const {
    const WhatIf answer = what_if(heal, world, options_.settings(first.subject, first.actor));
    BackTested one{first.stream,
                   first.subject,
                   first.time,
                   effect_of(answer),
                   answer.recorded,
                   answer.other.ending,
                   answer.replayed.state.attempt_number(),
                   answer.other.attempts,
                   answer.other.why};
    if (one.effect == Effect::not_replayable)
      one.why = answer.replayed.divergence ? line_of(*answer.replayed.divergence) : answer.replayed.why;
    const workflows::phases::EndedExhausted* end = answer.replayed.state.exhausted();
    past.recorded = one.recorded;
    past.other = one.other;
    past.attempts = one.attempts_recorded;
    past.flapped = end != nullptr && end->reason == workflows::EndReason::flapping;
    return one;
  }

  void count(std::uint64_t order, BackTested one) {
    ++all_.heals;
    ++all_.totals[one.effect];
    if (one.effect == Effect::unchanged) return;
    changed_.emplace(order, std::move(one));
    if (changed_.size() > most_changes_told) changed_.erase(std::prev(changed_.end()));
  }

  void put_under(const PastBrakes::Held& held) {
    const PastHeal& heal = held.heal;
    BackTested one{to_string(heal.id),
                   brakes_.name_of(heal.engine),
                   heal.began_at,
                   Effect::unchanged,
                   heal.recorded,
                   heal.other,
                   heal.attempts,
                   0,
                   {}};
    if (const auto known = changed_.find(heal.order); known != changed_.end()) {
      one = known->second;
      changed_.erase(known);
    }
    --all_.heals;
    if (--all_.totals[one.effect] == 0) all_.totals.erase(one.effect);
    hold_back(one, held.brake);
    count(heal.order, std::move(one));
  }

  static void hold_back(BackTested& one, Brake brake) {
    one.attempts_other = 0;
    switch (brake) {
      case Brake::none:
        one.effect = Effect::unknown;
        one.other = Ending::unknown;
        one.why = "it would have begun: it was one too many in its hour, and would not be";
        return;
      case Brake::cooldown:
      case Brake::quiet:
        one.effect = Effect::would_not_begin;
        one.other = Ending::not_begun;
        one.why = brake == Brake::cooldown ? "cooldown" : "flapping: its hour of quiet is not over";
        return;
      case Brake::flaps:
        one.other = Ending::exhausted;
        one.why = "flapping: one more than max_heals_per_hour";
        one.effect = one.recorded == Ending::certified ? Effect::would_exhaust
                     : one.attempts_recorded > 0       ? Effect::fewer_attempts
                                                       : Effect::unchanged;
    }
  }

  const BackTestOptions& options_;
  std::mutex mutex_;
  PastBrakes brakes_;
  BackTest all_;
  std::map<std::uint64_t, BackTested> changed_;
};

}  // namespace

Result<BackTest> back_test(const engine::LedgerView& ledger, const engine::BlobStore& vault, Adoptions& adoptions,
                           const BackTestOptions& options) {
  BackTesting testing(options);
  EachHealOptions each = static_cast<const EachHealOptions&>(options);
  each.look = [&](const engine::Entry& entry) { testing.look(entry); };
  const auto visit = [&](WholeHeal whole, const PastWorld& world) { testing.visit(std::move(whole), world); };
  AUTOHEAL_TRY(for_each_heal(ledger, vault, adoptions, each, visit));
  return testing.finish();
}

std::string_view name_of(Effect effect) {
  switch (effect) {
    case Effect::unchanged:
      return "unchanged";
    case Effect::would_not_begin:
      return "would_not_begin";
    case Effect::would_be_refused:
      return "would_be_refused";
    case Effect::fewer_attempts:
      return "fewer_attempts";
    case Effect::more_attempts:
      return "more_attempts";
    case Effect::would_exhaust:
      return "would_exhaust";
    case Effect::would_be_certified:
      return "would_be_certified";
    case Effect::unknown:
      return "unknown";
    case Effect::not_replayable:
      break;
  }
  return "not_replayable";
}

}  // namespace autoheal::replay
