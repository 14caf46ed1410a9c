#include "autoheal/workflows/effects/heal_effects.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/engine/base/contained.hpp"
#include "autoheal/workflows/effects/gather_evidence.hpp"
#include "autoheal/workflows/effects/kept_output.hpp"
#include "autoheal/workflows/effects/running_services.hpp"
#include "autoheal/workflows/effects/service_steps.hpp"
#include "autoheal/workflows/effects/until_it_holds.hpp"
#include "autoheal/workflows/effects/wait_for_service.hpp"
#include "autoheal/workflows/effects/wait_for_writers.hpp"
#include "autoheal/workflows/judge/env_readers.hpp"
#include "autoheal/workflows/plan/build_outputs.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/plan/plan_secrets.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::workflows {

namespace {

constexpr unsigned timed_out_there = 408;  // a status of HTTP

std::vector<ChangeOutcome> all_failed(const ApplyChanges& effect, const std::string& message) {
  std::vector<ChangeOutcome> outcomes;
  for (std::size_t index = effect.from; index < effect.to; ++index) {
    ChangeOutcome& outcome = outcomes.emplace_back();
    outcome.number = static_cast<unsigned>(index + 1);
    outcome.status = ChangeStatus::failed;
    outcome.message = message;
  }
  return outcomes;
}

std::string_view name_of(const HealEffect& effect) {
  constexpr std::array<std::string_view, std::variant_size_v<HealEffect>> names = {
      "observing",      "making changes",        "capturing", "performing an act", "gathering evidence", "restoring",
      "undoing an act", "looking for leftovers", "settling"};
  return names[effect.index()];
}

// The outcome for a defect of our own code: the rollback examines what may have been done.
struct AfterDefect {
  std::string sentence;

  HealInput operator()(const Observe&) const {
    Observed observed;
    observed.observation = failure(ErrorKind::failed, sentence);
    observed.defect = sentence;
    return observed;
  }
  HealInput operator()(const ApplyChanges& effect) const { return ChangesDone{all_failed(effect, sentence), sentence}; }
  HealInput operator()(const CaptureForUndo& effect) const {
    return CaptureDone{effect.number, failure(ErrorKind::failed, sentence), sentence};
  }
  HealInput operator()(const PerformAct& effect) const {
    ActDone done{{}, sentence};
    done.outcome.number = effect.number;
    done.outcome.status = ChangeStatus::unknown;
    done.outcome.message = sentence;
    return done;
  }
  HealInput operator()(const Certify&) const {
    Evidenced evidenced;
    evidenced.spec = std::make_shared<const EngineSpec>();
    evidenced.evidence.problem = sentence;
    evidenced.defect = sentence;
    return evidenced;
  }
  HealInput operator()(const RestoreChanges& effect) const {
    UndoDone done;
    for (std::size_t index = effect.from; index < effect.to; ++index)
      done.outcomes.push_back({static_cast<unsigned>(index + 1), UndoStatus::failed, sentence});
    return done;
  }
  HealInput operator()(const PerformUndo& effect) const {
    return UndoDone{{{effect.number, UndoStatus::failed, sentence}}};
  }
  HealInput operator()(const Recheck&) const { return Rechecked{}; }
  HealInput operator()(const Settle&) const { return Settled{}; }
};

// Looking changes nothing, and is done again where the process ends meanwhile.
bool only_looks(const HealEffect& effect) {
  return std::holds_alternative<Observe>(effect) || std::holds_alternative<Recheck>(effect) ||
         std::holds_alternative<Certify>(effect);
}

std::string without_final_newline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

template <class Effect>
std::span<const Change> changes_of(const Effect& effect) {
  AUTOHEAL_CHECK(effect.from <= effect.to && effect.to <= effect.plan->changes.size());
  return std::span(effect.plan->changes).subspan(effect.from, effect.to - effect.from);
}

// Each change of the group has its outcome, once: what the machine goes by when it looks for what is next.
template <class Effect, class Outcome>
bool one_for_each(const Effect& effect, const std::vector<Outcome>& outcomes) {
  std::vector<std::size_t> told;
  for (const Outcome& outcome : outcomes) told.push_back(outcome.number);
  std::ranges::sort(told);
  return std::ranges::equal(told, std::views::iota(effect.from + 1, effect.to + 1));
}

const Act& act_of(const EffectContext& effect, unsigned number) {
  AUTOHEAL_CHECK(number > effect.plan->changes.size() && number <= effect.plan->size());
  return effect.plan->acts[number - effect.plan->changes.size() - 1];
}

void fill_in(ProgramRun& run, std::string_view placeholder, const std::string& value) {
  for (std::string& argument : run.argv) {
    for (auto at = argument.find(placeholder); at != std::string::npos;
         at = argument.find(placeholder, at + value.size())) {
      argument.replace(at, placeholder.size(), value);
    }
  }
}

}  // namespace

