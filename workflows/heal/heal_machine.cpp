#include "autoheal/workflows/heal/heal_machine.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/engine/base/contained.hpp"
#include "autoheal/engine/base/digest.hpp"
#include "autoheal/workflows/heal/heal_outcomes.hpp"
#include "autoheal/workflows/heal/heal_undo.hpp"
#include "autoheal/workflows/plan/certification.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::workflows {

namespace {

// One decision under construction: each entry is folded as it is added, so that what follows decides on the state
// that the ledger will show.
class Turn {
 public:
  Turn(const HealState& state, Timestamp now) : state_(state), now_(now) {}

  engine::Decision<Heal> take() {
    AUTOHEAL_CHECK(decision_.effects.size() <= 1);
    AUTOHEAL_CHECK(!decision_.ends || state_.has_ended());
    // It waits for an outcome or for a moment, never for both, and for a moment only between two attempts.
    AUTOHEAL_CHECK(!decision_.wake_after || (decision_.effects.empty() && state_.retrying() != nullptr));
    AUTOHEAL_CHECK(decision_.contents.empty() || state_.has_certified_plan());
    return std::move(decision_);
  }

  void on(const Begin& input) {
    AUTOHEAL_CHECK(state_.phase() == Phase::none);
    Triggered facts = input.facts;
    facts.began = now_;
    add(std::move(facts));
    if (!input.facts.waits) begin_attempt();
  }

  void on(const Join& input) {
    if (state_.has_ended()) return;
    add(TriggerJoined{input.error, input.by});
  }

  void on(const SlotGranted&) {
    if (state_.phase() == Phase::triggered && !state_.ending) begin_attempt();
  }

  void on(const Cancel& input) {
    // One that has ended may be rolled back once more: that is no attempt, and goes on.
    if (state_.has_ended() || state_.ending) return;
    add(CancelRequested{input.reason, input.by});
    if (state_.phase() == Phase::triggered || state_.phase() == Phase::retrying) conclude();
  }

  void on(const RetryRollback& input) {
    AUTOHEAL_CHECK(state_.phase() == Phase::exhausted);
    if (!state_.has_certified_plan()) return;
    add(RollbackStarted{number(), true, input.by});
    continue_rollback();
  }

  void on(const WokenUp&) {
    if (state_.phase() == Phase::retrying) begin_attempt();
  }

  void on(const ProcessStarted& input) {
    if (state_.has_ended())
      return end();  // the heal already ended; only another program could have left its stream open
    if (could_have_killed(state_) && state_.resumptions >= resumptions_allowed) {
      end_exhausted(EndReason::crash_loop, fmt::format("resumed {} times without progress; {}", state_.resumptions,
                                                       what_was_changed(attempt())));
      return;
    }
    const bool by_others = state_.version != input.version;
    add(Resumed{number(), state_.resumptions + 1, by_others ? state_.version : 0, by_others ? input.version : 0});
    perform(Recheck{context(), state_.intended().value_or(0)});
  }

  void on(const LeftoversCleared& input) {
    if (state_.resumptions == 0) return;  // it was let go meanwhile, and what it does is under way
    if (input.policy.must_end && !state_.ending) add(CancelRequested{*input.policy.must_end, {}});
    go_on();
  }

  void on(const Observed& input) {
    if (state_.step() != Step::observing) return;
    if (input.policy.must_end && !state_.ending) add(CancelRequested{*input.policy.must_end, {}});
    if (state_.ending) return fail_before_changes(std::string(name_of(*state_.ending)), "the heal was told to end");
    if (!input.defect.empty()) return stop_at_defect(input.defect, {});
    if (!input.observation) return fail_before_changes("observe", input.observation.error().message, input.last_lines);
    make_plan(input);
  }

  void on(const ChangesDone& input) {
    if (state_.step() != Step::changing) return;
    if (!input.defect.empty()) return stop_at_defect(input.defect, input.outcomes);
    const auto bad = std::ranges::find_if_not(input.outcomes, succeeded);
    if (bad != input.outcomes.end()) return fail_repair(cause_of(*bad), bad->message, input.outcomes, input.last_lines);
    if (state_.ending)
      return fail_repair(std::string(name_of(*state_.ending)), "the heal was told to end", input.outcomes);
    if (attempt().outcomes.size() + input.outcomes.size() == plan().size()) return finish_repair(input.outcomes);
    add(ChangeApplied{number(), input.outcomes});
    go_on_with_plan();
  }

