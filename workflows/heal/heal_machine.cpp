#include "autoheal/workflows/heal/heal_machine.hpp"

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
    AUTOHEAL_CHECK(!decision_.ends || has_ended());
    return std::move(decision_);
  }

  void on(const Begin& input) {
    AUTOHEAL_CHECK(state_.phase == Phase::none);
    Triggered facts = input.facts;
    facts.at = now_;
    add(std::move(facts));
    if (!input.facts.waits) begin_attempt();
  }

  void on(const Join& input) {
    if (has_ended()) return;
    add(TriggerJoined{input.error, input.by});
  }

  void on(const Go&) {
    if (state_.phase == Phase::triggered && !state_.ending) begin_attempt();
  }

  void on(const Cancel& input) {
    // One that has ended may be rolled back once more: that is no attempt, and goes on.
    if (has_ended() || state_.ending) return;
    add(CancelRequested{input.reason, input.by});
    if (state_.phase == Phase::triggered || state_.phase == Phase::retrying) conclude();
  }

  void on(const RollBackAgain& input) {
    AUTOHEAL_CHECK(state_.phase == Phase::exhausted);
    if (!state_.plan || !state_.plan_certified) return;
    add(RollbackStarted{state_.attempt, true, input.by});
    continue_rollback();
  }

  void on(const WokenUp&) {
    if (state_.phase == Phase::retrying) begin_attempt();
  }

  void on(const ProcessStarted& input) {
    if (has_ended()) return end();  // the heal already ended; only another program could have left its stream open
    if (could_have_killed(state_) && state_.resumptions >= resumptions_allowed) {
      end_exhausted(EndReason::crash_loop, "resumed " + std::to_string(state_.resumptions) +
                                               " times without progress; " + what_was_changed(state_));
      return;
    }
    const bool by_others = state_.version != input.version;
    add(Resumed{state_.attempt, state_.resumptions + 1, by_others ? state_.version : 0, by_others ? input.version : 0});
    perform(Recheck{context(), state_.intended});
  }

  void on(const Rechecked& input) {
    if (state_.resumptions == 0) return;  // it was let go meanwhile, and what it does is under way
    if (input.today.must_end && !state_.ending) add(CancelRequested{*input.today.must_end, {}});
    go_on();
  }

  void on(const Observed& input) {
    if (state_.step != Step::observing) return;
    if (input.today.must_end && !state_.ending) add(CancelRequested{*input.today.must_end, {}});
    if (state_.ending) return fail_before_changes(std::string(name_of(*state_.ending)), "the heal was told to end");
    if (!input.defect.empty()) return stop_at_defect(input.defect, {});
    if (!input.observation) return fail_before_changes("observe", input.observation.error().message, input.last_lines);
    plan(input);
  }

  void on(const ChangesDone& input) {
    if (state_.step != Step::changing || state_.rolling_back) return;
    if (!input.defect.empty()) return stop_at_defect(input.defect, input.outcomes);
    const auto bad = std::ranges::find_if_not(input.outcomes, succeeded);
    if (bad != input.outcomes.end()) return fail_repair(cause_of(*bad), bad->message, input.outcomes, input.last_lines);
    if (state_.ending)
      return fail_repair(std::string(name_of(*state_.ending)), "the heal was told to end", input.outcomes);
    if (state_.outcomes.size() + input.outcomes.size() == state_.plan->size()) return finish_repair(input.outcomes);
    add(ChangeApplied{state_.attempt, input.outcomes});
    go_on_with_plan();
  }

  void on(const CaptureDone& input) {
    const bool expected =
        state_.phase == Phase::repairing && state_.intended == 0 && state_.plan && !state_.rolling_back;
    if (!expected) return;
    if (!input.defect.empty()) return stop_at_defect(input.defect, {});
    if (state_.ending) return fail_repair(std::string(name_of(*state_.ending)), "the heal was told to end", {});
    if (!input.captured) return fail_repair("failed", input.captured.error().message, {}, input.last_lines);
    act(input.number, *input.captured);
  }

  void on(const ActDone& input) {
    if (state_.step != Step::acting) return;
    const ChangeOutcome& outcome = input.outcome;
    if (!input.defect.empty()) return stop_at_defect(input.defect, {outcome});
    if (!succeeded(outcome)) return fail_repair(cause_of(outcome), outcome.message, {outcome}, input.last_lines);
    if (state_.ending) return fail_repair(std::string(name_of(*state_.ending)), "the heal was told to end", {outcome});
    add(ChangeApplied{state_.attempt, {outcome}});
    go_on_with_plan();
  }

  void on(const Evidenced& input) {
    if (state_.step != Step::certifying) return;
    std::vector<Refusal> refusals;
    if (state_.ending) {
      refusals.push_back({"ended", "the heal was told to end: " + std::string(name_of(*state_.ending))});
    } else if (!input.defect.empty()) {
      refusals.push_back({std::string(defect_word), input.defect});
    } else {
      auto judged = contained("certify_outcome", [&] {
        return certify_outcome(*input.spec, *state_.plan, outcomes(), input.evidence, input.adopted,
                               documents(state_.observation != nullptr && state_.observation->recovered));
      });
      if (judged) refusals = std::move(*judged);
      if (!judged) refusals.push_back({std::string(defect_word), sentence_of(judged.error())});
    }
    if (!refusals.empty()) {
      add(CertificationRefused{state_.attempt, std::move(refusals), input.evidence, input.adopted_digest,
                               input.last_lines});
      return roll_back();
    }
    add(Certified{state_.attempt, state_.configuration, input.adopted_digest, plan_digest(*state_.plan),
                  input.program_version, input.program_sha256, input.evidence});
    add(Completed{state_.attempt, now_ - state_.began});
    end();
  }

  void on(const UndoDone& input) {
    if (!state_.rolling_back) return;
    add(UndoApplied{state_.attempt, input.outcomes});
    continue_rollback();
  }

  // Images that reached the vault since they were last named are no longer kept.
  void on(const Settled& input) {
    if (!has_ended() || input.kept == state_.kept) return;
    add(ImagesKept{input.kept});
    decision_.ends = true;
  }

  // Deciding itself failed; `input` was what to decide on. Everything is decided anew, so that the heal ends from where
  // the ledger shows it.
  void end_in_defect(const Defect& defect, const HealInput& input) {
    const std::string sentence = sentence_of(defect);
    if (state_.phase == Phase::none) throw FailedCheck(sentence);  // nothing was begun that could be ended
    if (has_ended() && !state_.rolling_back) {
      decision_.ends = true;
      return;
    }
    if (!is_outcome(input)) return tell_to_end(sentence, input);
    switch (state_.step) {
      case Step::observing:
        return stop_at_defect(sentence, {});
      case Step::changing:
        return stop_at_defect(sentence, outcomes_in(input));
      case Step::acting:
        if (std::holds_alternative<ActDone>(input) || state_.intended == 0)
          return stop_at_defect(sentence, outcomes_in(input));
        return stop_at_defect(sentence, {unknown_outcome(state_.intended)});
      case Step::certifying: {
        const auto* told = std::get_if<Evidenced>(&input);
        add(CertificationRefused{state_.attempt,
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
    if (state_.phase != Phase::triggered && state_.phase != Phase::retrying) return;
    in_defect_ = sentence;
    conclude();
  }

  void end_waiting_in_defect(const std::string& sentence, const HealInput& input) {
    if (!has_ended() && !state_.ending) add(CancelRequested{EndReason::defect, {}});
    if (const auto* undone = std::get_if<UndoDone>(&input)) return on(*undone);
    if (state_.rolling_back) return go_on();
    in_defect_ = sentence;
    if (in_attempt() && state_.plan_certified) return roll_back();
    conclude();
  }

  template <class E>
  void add(E entry) {
    HealEntry recorded(std::move(entry));
    AUTOHEAL_CHECK(misfit_of(state_, recorded) == nullptr);
    state_ = apply_heal_entry(std::move(state_), recorded);
    decision_.entries.push_back(std::move(recorded));
  }

  [[nodiscard]] bool has_ended() const { return state_.phase == Phase::complete || state_.phase == Phase::exhausted; }

  // An attempt is open: what it changed stands on no certificate.
  [[nodiscard]] bool in_attempt() const {
    return state_.phase == Phase::repairing || state_.phase == Phase::certifying;
  }

  template <class E>
  void perform(E effect) {
    decision_.effects.emplace_back(std::move(effect));
  }

  EffectContext context() const {
    return {state_.engine, state_.configuration, state_.by.principal, state_.attempt, state_.plan, state_.starts};
  }

  // An engine that recovered by itself was not repaired: its documents are as their owners left them.
  [[nodiscard]] Documents documents(bool recovered) const {
    return recovered || state_.version < heal_version_of_document_judge ? Documents::not_judged : Documents::judged;
  }

  std::vector<ChangeOutcome> outcomes() const {
    const auto values = std::views::values(state_.outcomes);
    return {values.begin(), values.end()};
  }

  void begin_attempt() {
    add(RepairStarted{state_.next_attempt});
    observe();
  }

  void observe() { perform(Observe{context(), state_.attempt == 1 && !state_.needs.empty()}); }

  void plan(const Observed& input) {
    auto tried = contained("plan_repair", [&] {
      return plan_repair({*input.spec, *input.observation, input.contents, input.name_of_content, state_.attempt,
                          state_.attempt >= state_.max_retries, state_.refused,
                          state_.version < heal_version_of_changes_in_place,
                          state_.version < heal_version_of_service_states});
    });
    if (!tried) return stop_at_defect(sentence_of(tried.error()), {}, *input.observation);
    Result<PlannedRepair>& planned = *tried;
    if (!planned) {
      add(RepairFailed{state_.attempt, "plan", planned.error().message, {}, *input.observation});
      return conclude();
    }
    const auto judged = contained("certify_plan", [&] {
      return certify_plan(*input.spec, planned->plan, *input.observation, input.contents, planned->new_contents,
                          input.adopted, input.today.may_change, documents(input.observation->recovered));
    });
    if (!judged) return stop_at_defect(sentence_of(judged.error()), {}, *input.observation);
    const std::vector<Refusal>& refusals = *judged;
    const std::string digest = plan_digest(planned->plan);
    add(PlanRecorded{state_.attempt, *input.observation, std::move(planned->plan), input.today.may_change,
                     input.adopted_digest});
    if (!refusals.empty()) {
      add(PlanRefused{state_.attempt, refusals});
      return conclude();
    }
    for (auto& [name, bytes] : planned->new_contents) {
      const bool keyed = name.starts_with("hmac-");
      decision_.contents.push_back({std::move(bytes), keyed ? engine::BlobNaming::keyed : engine::BlobNaming::plain});
    }
    add(PlanCertified{state_.attempt, digest});
    go_on_with_plan();
  }

  void go_on_with_plan() {
    const auto next = next_step(state_);
    if (!next) return finish_repair({});
    if (next->act == 0) return perform(ApplyChanges{context(), next->from, next->to});
    if (act_of(next->act).capture) return perform(CaptureForUndo{context(), next->act});
    act(next->act, {});
  }

  void act(unsigned number, BlobName captured) {
    add(ChangeIntended{state_.attempt, number, std::move(captured)});
    perform(PerformAct{context(), number});
  }

  void finish_repair(std::vector<ChangeOutcome> untold) {
    add(RepairFinished{state_.attempt, state_.strategy, std::move(untold)});
    add(CertificationStarted{state_.attempt});
    perform_certify();
  }

  void perform_certify() {
    const bool service = std::ranges::any_of(state_.plan->acts, [](const Act& one) {
      return one.kind == ActKind::service_start || one.kind == ActKind::service_restart ||
             one.kind == ActKind::service_reload || one.kind == ActKind::platform;
    });
    perform(Certify{context(), outcomes(), service, state_.observation});
  }

  // The same code would go wrong once more: what was changed goes back, and no attempt follows.
  void stop_at_defect(std::string sentence, std::vector<ChangeOutcome> untold,
                      std::optional<Observation> seen = std::nullopt) {
    add(RepairFailed{state_.attempt, std::string(defect_word), std::move(sentence), std::move(untold),
                     std::move(seen)});
    if (state_.plan_certified) return roll_back();
    conclude();
  }

  void fail_before_changes(std::string cause, std::string message, LastLines last_lines = {}) {
    add(RepairFailed{state_.attempt, std::move(cause), std::move(message), {}, {}, std::move(last_lines)});
    conclude();
  }

  void fail_repair(std::string cause, std::string message, std::vector<ChangeOutcome> untold,
                   LastLines last_lines = {}) {
    add(RepairFailed{
        state_.attempt, std::move(cause), std::move(message), std::move(untold), {}, std::move(last_lines)});
    roll_back();
  }

  void roll_back() {
    add(RollbackStarted{state_.attempt, false});
    continue_rollback();
  }

  const Act& act_of(unsigned number) const { return state_.plan->acts[number - state_.plan->changes.size() - 1]; }

  static bool can_undo(const Act& act) {
    return act.undo || act.undo_call || act.kind == ActKind::build || act.kind == ActKind::service_start ||
           act.kind == ActKind::service_restart || act.kind == ActKind::service_reload;
  }

  void continue_rollback() {
    while (const auto next = next_undo(state_)) {
      if (next->act == 0) return perform(RestoreChanges{context(), next->from, next->to, outcomes()});
      if (can_undo(act_of(next->act))) return undo(next->act);
      add(UndoApplied{state_.attempt, {{next->act, UndoStatus::irreversible, "it has no undo"}}});
    }
    std::vector<UndoOutcome> all;
    for (const auto& [number, outcome] : state_.undone) all.push_back(outcome);
    add(RolledBack{state_.attempt, std::move(all)});
    conclude();
  }

  void undo(unsigned number) {
    const auto captured = state_.captured.find(number);
    add(UndoIntended{state_.attempt, number});
    const auto outcome = state_.outcomes.find(number);
    perform(PerformUndo{context(), number, captured == state_.captured.end() ? BlobName{} : captured->second,
                        outcome == state_.outcomes.end() ? ChangeOutcome{} : outcome->second});
  }

  // After an attempt without a certificate, once everything is put back.
  void conclude() {
    if (state_.phase == Phase::exhausted) return end();
    const bool is_last = state_.ending || state_.attempt >= state_.max_retries;
    if (const auto left = left_in_place(state_); left && (left->ends_retries || (is_last && !state_.starts_over))) {
      return end_exhausted(EndReason::rollback_incomplete,
                           "change " + std::to_string(left->number) + ": " + left->message);
    }
    if (!state_.left_before.text.empty() && is_last && !state_.starts_over)
      return end_exhausted(EndReason::rollback_incomplete, state_.left_before.text);
    if (state_.ending == EndReason::defect)
      return end_exhausted(EndReason::defect, in_defect_.empty() ? state_.last_problem : in_defect_);
    if (state_.ending) return end_exhausted(*state_.ending, {});
    if (state_.starts_over) return retry(state_.attempt, Duration{0});
    if (state_.attempt >= state_.max_retries) return end_exhausted(EndReason::attempts_exhausted, state_.last_problem);
    retry(state_.attempt + 1, state_.retry_delay);
  }

  void retry(unsigned attempt, Duration delay) {
    AUTOHEAL_CHECK(!in_attempt() || nothing_is_left_to_undo(state_));
    add(RetryScheduled{attempt, now_ + delay, delay});
    decision_.wake_after = delay;
  }

  void end_exhausted(EndReason reason, std::string message) {
    // A heal that kills the process is not touched again: what it changed is named.
    AUTOHEAL_CHECK(reason == EndReason::crash_loop || !in_attempt() || nothing_is_left_to_undo(state_));
    LastLines last_lines = state_.attempt > 0 ? state_.last_lines : LastLines();
    add(Exhausted{state_.attempt, reason, std::move(message), now_ - state_.began, std::move(last_lines)});
    end();
  }

  void end() {
    decision_.ends = true;
    if (state_.attempt > 0) perform(Settle{context()});
  }

  // After a restart: takes up whatever the dead process was waiting for.
  void go_on() {
    if (state_.starts_over && !state_.rolling_back && !state_.ending) return start_over();
    switch (state_.step) {
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
    if (state_.intended != 0) add(ChangeApplied{state_.attempt, {unknown_outcome(state_.intended)}});
    roll_back();
  }

  void go_on_waiting() {
    // No commit of ours ends there: the ledger was cut off in the midst of one.
    if (in_attempt()) return state_.plan_certified ? roll_back() : conclude();
    if (state_.ending) return conclude();
    if (state_.phase != Phase::retrying) return;
    decision_.wake_after = std::max(Duration{0}, std::min(state_.delay, state_.due - now_));
  }

  void go_on_acting() {
    const unsigned number = state_.intended;
    if (number == 0) return go_on_with_plan();
    const ChangeOutcome unknown = unknown_outcome(state_.intended);
    if (state_.ending || !act_of(number).repeatable) return fail_repair("interrupted", unknown.message, {unknown});
    add(ChangeApplied{state_.attempt, {unknown}});
    const auto captured = state_.captured.find(number);
    act(number, captured == state_.captured.end() ? BlobName{} : captured->second);
  }

  void go_on_undoing() {
    const unsigned number = state_.intended;
    if (number == 0) return continue_rollback();
    const Act& interrupted = act_of(number);
    const bool has_key = interrupted.kind == ActKind::platform;  // a repetition is known as one
    if (interrupted.repeatable || has_key) return undo(number);
    add(UndoApplied{
        state_.attempt,
        {{number, UndoStatus::failed, "the healer ended while its undo ran: whether it took effect is not known"}}});
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