struct HealEffects::UnderWay {
  UnderWay(std::string heal_id, HealEffect asked, Done told)
      : heal(std::move(heal_id)), effect(std::move(asked)), done(std::move(told)) {}

  // Its pauses are over: true if it has the slot, which it gave back for them.
  bool may_go_on() {
    asks_for_slot = std::exchange(paused, false);
    return !asks_for_slot;
  }

  std::string heal;
  HealEffect effect;
  Done done;
  SpecPtr spec;
  std::optional<UntilWritersAreDone> writers;
  std::optional<BroughtUpByOthers> others;
  std::optional<UntilItHolds> holding;
  Duration pause{0};           // before it is looked at again
  bool paused = false;         // and gave its slot back for that
  bool asks_for_slot = false;  // instead of a pause
};

void HealEffects::perform(const std::string& stream, const HealEffect& effect, Done done) {
  auto one = std::make_shared<UnderWay>(stream, effect, std::move(done));
  if (std::holds_alternative<Settle>(effect)) return at_.scheduling.run([this, one] { go_on(one); });
  at_.scheduling.run_in_turn(stream, [this, one] { go_on(one); });
}

void HealEffects::go_on(const std::shared_ptr<UnderWay>& one) {
  while (true) {
    one->asks_for_slot = false;
    auto outcome = contained(name_of(one->effect), [&] { return performed(*one); });
    if (!outcome || *outcome) {
      return one->done(outcome ? std::move(**outcome)
                               : std::visit(AfterDefect{sentence_of(outcome.error())}, one->effect));
    }
    if (pause(one)) return;
    if (!at_.scheduling.wait(one->pause)) give_up(*one);
  }
}

// True: somebody goes on with it, perhaps already.
bool HealEffects::pause(const std::shared_ptr<UnderWay>& one) {
  if (one->asks_for_slot) {
    at_.scheduling.run_in_turn(one->heal, [this, one] { go_on(one); });
    return true;
  }
  one->paused = true;
  if (at_.scheduling.run_later(one->heal, one->pause, [this, one] { go_on(one); })) return true;
  one->paused = false;
  return false;
}

// The process is told to stop, or nothing can be waited for: what was seen last counts.
void HealEffects::give_up(UnderWay& one) {
  if (one.writers) (void)one.writers->give_up();
  if (one.others) (void)one.others->give_up();
  if (one.holding) (void)one.holding->give_up();
}

template <class Effect>
std::optional<HealInput> HealEffects::outcome_of(UnderWay& one, const Effect& effect) {
  return outcome_of(one.heal, effect);
}

std::optional<HealInput> HealEffects::performed(UnderWay& one) {
  if (!only_looks(one.effect) && at_.scheduling.until_recordable() == GoOn::no_more) {
    // Nobody takes it for an outcome: the next process begins here.
    return std::visit(AfterDefect{"the process ends"}, one.effect);
  }
  auto outcome = std::visit([&](const auto& effect) { return outcome_of(one, effect); }, one.effect);
  // Some changes of a group may not have begun because the process ends: that is no outcome either.
  if (std::holds_alternative<ApplyChanges>(one.effect)) (void)at_.scheduling.until_recordable();
  return outcome;
}

Result<std::shared_ptr<const EngineSpec>> HealEffects::specification(const BlobName& configuration) {
  {
    const std::lock_guard lock(specs_mutex_);
    if (const auto known = specs_.find(configuration); known != specs_.end()) return known->second;
  }
  auto text = at_.blobs.get(configuration);
  AUTOHEAL_TRY(text);
  auto decoded = decode_engine_spec(*text);
  AUTOHEAL_TRY(decoded);
  auto spec = std::make_shared<const EngineSpec>(std::move(*decoded));
  remember(configuration, spec);
  return spec;
}

void HealEffects::remember(const BlobName& configuration, SpecPtr spec) {
  const std::lock_guard lock(specs_mutex_);
  specs_.insert_or_assign(configuration, std::move(spec));
}

EffectMark HealEffects::mark(const std::string& heal, unsigned start, unsigned number) const {
  return at_.ledger_id + "/" + heal + "/" + std::to_string(start) + "/" + std::to_string(number);
}