  void on(const CaptureDone& input) {
    const bool may_be_expected = state_.phase() == Phase::repairing && state_.plan() != nullptr && !state_.intended() &&
                                 !state_.is_rolling_back();
    if (!may_be_expected) return;
    if (!input.defect.empty()) return stop_at_defect(input.defect, {});
    if (state_.ending) return fail_repair(std::string(name_of(*state_.ending)), "the heal was told to end", {});
    if (!input.captured) return fail_repair("failed", input.captured.error().message, {}, input.last_lines);
    act(input.number, *input.captured);
  }

  void on(const ActDone& input) {
    if (state_.step() != Step::acting) return;
    const ChangeOutcome& outcome = input.outcome;
    if (!input.defect.empty()) return stop_at_defect(input.defect, {outcome});
    if (!succeeded(outcome)) return fail_repair(cause_of(outcome), outcome.message, {outcome}, input.last_lines);
    if (state_.ending) return fail_repair(std::string(name_of(*state_.ending)), "the heal was told to end", {outcome});
    add(ChangeApplied{number(), {outcome}});
    go_on_with_plan();
  }

  void on(const EvidenceGathered& input) {
    if (state_.step() != Step::certifying) return;
    std::vector<Refusal> refusals;
    if (state_.ending) {
      refusals.push_back({"ended", "the heal was told to end: " + std::string(name_of(*state_.ending))});
    } else if (!input.defect.empty()) {
      refusals.push_back({std::string(defect_word), input.defect});
    } else {
      auto judged = contained("certify_outcome", [&] {
        return certify_outcome(*input.spec, plan(), attempt().all_outcomes(), input.evidence, input.adopted,
                               documents(attempt().recorded_plan().observation->recovered));
      });
      if (judged) refusals = std::move(*judged);
      if (!judged) refusals.push_back({std::string(defect_word), sentence_of(judged.error())});
    }
    if (!refusals.empty()) {
      add(CertificationRefused{number(), std::move(refusals), input.evidence, input.adopted_digest, input.last_lines});
      return roll_back();
    }
    AUTOHEAL_CHECK(!state_.ending);  // a heal that was told to end gets no certificate
    add(Certified{number(), state_.request->configuration, input.adopted_digest, plan_digest(plan()),
                  input.program_version, input.program_sha256, input.evidence});
    add(Completed{number(), now_ - state_.request->began});
    end();
  }

  void on(const UndoDone& input) {
    if (!state_.is_rolling_back()) return;
    add(UndoApplied{number(), input.outcomes});
    continue_rollback();
  }

  // Images that reached the vault since they were last named are no longer kept.
  void on(const BeforeImagesKept& input) {
    if (!state_.has_ended() || input.kept == state_.ended()->kept) return;
    add(ImagesKept{input.kept});
    decision_.ends = true;
  }

  // Deciding itself failed; `input` was what to decide on. Everything is decided anew, so that the heal ends from where
  // the ledger shows it.
  void end_in_defect(const Defect& defect, const HealInput& input) {
    const std::string sentence = sentence_of(defect);
    if (state_.phase() == Phase::none) throw FailedCheck(sentence);  // nothing was begun that could be ended
    if (state_.has_ended() && !state_.is_rolling_back()) {
      decision_.ends = true;
      return;
    }
    if (!is_outcome(input)) return tell_to_end(sentence, input);
    switch (state_.step()) {
      case Step::observing:
        return stop_at_defect(sentence, {});
      case Step::changing:
        return stop_at_defect(sentence, outcomes_in(input));
      case Step::acting:
        if (std::holds_alternative<ActDone>(input)) return stop_at_defect(sentence, outcomes_in(input));
        return stop_at_defect(sentence, {unknown_outcome(intended())});
      case Step::certifying: {
        const auto* told = std::get_if<EvidenceGathered>(&input);
        add(CertificationRefused{number(),
                                 {{std::string(defect_word), sentence}},
                                 told ? told->evidence : Evidence{},
                                 told ? told->adopted_digest : std::string()});
        return roll_back();
      }
      default:
        return end_waiting_in_defect(sentence, input);
    }
  }

