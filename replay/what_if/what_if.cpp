#include "autoheal/replay/what_if/what_if.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/replay/what_if/effect_equivalence.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::replay {

using namespace workflows;  // every line below speaks of its inputs and effects

namespace {

bool is_outcome(const HealInput& input) {
  return std::holds_alternative<Observed>(input) || std::holds_alternative<ChangesDone>(input) ||
         std::holds_alternative<CaptureDone>(input) || std::holds_alternative<ActDone>(input) ||
         std::holds_alternative<EvidenceGathered>(input) || std::holds_alternative<UndoDone>(input) ||
         std::holds_alternative<LeftoversCleared>(input);
}

// Whether two entries say the same of which way a heal goes; what merely names the configuration does not count.
struct SameWay {
  bool operator()(const Triggered&, const Triggered&) const { return true; }
  bool operator()(const Certified& a, const Certified& b) const { return a.plan_digest == b.plan_digest; }
  bool operator()(const PlanRecorded& a, const PlanRecorded& b) const { return a.plan == b.plan; }
  bool operator()(const CertificationRefused& a, const CertificationRefused& b) const {
    return a.refusals == b.refusals;
  }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    if constexpr (std::same_as<A, B>) return a == b;
    return false;
  }
};

// The things that a course waits for: the outcome of its newest effect, and the end of a wait.
struct Waiting {
  std::optional<HealEffect> effect;
  std::optional<Duration> wake;
  void take(const HealInput& input, const engine::Decision<Heal>& decision) {
    if (is_outcome(input)) effect.reset();
    if (!decision.effects.empty()) effect = decision.effects.back();
    if (decision.wake_after) wake = decision.wake_after;
  }
  [[nodiscard]] bool for_recheck() const { return effect && std::holds_alternative<Recheck>(*effect); }
};

class TwoCourses {
 public:
  TwoCourses(const PastWorld& world, const OtherSettings& settings) : world_(world), settings_(settings) {}

  void take(const ReplayedStep& step) {
    if (done_) return;
    if (step.first != next_) return unknown("what led to an earlier entry is not in the record");
    next_ = step.first + step.decision.entries.size();
    skip_silent_recheck(step);
    if (const auto* begin = std::get_if<Begin>(&step.input); begin != nullptr && !begins(begin->facts)) return;
    auto input = translated(step.input);
    if (!input) return;
    const engine::Decision<Heal> decision = Heal::decide(std::as_const(course_.state), *input, step.now);
    note_where_they_part(step, decision);
    apply(decision, step.now);
    then_.take(step.input, step.decision);
    other_.take(*input, decision);
    if (decision.ends) ended();
  }

  OtherCourse finish(const Replayed& replayed) {
    if (!done_) after_the_record(replayed);
    course_.attempts = course_.state.attempt_number();
    return std::move(course_);
  }

 private:
  bool begins(const Triggered& facts) {
    const auto not_begun = [this](std::string why) {
      course_.ending = Ending::not_begun;
      course_.why = std::move(why);
      done_ = true;
      return false;
    };
    auto spec = world_.specification(facts.configuration);
    if (!spec) {
      unknown(spec.error().message);
      return false;
    }
    then_spec_ = std::move(*spec);
    if (!settings_.spec) return not_begun("the engine is not configured");
    if (!settings_.spec->healing.enabled) return not_begun("disabled");
    if (settings_.spec->healing.observe_only && facts.by.via == "daemon")
      return not_begun("only observed (mode: observe)");
    if (!allows(settings_.role, Permission::heal))
      return not_begun(fmt::format("{} ({}) may not heal", facts.by.principal, name_of(settings_.role)));
    return true;
  }

  // A restart that went on without an entry: the leftovers were gone, and it took up what it was at.
  void skip_silent_recheck(const ReplayedStep& step) {
    const bool goes_on = is_outcome(step.input) || std::holds_alternative<WokenUp>(step.input);
    if (!then_.for_recheck() || !goes_on || std::holds_alternative<LeftoversCleared>(step.input)) return;
    const HealInput gone = LeftoversCleared{};
    then_.take(gone, Heal::decide(step.before, gone, step.now));
    const auto decision = Heal::decide(std::as_const(course_.state), gone, step.now);
    apply(decision, step.now);
    other_.take(gone, decision);
  }

  // The input as the other course would have got it; empty: it is known that it would not, or not known (then it is
  // done).
  std::optional<HealInput> translated(const HealInput& input) {
    if (std::holds_alternative<WokenUp>(input)) return woken(input);
    if (const auto* begin = std::get_if<Begin>(&input)) return begun(*begin);
    if (!is_outcome(input)) return input;
    if (!then_.effect || !other_.effect) return unknown_input(what_comes_next());
    if (auto difference = difference_of(*then_.effect, *then_spec_, *other_.effect, *settings_.spec);
        !difference.empty())
      return unknown_input(std::move(difference));
    if (const auto* observed = std::get_if<Observed>(&input)) return seen(*observed);
    if (const auto* evidenced = std::get_if<EvidenceGathered>(&input)) return judged(*evidenced);
    return input;
  }