std::optional<HealInput> HealEffects::outcome_of(UnderWay& one, const Observe& effect) {
  Observed observed;
  observed.today = at_.policy.today(effect.engine, effect.principal);
  observed.name_of_content = [&blobs = at_.blobs](std::string_view content, engine::BlobNaming naming) {
    return blobs.name_of(content, naming);
  };
  if (auto adopted = at_.policy.adopted(effect.engine)) {
    observed.adopted = std::move(adopted->baseline);
    observed.adopted_digest = std::move(adopted->digest);
  }
  auto spec = specification(effect.configuration);
  if (!spec) {
    observed.observation = std::unexpected(spec.error());
    return observed;
  }
  one.spec = observed.spec = *spec;
  auto observation = observe(one, effect, mark(one.heal, effect.start, 0), observed);
  if (!observation) return std::nullopt;
  observed.observation = std::move(*observation);
  if (!observed.observation)
    observed.observation.error().message = at_.secrets.mask(observed.observation.error().message);
  return observed;
}

std::optional<Result<Observation>> HealEffects::observe(UnderWay& one, const Observe& effect, const EffectMark& mark,
                                                        Observed& observed) {
  const EngineSpec& spec = *one.spec;
  if (!one.writers) {
    const auto checks = run_probes(at_.probing(), spec, spec.repair.checks, mark);
    for (const ProbeResult& check : checks) {
      if (check.heal && check.verdict != ProbeVerdict::pass && check.verdict != ProbeVerdict::warning) {
        observed.last_lines = lines_of_failed(at_.secrets, checks);
        return failure(ErrorKind::failed, "check " + check.name + " does not hold before the repair: " + check.message);
      }
    }
    one.writers.emplace(at_.probing(), at_.clock, spec, mark);
    one.others.emplace(at_.probing(), at_.clock, spec, mark);
  }
  one.pause = look_at_writers_every;
  const auto waited = one.writers->look();
  if (!waited) return std::nullopt;
  if (!*waited) return std::unexpected(waited->error());
  one.pause = look_at_service_every;
  const auto brought_up = one.others->look();
  if (!brought_up || !one.may_go_on()) return std::nullopt;
  ObserveRequest request = what_to_observe(spec, effect.attempt);
  request.mark = mark;
  auto observation = at_.host.observe(spec, request);
  AUTOHEAL_TRY(observation);
  observe_services(at_.host, spec, *observation);
  // The program that was at work may have repaired it: then nothing is left to repair.
  const bool may_have_recovered = effect.needs_were_healed || **waited || *brought_up;
  if (spec.repair.service || may_have_recovered) {
    observation->self_test_passes = all_hold(run_probes(at_.probing(), spec, spec.self_test, mark));
    observation->recovered = may_have_recovered && observation->self_test_passes;
  }
  AUTOHEAL_TRY(read_contents(spec, *observation, observed.contents));
  return observation;
}

Result<void> HealEffects::read_contents(const EngineSpec& spec, const Observation& observation, Contents& contents) {
  auto read = contents_of(at_.blobs, spec, observation);
  AUTOHEAL_TRY(read);
  contents = std::move(*read);
  for (const auto& [key, name] : observation.secrets) at_.secrets.learn(contents.at(name));
  for (const EnvRepair& env : spec.repair.env) {
    const auto name = observation.contents.find(env.file);
    if (name == observation.contents.end()) continue;
    for (const auto& [variable, value] : all_values_in_env(contents.at(name->second))) {
      if (is_secret_name(spec.secrets, variable)) at_.secrets.learn(value);
    }
  }
  return {};
}