 private:
  // The running effect ends first.
  void tell_to_end(const std::string& sentence, const HealInput& input) {
    if (!state_.ending) add(CancelRequested{EndReason::defect, {}});
    if (const auto* started = std::get_if<ProcessStarted>(&input)) return on(*started);
    if (state_.phase() != Phase::triggered && state_.phase() != Phase::retrying) return;
    in_defect_ = sentence;
    conclude();
  }

  void end_waiting_in_defect(const std::string& sentence, const HealInput& input) {
    if (!state_.has_ended() && !state_.ending) add(CancelRequested{EndReason::defect, {}});
    if (const auto* undone = std::get_if<UndoDone>(&input)) return on(*undone);
    if (state_.is_rolling_back()) return go_on();
    in_defect_ = sentence;
    if (state_.in_attempt() && state_.has_certified_plan()) return roll_back();
    conclude();
  }

  template <class E>
  void add(E entry) {
    HealEntry recorded(std::move(entry));
    AUTOHEAL_CHECK(violation_of(state_, recorded) == nullptr);
    state_ = apply_heal_entry(std::move(state_), recorded);
    decision_.entries.push_back(std::move(recorded));
  }

  // The attempt, its plan and its intent: asked for only in steps that have them.
  [[nodiscard]] const Attempt& attempt() const {
    AUTOHEAL_CHECK(state_.attempt.has_value());
    return *state_.attempt;
  }
  [[nodiscard]] const Plan& plan() const { return attempt().plan(); }
  [[nodiscard]] unsigned intended() const {
    AUTOHEAL_CHECK(state_.intended().has_value());
    return *state_.intended();
  }
  [[nodiscard]] unsigned number() const { return state_.attempt_number(); }
  [[nodiscard]] bool is_last_attempt() const { return number() >= state_.request->max_retries; }

  template <class E>
  void perform(E effect) {
    AUTOHEAL_CHECK(decision_.effects.empty());  // exactly one is under way at any time
    decision_.effects.emplace_back(std::move(effect));
  }

  EffectContext context() const {
    const HealRequest& request = *state_.request;
    return {request.engine, request.configuration, request.by.principal,
            number(),       state_.shared_plan(),  state_.so_far.starts};
  }

  // An engine that recovered by itself was not repaired: its documents are as their owners left them.
  [[nodiscard]] Documents documents(bool recovered) const {
    return recovered || state_.version < heal_version_of_document_judge ? Documents::not_judged : Documents::judged;
  }

  void begin_attempt() {
    AUTOHEAL_CHECK(state_.phase() == Phase::triggered || state_.phase() == Phase::retrying);
    add(RepairStarted{state_.next_attempt()});
    observe();
  }

  void observe() { perform(Observe{context(), number() == 1 && !state_.request->needs.empty()}); }

  void make_plan(const Observed& input) {
    AUTOHEAL_CHECK(input.spec != nullptr && input.observation);
    auto tried = contained("plan_repair", [&] {
      return plan_repair({*input.spec, *input.observation, input.contents, input.name_of_content, number(),
                          is_last_attempt(), state_.so_far.refused, state_.version < heal_version_of_changes_in_place,
                          state_.version < heal_version_of_service_states});
    });
    if (!tried) return stop_at_defect(sentence_of(tried.error()), {}, *input.observation);
    Result<PlannedRepair>& planned = *tried;
    if (!planned) {
      add(RepairFailed{number(), "plan", planned.error().message, {}, *input.observation});
      return conclude();
    }
    const auto judged = contained("certify_plan", [&] {
      return certify_plan(*input.spec, planned->plan, *input.observation, input.contents, planned->new_contents,
                          input.adopted, input.policy.may_change, documents(input.observation->recovered));
    });
    if (!judged) return stop_at_defect(sentence_of(judged.error()), {}, *input.observation);
    const std::vector<Refusal>& refusals = *judged;
    const std::string digest = plan_digest(planned->plan);
    add(PlanRecorded{number(), *input.observation, std::move(planned->plan), input.policy.may_change,
                     input.adopted_digest});
    if (!refusals.empty()) {
      add(PlanRefused{number(), refusals});
      return conclude();
    }
    for (auto& [name, bytes] : planned->new_contents) {
      const bool keyed = name.starts_with("hmac-");
      decision_.contents.push_back({std::move(bytes), keyed ? engine::BlobNaming::keyed : engine::BlobNaming::plain});
    }
    add(PlanCertified{number(), digest});
    go_on_with_plan();
  }

