#include "autoheal/replay/decide/stepping.hpp"

#include <fmt/core.h>

#include "autoheal/replay/decide/state_text.hpp"
#include "autoheal/replay/text/changed_content.hpp"
#include "autoheal/replay/text/plan_text.hpp"
#include "autoheal/workflows/heal/heal_apply.hpp"

namespace autoheal::replay {

using namespace workflows;  // every line below reads its values

namespace {

constexpr std::size_t between_marks = 256;

std::string facts_line(const TargetFacts& facts) {
  std::string text = facts.path + ": " + std::string(name_of(facts.kind));
  if (facts.kind == TargetKind::absent) return text;
  if (facts.kind == TargetKind::link) return text + " -> " + facts.link_target;
  text += fmt::format(", {} {}:{}", octal(facts.mode), facts.uid, facts.gid);
  if (facts.kind == TargetKind::file) text += fmt::format(", {} bytes", facts.size);
  return facts.digest.empty() ? text : text + ", " + short_digest(facts.digest);
}

}  // namespace

Stepping::Stepping(RecordedHeal& heal, const PastWorld& world) : heal_(heal), world_(world) {}

Result<void> Stepping::fold(std::size_t index) {
  if (index % between_marks == 0 && marks_.size() == index / between_marks)
    marks_.push_back({state_, evidence_, evidence_place_});
  const auto decoded = heal_.decoded(index);
  AUTOHEAL_TRY(decoded);
  entry_ = **decoded;
  state_ = apply_heal_entry(std::move(state_), entry_);
  if (std::holds_alternative<RepairStarted>(entry_)) evidence_ = {};
  const bool judged = std::holds_alternative<Certified>(entry_) || std::holds_alternative<CertificationRefused>(entry_);
  if (!judged) return {};
  evidence_ = telling_of(entry_, state_);
  evidence_place_ = index;
  return {};
}

Result<void> Stepping::go_to(std::size_t place) {
  place = std::min(place, heal_.size() - 1);
  std::size_t from = place_ + 1;
  if (place <= place_ || marks_.empty()) {
    const std::size_t mark = std::min(place / between_marks, marks_.empty() ? 0 : marks_.size() - 1);
    state_ = marks_.empty() ? HealState{} : marks_[mark].state;
    evidence_ = marks_.empty() ? Telling{} : marks_[mark].evidence;
    evidence_place_ = marks_.empty() ? 0 : marks_[mark].evidence_place;
    from = mark * between_marks;
  }
  for (std::size_t index = from; index <= place; ++index) {
    if (auto folded = fold(index); !folded) {
      if (index == 0) return folded;
      place_ = index - 1;
      return folded;
    }
  }
  place_ = place;
  return {};
}

Telling Stepping::telling() const { return telling_of(entry_, state_); }

std::vector<std::string> Stepping::what_is() const {
  std::vector<std::string> lines = {replay::line_of(state_)};
  for (std::string& line : details_of(state_)) lines.push_back("  " + std::move(line));
  return lines;
}

std::vector<std::string> Stepping::seen() const {
  if (state_.observation() == nullptr) return {"nothing was looked at in this attempt so far"};
  const Observation& seen = *state_.observation();
  std::vector<std::string> lines;
  for (const TargetFacts& facts : seen.targets) lines.push_back(facts_line(facts));
  for (const auto& [link, releases] : seen.releases) {
    for (const ReleaseFacts& release : releases.checked)
      lines.push_back(
          fmt::format("{} could lead to {}{}", link, release.name, release.whole ? ": whole" : ": " + release.message));
  }
  for (const auto& [path, state] : seen.states) {
    if (!state.damage.empty()) lines.push_back(path + ": " + state.damage);
    for (const SnapshotFacts& snapshot : state.snapshots)
      lines.push_back(fmt::format("{} could come from {}, {} old{}", path, snapshot.name, seconds_text(snapshot.age),
                                  snapshot.problem.empty() ? "" : ": " + snapshot.problem));
  }
  lines.emplace_back(seen.service_running ? "the service runs" : "no service runs");
  if (seen.self_test_passes) lines.emplace_back("the self-test passes");
  if (seen.recovered) lines.emplace_back("what it needs was healed, and it holds since");
  return lines;
}

std::vector<std::string> Stepping::plan() const {
  const Plan* plan = state_.plan();
  if (plan == nullptr) return {"there is no plan at this point"};
  if (plan->empty()) return {"the plan changes nothing"};
  std::vector<std::string> lines;
  const auto whole = lines_of(*plan);
  for (std::size_t index = 0; index < whole.size(); ++index) {
    lines.push_back(std::to_string(index + 1) + ". " + whole[index]);
    if (index >= plan->changes.size()) continue;
    for (const std::string& line : content_lines(plan->changes[index], *state_.observation(), world_.blobs()))
      lines.push_back("     " + line);
  }
  return lines;
}

std::vector<std::string> Stepping::evidence() const {
  if (evidence_.sentence.empty()) return {"there is no evidence in this attempt so far"};
  std::vector<std::string> lines = {
      fmt::format("entry {}: {}", heal_.entry(evidence_place_).position.value, evidence_.sentence)};
  for (const std::string& detail : evidence_.details) lines.push_back("  " + detail);
  return lines;
}

std::vector<std::string> Stepping::timers() const {
  const Timestamp now = entry().time;
  std::vector<std::string> lines = {
      fmt::format("it is {}, {} after it began", format_timestamp(now), seconds_text(now - state_.request->began))};
  if (place_ > 0) lines.push_back(seconds_text(now - heal_.entry(place_ - 1).time) + " after the entry before");
  if (const phases::Retrying* wait = state_.retrying())
    lines.push_back(fmt::format("attempt {} is due at {}, in {}", wait->next_attempt, format_timestamp(wait->due),
                                seconds_text(wait->due - now)));
  if (state_.phase() == Phase::triggered) lines.emplace_back("it waits for its turn");
  if (const phases::Ended* end = state_.ended()) lines.push_back("it ended after " + seconds_text(end->took));
  if (state_.resumptions > 0)
    lines.push_back(fmt::format("resumed {} times since the last progress", state_.resumptions));
  return lines;
}

}  // namespace autoheal::replay