HealInput HealEffects::outcome_of(const std::string& heal, const ApplyChanges& effect) {
  const auto spec = specification(effect.configuration);
  if (!spec) return ChangesDone{all_failed(effect, spec.error().message)};
  ChangesDone done;
  if (at_.policy.may_change(effect.principal)) {
    std::vector<Change> changes(changes_of(effect).begin(), changes_of(effect).end());
    for (Change& change : changes) {
      if (!change.validate) continue;
      if (const auto back = put_secrets_back(at_.blobs, *change.validate); !back)
        return ChangesDone{all_failed(effect, back.error().message)};
    }
    done.outcomes =
        at_.host.apply(**spec, changes, static_cast<unsigned>(effect.from) + 1, mark(heal, effect.start, 0));
    AUTOHEAL_CHECK(one_for_each(effect, done.outcomes));
  } else {
    done.outcomes = all_failed(effect, effect.principal + " may no longer change anything");
    for (ChangeOutcome& outcome : done.outcomes) outcome.status = ChangeStatus::refused;
  }
  const std::string role = at_.policy.role_of(effect.principal);
  for (ChangeOutcome& outcome : done.outcomes) {
    outcome.role = role;
    outcome.message = at_.secrets.mask(outcome.message);
    if (const std::string printed = std::exchange(outcome.printed, {}); !printed.empty()) {
      outcome.output = keep_output(at_.secrets, at_.blobs, printed);
      const LastLines lines = last_lines(at_.secrets.mask(printed));
      outcome.message = with_lines(std::move(outcome.message), lines);
      if (done.last_lines.empty()) done.last_lines = lines;
    }
  }
  return done;
}

HealInput HealEffects::outcome_of(const std::string& heal, const PerformAct& effect) {
  ActDone done;
  ChangeOutcome& outcome = done.outcome;
  outcome.number = effect.number;
  outcome.role = at_.policy.role_of(effect.principal);
  const auto spec = specification(effect.configuration);
  if (!spec) {
    outcome.status = ChangeStatus::failed;
    outcome.message = spec.error().message;
  } else if (!at_.policy.may_change(effect.principal)) {
    outcome.status = ChangeStatus::refused;
    outcome.message = effect.principal + " may no longer change anything";
  } else {
    perform_act(**spec, act_of(effect, effect.number), mark(heal, effect.start, effect.number), done);
  }
  return done;
}

HealInput HealEffects::outcome_of(const std::string& heal, const CaptureForUndo& effect) {
  ProgramRun capture = *act_of(effect, effect.number).capture;
  const std::string failed =
      "capture " + capture.argv.front() + " failed, so its undo would not know what to put back: ";
  if (const auto back = put_secrets_back(at_.blobs, capture); !back)
    return CaptureDone{effect.number, failure(ErrorKind::failed, failed + back.error().message)};
  const RunOutcome ran =
      at_.host.run({std::move(capture), mark(heal, effect.start, effect.number), LeaveBehind::nothing});
  if (ran.started && ran.exit_code == 0 && !ran.timed_out && !ran.output_cut) {
    return CaptureDone{effect.number, at_.blobs.put(ran.standard_output, engine::BlobNaming::keyed)};
  }
  // Nothing was changed yet: without what undo needs, nothing may be.
  RunFailure why = failure_of(at_.secrets, ran);
  return CaptureDone{effect.number, failure(ErrorKind::failed, failed + why.message), {}, std::move(why.last_lines)};
}

void HealEffects::perform_act(const EngineSpec& spec, Act act, const EffectMark& mark, ActDone& done) {
  ChangeOutcome& outcome = done.outcome;
  if (const auto back = put_secrets_back(at_.blobs, act); !back) {
    outcome.status = ChangeStatus::failed;
    outcome.message = std::string(name_of(act.kind)) + ": " + back.error().message;
    return;
  }
  if (act.call) {
    done.last_lines = call_platform(*act.call, mark, outcome);
    return;
  }
  run_act(spec, act, mark, done);
  if (act.kind != ActKind::build || outcome.status != ChangeStatus::done) return;
  auto built = at_.host.outputs(spec, act.outputs);
  const std::string problem = built ? problem_of_build(act, *built) : built.error().message;
  if (built) outcome.built = std::move(*built);
  if (problem.empty()) return;
  outcome.status = ChangeStatus::failed;
  outcome.message = "build " + act.run.argv.front() + ": " + problem;
}

LastLines HealEffects::call_platform(const HttpCall& call, const std::string& key, ChangeOutcome& outcome) {
  const CallOutcome answer = at_.host.call(call, key);
  outcome.took = answer.took;
  outcome.output = keep_output(at_.secrets, at_.blobs, answer.body);
  const unsigned family = answer.answered ? answer.status / 100 : 0;
  outcome.status = family == 2                                       ? ChangeStatus::done
                   : family == 4 && answer.status != timed_out_there ? ChangeStatus::refused  // it did nothing
                                                                     : ChangeStatus::failed;
  if (outcome.status == ChangeStatus::done) return {};
  const LastLines lines = last_lines(at_.secrets.mask(answer.body));
  outcome.message = with_lines(
      at_.secrets.mask(call.method + " " + call.url + ": " +
                       (answer.answered ? "answered with status " + std::to_string(answer.status) : answer.message)),
      lines);
  return lines;
}