  void go_on_with_plan() {
    AUTOHEAL_CHECK(state_.has_certified_plan() && !state_.is_rolling_back());
    const auto next = next_step(attempt());
    if (!next) return finish_repair({});
    if (next->act == 0) return perform(ApplyChanges{context(), next->from, next->to});
    if (attempt().act(next->act).capture) return perform(CaptureForUndo{context(), next->act});
    act(next->act, {});
  }

  void act(unsigned act, BlobName captured) {
    add(ChangeIntended{number(), act, std::move(captured)});
    perform(PerformAct{context(), act});
  }

  void finish_repair(std::vector<ChangeOutcome> unreported) {
    add(RepairFinished{number(), state_.request->strategy, std::move(unreported)});
    add(CertificationStarted{number()});
    perform_certify();
  }

  void perform_certify() {
    AUTOHEAL_CHECK(attempt().outcomes.size() == plan().size());  // Truth is asked once all is done
    const bool service = std::ranges::any_of(plan().acts, [](const Act& one) {
      return one.kind == ActKind::service_start || one.kind == ActKind::service_restart ||
             one.kind == ActKind::service_reload || one.kind == ActKind::platform;
    });
    perform(Certify{context(), attempt().all_outcomes(), service, attempt().recorded_plan().observation.pointer()});
  }

  // The same code would go wrong once more: what was changed goes back, and no attempt follows.
  void stop_at_defect(std::string sentence, std::vector<ChangeOutcome> unreported,
                      std::optional<Observation> seen = std::nullopt) {
    add(RepairFailed{number(), std::string(defect_word), std::move(sentence), std::move(unreported), std::move(seen)});
    if (state_.has_certified_plan()) return roll_back();
    conclude();
  }

  void fail_before_changes(std::string cause, std::string message, LastLines last_lines = {}) {
    add(RepairFailed{number(), std::move(cause), std::move(message), {}, {}, std::move(last_lines)});
    conclude();
  }

  void fail_repair(std::string cause, std::string message, std::vector<ChangeOutcome> unreported,
                   LastLines last_lines = {}) {
    add(RepairFailed{number(), std::move(cause), std::move(message), std::move(unreported), {}, std::move(last_lines)});
    roll_back();
  }

  void roll_back() {
    add(RollbackStarted{number(), false});
    continue_rollback();
  }

  static bool can_undo(const Act& act) {
    return act.undo || act.undo_call || act.kind == ActKind::build || act.kind == ActKind::service_start ||
           act.kind == ActKind::service_restart || act.kind == ActKind::service_reload;
  }

  void continue_rollback() {
    AUTOHEAL_CHECK(state_.is_rolling_back());
    while (const auto next = next_undo(state_)) {
      if (next->act == 0) return perform(RestoreChanges{context(), next->from, next->to, attempt().all_outcomes()});
      if (can_undo(attempt().act(next->act))) return undo(next->act);
      add(UndoApplied{number(), {{next->act, UndoStatus::irreversible, "it has no undo"}}});
    }
    std::vector<UndoOutcome> all;
    for (const auto& [number, outcome] : attempt().undone) all.push_back(outcome);
    add(RolledBack{number(), std::move(all)});
    AUTOHEAL_CHECK(!state_.is_rolling_back() && !state_.intended());
    conclude();
  }

  void undo(unsigned act) {
    add(UndoIntended{number(), act});
    const auto outcome = attempt().outcomes.find(act);
    perform(PerformUndo{context(), act, attempt().captured_by(act),
                        outcome == attempt().outcomes.end() ? ChangeOutcome{} : outcome->second});
  }

  // After an attempt without a certificate, once everything is put back.
  void conclude() {
    AUTOHEAL_CHECK(!state_.in_attempt() || state_.step() == Step::waiting);
    if (state_.phase() == Phase::exhausted) return end();
    const bool is_last = state_.ending || is_last_attempt();
    if (const auto left = left_in_place(state_); left && (left->ends_retries || (is_last && !state_.starts_over()))) {
      return end_exhausted(EndReason::rollback_incomplete, fmt::format("change {}: {}", left->number, left->message));
    }
    if (!state_.so_far.left_before.text.empty() && is_last && !state_.starts_over())
      return end_exhausted(EndReason::rollback_incomplete, state_.so_far.left_before.text);
    if (state_.ending == EndReason::defect)
      return end_exhausted(EndReason::defect, in_defect_.empty() ? state_.so_far.last_problem : in_defect_);
    if (state_.ending) return end_exhausted(*state_.ending, {});
    if (state_.starts_over()) return retry(number(), Duration{0});
    if (is_last_attempt()) return end_exhausted(EndReason::attempts_exhausted, state_.so_far.last_problem);
    retry(number() + 1, state_.request->retry_delay);
  }

