#include "autoheal/workflows/effects/heal_effects.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/engine/base/contained.hpp"
#include "autoheal/workflows/effects/gather_evidence.hpp"
#include "autoheal/workflows/effects/kept_output.hpp"
#include "autoheal/workflows/effects/running_services.hpp"
#include "autoheal/workflows/effects/until_it_holds.hpp"
#include "autoheal/workflows/effects/wait_for_service.hpp"
#include "autoheal/workflows/effects/wait_for_writers.hpp"
#include "autoheal/workflows/judge/env_readers.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/plan/plan_secrets.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::workflows {

namespace {

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
    EvidenceGathered evidenced;
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
  HealInput operator()(const Recheck&) const { return LeftoversCleared{}; }
  HealInput operator()(const Settle&) const { return BeforeImagesKept{}; }
};

// Looking changes nothing, and is done again where the process ends meanwhile.
bool only_looks(const HealEffect& effect) {
  return std::holds_alternative<Observe>(effect) || std::holds_alternative<Recheck>(effect) ||
         std::holds_alternative<Certify>(effect);
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
  return fmt::format("{}/{}/{}/{}", at_.ledger_id, heal, start, number);
}

std::optional<HealInput> HealEffects::outcome_of(UnderWay& one, const Observe& effect) {
  Observed observed;
  observed.policy = at_.policy.current(effect.engine, effect.principal);
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
        return failure(ErrorKind::failed,
                       fmt::format("check {} does not hold before the repair: {}", check.name, check.message));
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
    acts_.perform(**spec, act_of(effect, effect.number), mark(heal, effect.start, effect.number), done);
  }
  return done;
}

HealInput HealEffects::outcome_of(const std::string& heal, const CaptureForUndo& effect) {
  return acts_.capture(act_of(effect, effect.number), effect.number, mark(heal, effect.start, effect.number));
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
  EvidenceGathered evidenced;
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
  const auto spec = specification(effect.configuration);
  const EffectMark own_mark = mark(heal, effect.start, effect.number);
  return UndoDone{{acts_.undo(spec, act_of(effect, effect.number), effect, own_mark)}};
}

HealInput HealEffects::outcome_of(const std::string& heal, const Recheck& effect) {
  // Leftovers of probes and tests, and of the act whose outcome nobody knows; a service that was started lives on.
  at_.host.end_marked(mark(heal, effect.start, 0));
  if (effect.interrupted != 0) at_.host.end_marked(mark(heal, effect.start, effect.interrupted));
  return LeftoversCleared{at_.policy.current(effect.engine, effect.principal)};
}

HealInput HealEffects::outcome_of(const std::string& heal, const Settle& effect) {
  BeforeImagesKept settled;
  if (const auto spec = specification(effect.configuration)) {
    SettleRequest request{at_.ledger_id + "/" + heal + "/", effect.start, {}};
    if (effect.plan) request.changes = effect.plan->changes;
    settled.kept = at_.host.settle(**spec, request);
  }
  return settled;
}

}  // namespace autoheal::workflows