void HealEffects::run_act(const EngineSpec& spec, const Act& act, const EffectMark& mark, ActDone& done) {
  ChangeOutcome& outcome = done.outcome;
  const bool check = act.kind == ActKind::service_check;
  StopStep stopping(at_.host, spec, act);
  if (act.stop_first) {
    (void)at_.host.run({*act.stop_first, mark, LeaveBehind::what_runs});  // start tells whether it worked
    outcome.message = stopping.see_it_end();
  }
  const bool leaves = !check && act.kind != ActKind::build;
  ProgramRun run = act.run;
  if (act.kind == ActKind::platform) run.environment["AUTOHEAL_IDEMPOTENCY_KEY"] = mark;
  const RunRequest request{std::move(run), mark, leaves ? LeaveBehind::what_runs : LeaveBehind::nothing};
  RunOutcome ran = at_.host.run(request);
  if (is_worth_another_start(at_.host, spec, act, mark)) ran = at_.host.run(request);
  if (act.kind == ActKind::service_stop) outcome.message = stopping.see_it_end();
  outcome.exit_code = ran.exit_code;
  outcome.took = ran.took;
  outcome.program_sha256 = ran.program_sha256;
  outcome.output = keep_output(at_.secrets, at_.blobs, what_it_printed(ran));
  if (ran.started && !ran.timed_out && (ran.exit_code == 0 || act.may_fail)) {
    outcome.status = ChangeStatus::done;
    return;
  }
  outcome.status = ran.started ? ChangeStatus::failed : ran.no_room ? ChangeStatus::not_started : ChangeStatus::refused;
  RunFailure why = failure_of(at_.secrets, ran);
  const std::string told = outcome.message.empty() ? "" : "; " + outcome.message;
  outcome.message = std::string(name_of(act.kind)) + " " + act.run.argv.front() + ": " + why.message + told;
  done.last_lines = std::move(why.last_lines);
}

std::optional<HealInput> HealEffects::outcome_of(UnderWay& one, const Certify& effect) {
  const EffectMark own_mark = mark(one.heal, effect.start, 0);
  std::string problem;
  const Held* held = nullptr;
  if (!one.holding) {
    auto spec = specification(effect.configuration);
    if (!spec) problem = spec.error().message;
    if (spec) one.spec = std::move(*spec);
    if (one.spec) one.holding.emplace(at_.probing(), at_.clock, *one.spec, effect.service_touched, own_mark);
  }
  if (one.holding) {
    one.pause = look_at_probes_every;
    held = one.holding->look();
    if (held == nullptr || !one.may_go_on()) return std::nullopt;
  }
  Evidenced evidenced;
  evidenced.program_version = at_.program_version;
  evidenced.program_sha256 = at_.program_sha256;
  if (auto adopted = at_.policy.adopted(effect.engine)) {
    evidenced.adopted = std::move(adopted->baseline);
    evidenced.adopted_digest = std::move(adopted->digest);
  }
  if (held == nullptr) {
    evidenced.spec = std::make_shared<const EngineSpec>();
    evidenced.evidence.problem = std::move(problem);
    return evidenced;
  }
  evidenced.spec = one.spec;
  // Observations from before an endless wait prove nothing about the moment of the certificate.
  do {
    evidenced.last_lines = {};
    held = one.holding->look();
    evidenced.evidence =
        gather_evidence(at_.probing(), at_.blobs, *one.spec, effect, *held, own_mark, evidenced.last_lines);
  } while (at_.scheduling.until_recordable() == GoOn::after_a_wait);
  return evidenced;
}

HealInput HealEffects::outcome_of(const std::string& heal, const RestoreChanges& effect) {
  const auto spec = specification(effect.configuration);
  UndoDone done;
  if (spec) {
    done.outcomes = at_.host.restore(**spec, changes_of(effect), static_cast<unsigned>(effect.from) + 1,
                                     effect.outcomes, mark(heal, effect.start, 0));
    AUTOHEAL_CHECK(one_for_each(effect, done.outcomes));
  } else {
    for (std::size_t index = effect.from; index < effect.to; ++index) {
      done.outcomes.push_back({static_cast<unsigned>(index + 1), UndoStatus::failed, spec.error().message});
    }
  }
  for (UndoOutcome& outcome : done.outcomes) outcome.message = at_.secrets.mask(outcome.message);
  return done;
}