  void retry(unsigned attempt, Duration delay) {
    AUTOHEAL_CHECK(!state_.ending);  // a heal that was told to end begins no further attempt
    AUTOHEAL_CHECK(!state_.in_attempt() || nothing_is_left_to_undo(state_));
    add(RetryScheduled{attempt, now_ + delay, delay});
    decision_.wake_after = delay;
  }

  void end_exhausted(EndReason reason, std::string message) {
    AUTOHEAL_CHECK(!state_.has_ended());
    // A heal that kills the process is not touched again: what it changed is named.
    AUTOHEAL_CHECK(reason == EndReason::crash_loop || !state_.in_attempt() || nothing_is_left_to_undo(state_));
    add(Exhausted{number(), reason, std::move(message), now_ - state_.request->began, state_.so_far.last_lines});
    end();
  }

  void end() {
    AUTOHEAL_CHECK(state_.has_ended());
    decision_.ends = true;
    if (state_.attempt) perform(Settle{context()});
  }

  // After a restart: takes up whatever the dead process was waiting for.
  void go_on() {
    if (state_.starts_over() && !state_.is_rolling_back() && !state_.ending) return start_over();
    switch (state_.step()) {
      case Step::waiting:
        return go_on_waiting();
      case Step::observing:
        if (state_.ending) return fail_before_changes(std::string(name_of(*state_.ending)), "the heal was told to end");
        return observe();
      case Step::changing:
        // Changes can be looked at: the performer does what is not yet done, and a rollback takes back what is.
        if (state_.ending) return fail_repair(std::string(name_of(*state_.ending)), "the heal was told to end", {});
        return go_on_with_plan();
      case Step::acting:
        return go_on_acting();
      case Step::certifying:
        return perform_certify();
      case Step::undoing:
        return go_on_undoing();
      case Step::restoring:
        return continue_rollback();
      case Step::ended:
        return;
    }
  }

  // A plan made by earlier rules is not carried out by today's: everything is put back, and the attempt starts once
  // more.
  void start_over() {
    AUTOHEAL_CHECK(state_.in_attempt() && state_.has_certified_plan());
    if (state_.intended()) add(ChangeApplied{number(), {unknown_outcome(intended())}});
    roll_back();
  }

  void go_on_waiting() {
    // No commit of ours ends there: the ledger was cut off in the midst of one.
    if (state_.in_attempt()) return state_.has_certified_plan() ? roll_back() : conclude();
    if (state_.ending) return conclude();
    if (const phases::Retrying* wait = state_.retrying())
      decision_.wake_after = std::max(Duration{0}, std::min(wait->delay, wait->due - now_));
  }

  void go_on_acting() {
    const unsigned interrupted = intended();
    const ChangeOutcome unknown = unknown_outcome(interrupted);
    if (state_.ending || !attempt().act(interrupted).repeatable)
      return fail_repair("interrupted", unknown.message, {unknown});
    add(ChangeApplied{number(), {unknown}});
    act(interrupted, attempt().captured_by(interrupted));
  }

  void go_on_undoing() {
    const unsigned interrupted = intended();
    const Act& act = attempt().act(interrupted);
    const bool has_key = act.kind == ActKind::platform;  // a repetition is known as one
    if (act.repeatable || has_key) return undo(interrupted);
    add(UndoApplied{number(),
                    {{interrupted, UndoStatus::failed,
                      "the healer ended while its undo ran: whether it took effect is not known"}}});
    continue_rollback();
  }

  HealState state_;
  Timestamp now_;
  engine::Decision<Heal> decision_;
  std::string in_defect_;  // what was at fault, where no entry says so
};

}  // namespace

engine::Decision<Heal> Heal::decide(const State& state, const Input& input, Timestamp now) {
  auto decided = contained("decide", [&] {
    Turn turn(state, now);
    std::visit([&turn](const auto& one) { turn.on(one); }, input);
    return turn.take();
  });
  if (decided) return std::move(*decided);
  Turn turn(state, now);
  turn.end_in_defect(decided.error(), input);
  return turn.take();
}

}  // namespace autoheal::workflows