  HealInput begun(const Begin& then) const {
    const EngineSpec& other = *settings_.spec;
    Begin begin = then;
    begin.facts.strategy = other.strategy;
    begin.facts.max_retries = other.healing.max_retries;
    begin.facts.retry_delay = other.healing.retry_delay;
    begin.facts.configuration = sha256_name(encode_engine_spec(other));
    return begin;
  }

  std::optional<HealInput> woken(const HealInput& input) {
    if (then_.wake == other_.wake) return input;
    return unknown_input(
        fmt::format("attempt {} would observe the host at another time", course_.state.next_attempt()));
  }

  std::optional<HealInput> seen(Observed observed) {
    observed.spec = settings_.spec;
    if (!observed.observation) return observed;
    auto contents = contents_of(world_.blobs(), *settings_.spec, *observed.observation);
    if (!contents) return unknown_input("it would need what the vault does not hold: " + contents.error().message);
    observed.contents = std::move(*contents);
    return observed;
  }

  std::optional<HealInput> judged(EvidenceGathered evidenced) {
    const auto& effect = std::get<Certify>(*then_.effect);
    auto evidence = evidence_under(evidenced.evidence, effect, *then_spec_, *settings_.spec);
    if (!evidence) return unknown_input(fmt::format("attempt {} would gather other evidence", effect.attempt));
    evidenced.spec = settings_.spec;
    evidenced.evidence = std::move(*evidence);
    return evidenced;
  }

  void note_where_they_part(const ReplayedStep& step, const engine::Decision<Heal>& decision) {
    if (course_.parted_index) return;
    const auto& then = step.decision.entries;
    std::size_t same = 0;
    while (same < std::min(then.size(), decision.entries.size()) &&
           std::visit(SameWay{}, then[same], decision.entries[same]))
      ++same;
    if (same == then.size() && same == decision.entries.size()) return;
    course_.parted_index = step.first + same;
    course_.parted = course_.state;
    for (std::size_t index = 0; index < same; ++index)
      course_.parted = Heal::apply(std::move(course_.parted), decision.entries[index]);
    same_of_step_ = same;
  }

  void apply(const engine::Decision<Heal>& decision, Timestamp now) {
    for (std::size_t index = 0; index < decision.entries.size(); ++index) {
      const HealEntry& entry = decision.entries[index];
      course_.state = Heal::apply(std::move(course_.state), entry);
      if (!course_.parted_index || index < same_of_step_) continue;
      engine::Encoded text = Heal::encode(std::as_const(course_.state), entry);
      course_.instead.push_back({std::move(text.type), text.dataversion, now, std::move(text.actor),
                                 std::move(text.subject), std::move(text.data)});
    }
    same_of_step_ = 0;
  }

  void ended() {
    done_ = true;
    const phases::EndedExhausted* exhausted = course_.state.exhausted();
    course_.ending = exhausted == nullptr ? Ending::certified : Ending::exhausted;
    if (exhausted != nullptr) course_.why = name_of(exhausted->reason);
  }

  void after_the_record(const Replayed& replayed) {
    if (replayed.verdict != Verdict::same) return unknown("the record itself does not replay to the same");
    if (replayed.state.step() != Step::ended) {
      course_.ending = Ending::open;
      course_.why = "the record ends while the heal is open";
      done_ = true;
      return;
    }
    unknown(what_comes_next());
  }

  [[nodiscard]] std::string what_comes_next() const {
    if (course_.state.phase() == Phase::retrying)
      return fmt::format("attempt {} would begin", course_.state.next_attempt());
    return other_.effect ? line_of(*other_.effect) : "it would go on";
  }

  void unknown(std::string what) {
    done_ = true;
    course_.ending = Ending::unknown;
    course_.why = std::move(what);
  }

  std::nullopt_t unknown_input(std::string what) {
    unknown(std::move(what));
    return std::nullopt;
  }

  const PastWorld& world_;
  const OtherSettings& settings_;
  std::shared_ptr<const EngineSpec> then_spec_;
  Waiting then_, other_;
  OtherCourse course_;
  std::size_t next_ = 0;
  std::size_t same_of_step_ = 0;
  bool done_ = false;
};

}  // namespace

WhatIf what_if(RecordedHeal& heal, const PastWorld& world, const OtherSettings& settings) {
  WhatIf answer;
  TwoCourses courses(world, settings);
  answer.replayed = replay_heal(heal, world, Heal::decide, [&](const ReplayedStep& step) { courses.take(step); });
  answer.other = courses.finish(answer.replayed);
  if (answer.replayed.state.phase() == Phase::complete) answer.recorded = Ending::certified;
  if (answer.replayed.state.phase() == Phase::exhausted) answer.recorded = Ending::exhausted;
  return answer;
}

std::string_view name_of(Ending ending) {
  switch (ending) {
    case Ending::not_begun:
      return "not_begun";
    case Ending::certified:
      return "certified";
    case Ending::exhausted:
      return "exhausted";
    case Ending::open:
      return "open";
    case Ending::unknown:
      break;
  }
  return "unknown";
}

}  // namespace autoheal::replay