HealInput HealEffects::outcome_of(const std::string& heal, const PerformUndo& effect) {
  Act act = act_of(effect, effect.number);
  const EffectMark own_mark = mark(heal, effect.start, effect.number);
  UndoOutcome outcome{effect.number, UndoStatus::undone, {}};
  if (const auto back = put_secrets_back(at_.blobs, act); !back) {
    outcome = {effect.number, UndoStatus::failed, back.error().message};
  } else if (act.kind == ActKind::build) {
    outcome = undo_build(effect, act, own_mark);
  } else if (act.undo_call) {
    ChangeOutcome called;
    (void)call_platform(*act.undo_call, own_mark + "/undo", called);
    if (called.status != ChangeStatus::done) outcome = {effect.number, UndoStatus::failed, "undo: " + called.message};
  } else if (act.kind == ActKind::service_start && !act.undo) {
    at_.host.end_marked(own_mark);  // a service that was started and has no `stop`
  } else {
    run_undo(effect, act, own_mark, outcome);
  }
  return UndoDone{{std::move(outcome)}};
}

void HealEffects::run_undo(const PerformUndo& effect, const Act& act, const EffectMark& mark, UndoOutcome& outcome) {
  ProgramRun run = act.undo ? *act.undo : act.run;
  const auto failed = [&](std::string message) {
    outcome.status = UndoStatus::failed;
    outcome.message = std::move(message);
  };
  if (!effect.captured.empty()) {
    const auto captured = at_.blobs.get(effect.captured);
    if (!captured) return failed(captured.error().message);
    fill_in(run, "{captured}", without_final_newline(*captured));
  }
  if (act.kind == ActKind::platform) run.environment["AUTOHEAL_IDEMPOTENCY_KEY"] = mark + "/undo";
  const auto spec = specification(effect.configuration);
  const RunRequest request{std::move(run), mark, LeaveBehind::what_runs};
  std::optional<StopStep> stopping;
  if (spec) stopping.emplace(at_.host, **spec, act);
  if (act.stop_first) {
    (void)at_.host.run({*act.stop_first, mark, LeaveBehind::what_runs});
    if (stopping) (void)stopping->see_it_end();
  }
  RunOutcome ran = at_.host.run(request);
  if (act.kind == ActKind::service_start && stopping) (void)stopping->see_it_end();
  if (spec && !act.undo && is_worth_another_start(at_.host, **spec, act, mark)) ran = at_.host.run(request);
  if (ran.started && ran.exit_code == 0 && !ran.timed_out) return;
  failed("undo by " + request.run.argv.front() + ": " + failure_of(at_.secrets, ran).message);
  if (spec) judge_service_undo(act, effect.outcome, service_runs(at_.host, **spec, act.engine), outcome);
}

UndoOutcome HealEffects::undo_build(const PerformUndo& effect, const Act& act, const EffectMark& mark) {
  UndoOutcome undone{effect.number, UndoStatus::restored, {}};
  const auto spec = specification(effect.configuration);
  auto now = spec ? at_.host.outputs(**spec, act.outputs) : std::unexpected(spec.error());
  if (!now) return {effect.number, UndoStatus::failed, now.error().message};
  // Where a crash swallowed what the build left, all that differs is taken for its doing.
  const BuildUndo undo = undo_of_build(act.outputs_before, effect.outcome.built.empty() ? *now : effect.outcome.built);
  for (UndoOutcome& one : at_.host.restore(**spec, undo.changes, 1, undo.outcomes, mark)) {
    const bool done = one.status == UndoStatus::restored;
    if (done || undone.status == UndoStatus::failed) continue;
    undone.status = one.status;
    undone.message = at_.secrets.mask(one.message);
  }
  return undone;
}

HealInput HealEffects::outcome_of(const std::string& heal, const Recheck& effect) {
  // Leftovers of probes and tests, and of the act whose outcome nobody knows; a service that was started lives on.
  at_.host.end_marked(mark(heal, effect.start, 0));
  if (effect.interrupted != 0) at_.host.end_marked(mark(heal, effect.start, effect.interrupted));
  return Rechecked{at_.policy.today(effect.engine, effect.principal)};
}

HealInput HealEffects::outcome_of(const std::string& heal, const Settle& effect) {
  Settled settled;
  if (const auto spec = specification(effect.configuration)) {
    SettleRequest request{at_.ledger_id + "/" + heal + "/", effect.start, {}};
    if (effect.plan) request.changes = effect.plan->changes;
    settled.kept = at_.host.settle(**spec, request);
  }
  return settled;
}

}  // namespace autoheal::workflows
