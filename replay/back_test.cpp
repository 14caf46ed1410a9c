#include "replay/back_test.hpp"

#include <algorithm>
#include <mutex>

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
  const unsigned attempts = answer.replayed.state.attempt;
  if (answer.replayed.verdict != Verdict::same) return Effect::not_replayable;
  if (other.ending == Ending::not_begun) return Effect::would_not_begin;
  if (is_refused_instead(other)) return Effect::would_be_refused;
  if (other.ending == Ending::unknown) return Effect::unknown;
  if (other.ending != answer.recorded)
    return other.ending == Ending::certified ? Effect::would_be_certified : Effect::would_exhaust;
  if (other.attempts == attempts) return Effect::unchanged;
  return other.attempts < attempts ? Effect::fewer_attempts : Effect::more_attempts;
}

}  // namespace

Result<BackTest> back_test(const engine::LedgerView& ledger, const engine::BlobStore& vault, Adoptions& adoptions,
                           const BackTestOptions& options) {
  std::mutex mutex;
  BackTest all;
  std::map<std::uint64_t, BackTested> changed;
  const auto visit = [&](WholeHeal whole, const PastWorld& world) {
    const engine::Entry first = whole.entries.front();
    if (whole.again || (options.since && first.time < *options.since)) return;
    RecordedHeal heal(std::move(whole.entries), world.blobs());
    const WhatIf answer = what_if(heal, world, options.settings(first.subject, first.actor));
    BackTested one{first.stream,
                   first.subject,
                   first.time,
                   effect_of(answer),
                   answer.recorded,
                   answer.other.ending,
                   answer.replayed.state.attempt,
                   answer.other.attempts,
                   answer.other.why};
    if (one.effect == Effect::not_replayable)
      one.why = answer.replayed.divergence ? line_of(*answer.replayed.divergence) : answer.replayed.why;
    const std::lock_guard lock(mutex);
    ++all.heals;
    ++all.totals[one.effect];
    if (one.effect == Effect::unchanged) return;
    changed.emplace(whole.order, std::move(one));
    if (changed.size() > most_changes_told) changed.erase(std::prev(changed.end()));
  };
  const auto read = for_each_heal(ledger, vault, adoptions, options, visit);
  if (!read) return std::unexpected(read.error());
  for (auto& [order, one] : changed) all.changed.push_back(std::move(one));
  return all;
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
