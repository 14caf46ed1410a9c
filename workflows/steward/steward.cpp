#include "autoheal/workflows/steward/steward.hpp"

#include <stdexcept>
#include <utility>

#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/workflows/heal/heal_table.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::string_view heal_family = "heal.";

// The value of a word of the list; `otherwise` for a word of another version.
template <class Enum>
Enum listed(std::string_view word, Enum otherwise) {
  return known_value<Enum>(words_for<Enum>, word).value_or(otherwise);
}

TriggerSource source_in(const EntryJson& data) {
  const auto by = data.find("by");
  return by ? listed(by->value("via", std::string()), TriggerSource::other) : TriggerSource::daemon;
}

bool is_open(Phase phase) {
  return phase == Phase::triggered || phase == Phase::repairing || phase == Phase::certifying ||
         phase == Phase::retrying;
}

OpenPhase open_phase(Phase phase) {
  switch (phase) {
    case Phase::repairing:
      return OpenPhase::repairing;
    case Phase::certifying:
      return OpenPhase::certifying;
    case Phase::retrying:
      return OpenPhase::retrying;
    default:
      return OpenPhase::triggered;
  }
}

}  // namespace

void Steward::take(const engine::Entry& entry, std::string_view data) {
  try {
    if (entry.type.starts_with(heal_family) && entry.type != "heal.skipped") {
      take_heal(entry, data);
    } else {
      take_other(entry, data);
    }
  } catch (const std::invalid_argument&) {
    ++figures_.unreadable;
  }
}

void Steward::remember(const engine::Entry& entry, std::string_view data) {
  const StewardFigures before = figures_;
  take(entry, data);
  figures_ = before;
}

StewardFigures Steward::figures() const {
  StewardFigures figures = figures_;
  for (const auto& [stream, heal] : open_) ++figures.open[open_phase(heal.phase)];
  figures.engines_exhausted = exhausted_.size();
  return figures;
}

void Steward::take_heal(const engine::Entry& entry, std::string_view data) {
  const std::string_view type = std::string_view(entry.type).substr(heal_family.size());
  if (type == "triggered") {
    const EntryJsonDocument document(data);
    const auto strategy = known_value<Strategy>(words_for<Strategy>, document.root().at("strategy").text());
    if (!strategy) throw std::invalid_argument("a strategy of another version");
    ++figures_.triggers[source_in(document.root())][TriggerEnd::started];
    open_[entry.stream] = {*strategy, Phase::triggered, entry.time, false};
    return;
  }
  const auto heal = open_.find(entry.stream);
  if (heal == open_.end()) return;  // it ended, or began before what was folded
  try {
    take_step(heal->second, type, entry, data);
  } catch (const std::invalid_argument&) {  // its phase goes on all the same
    ++figures_.unreadable;
  }
  if (const auto phase = phase_after(heal->second.phase, type)) heal->second.phase = *phase;
  if (!is_open(heal->second.phase)) open_.erase(heal);
}

void Steward::take_step(OpenHeal& heal, std::string_view type, const engine::Entry& entry, std::string_view data) {
  if (type == "trigger_joined") {
    const EntryJsonDocument document(data);
    ++figures_.triggers[source_in(document.root())][TriggerEnd::joined];
  } else if (type == "repair_started" || type == "certification_started" || type == "rollback_started") {
    heal.step_began = entry.time;
    heal.applies = false;
  } else if (type == "plan_recorded") {
    observe(heal, TimedStep::plan, entry.time);
  } else if (type == "plan_certified") {
    ++figures_.certifications[Certifier::plan][RefusedFor::none];
    heal.applies = true;
  } else if (type == "plan_refused") {
    count_refusals(Certifier::plan, data);
  } else if (type == "repair_finished" || type == "repair_failed") {
    if (std::exchange(heal.applies, false)) observe(heal, TimedStep::apply, entry.time);
  } else if (type == "certified") {
    ++figures_.certifications[Certifier::outcome][RefusedFor::none];
    observe(heal, TimedStep::certify, entry.time);
  } else if (type == "certification_refused") {
    count_refusals(Certifier::outcome, data);
    observe(heal, TimedStep::certify, entry.time);
  } else if (type == "rolled_back") {
    observe(heal, TimedStep::roll_back, entry.time);
  } else if (type == "retry_scheduled") {
    ++figures_.attempts[heal.strategy][AttemptEnd::failed];
  } else if (type == "completed") {
    end_heal(entry, data, HealEnd::complete);
  } else if (type == "exhausted") {
    end_heal(entry, data, HealEnd::exhausted);
  }
}

void Steward::end_heal(const engine::Entry& entry, std::string_view data, HealEnd end) {
  const EntryJsonDocument document(data);
  const OpenHeal& heal = open_.at(entry.stream);
  ++figures_.heals[heal.strategy][end];
  figures_.heal_took[end].observe(Duration(document.root().value("took_us", std::int64_t{0})));
  if (end == HealEnd::complete) {
    ++figures_.attempts[heal.strategy][AttemptEnd::certified];
    exhausted_.erase(entry.subject);
    return;
  }
  const bool attempt_is_open = heal.phase == Phase::repairing || heal.phase == Phase::certifying;
  if (attempt_is_open) ++figures_.attempts[heal.strategy][AttemptEnd::failed];
  exhausted_.insert(entry.subject);
  ++figures_.exhausted_for[value_of<EndReason>(words_for<EndReason>, document.root().at("reason").text())];
}

void Steward::count_refusals(Certifier by, std::string_view data) {
  const EntryJsonDocument document(data);
  std::set<RefusedFor> criteria;
  for (const EntryJson refusal : document.root().at("refusals")) {
    criteria.insert(listed(refusal.at("criterion").text(), RefusedFor::other));
  }
  if (criteria.empty()) criteria.insert(RefusedFor::other);
  for (const RefusedFor criterion : criteria) ++figures_.certifications[by][criterion];
}

void Steward::take_other(const engine::Entry& entry, std::string_view data) {
  if (entry.type == "heal.skipped") {
    const EntryJsonDocument document(data);
    ++figures_.triggers[source_in(document.root())][TriggerEnd::skipped];
    ++figures_.skips[listed(document.root().at("reason").text(), SkipReason::other)];
  } else if (entry.type == "selftest.engine_tested") {
    const EntryJsonDocument document(data);
    if (document.root().at("outcome").text() == "passed") exhausted_.erase(entry.subject);
  } else if (entry.type == "engine.reset") {
    if (entry.subject.empty()) {
      exhausted_.clear();
    } else {
      exhausted_.erase(entry.subject);
    }
  }
}

void Steward::observe(OpenHeal& heal, TimedStep step, Timestamp now) {
  figures_.step_took[step].observe(now - heal.step_began);
  heal.step_began = now;
}

}  // namespace autoheal::workflows
