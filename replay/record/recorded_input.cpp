#include "autoheal/replay/record/recorded_input.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/plural.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::replay {

namespace {

using namespace workflows;  // every line below speaks of its inputs and entries

// Finds what may stand before one entry; `told` grows by each possibility.
class Recovery {
 public:
  Recovery(const HealState& state, const engine::Entry& entry, const PastWorld& world)
      : state_(state), entry_(entry), world_(world) {}

  RecordedInput told;
  std::optional<Error> missing;

  void operator()(const Triggered& e) {
    if (state_.phase() == Phase::none) may_be(Begin{e});
  }
  void operator()(const TriggerJoined& e) { may_be(Join{e.error, e.by}); }
  void operator()(const RepairStarted&) {
    if (state_.phase() == Phase::triggered) may_be(SlotGranted{});
    if (state_.phase() == Phase::retrying) may_be(WokenUp{});
  }
  void operator()(const PlanRecorded& e) {
    if (state_.step() != Step::observing) return;
    const bool complete = e.may_change.has_value();  // entries before that told neither of both
    for (const auto& [adopted, digest] : adopted_then(e.adopted_baseline, complete)) {
      observed(*e.observation, e.may_change.value_or(true), adopted, digest);
      if (!complete) observed(*e.observation, false, adopted, digest);
    }
  }
  void operator()(const RepairFailed& e) {
    if (e.cause == defect_word) return failed_in_defect(e);
    switch (state_.step()) {
      case Step::observing:
        return failed_before_changes(e);
      case Step::changing:
        if (!e.outcomes.empty()) may_be(ChangesDone{e.outcomes, {}, e.last_lines});
        if (const unsigned act = captures_next())
          may_be(CaptureDone{act, failure(ErrorKind::failed, e.message), {}, e.last_lines});
        break;
      case Step::acting:
        if (e.outcomes.size() == 1) may_be(ActDone{e.outcomes.front(), {}, e.last_lines});
        break;
      default:
        break;
    }
    went_on_after_restart();
  }
  void operator()(const ChangeIntended& e) {
    if (captures_next() == e.number) may_be(CaptureDone{e.number, e.captured});
    went_on_after_restart();
  }
  void operator()(const ChangeApplied& e) {
    if (state_.step() == Step::changing) may_be(ChangesDone{e.outcomes});
    if (state_.step() == Step::acting && e.outcomes.size() == 1) may_be(ActDone{e.outcomes.front()});
    went_on_after_restart();
  }
  void operator()(const RepairFinished& e) {
    if (state_.step() == Step::changing) may_be(ChangesDone{e.outcomes});
    went_on_after_restart();
  }
  void operator()(const Certified& e) {
    if (state_.step() == Step::certifying)
      evidenced(e.evidence, e.adopted_baseline, true, e.program_version, e.program_sha256);
  }
  void operator()(const CertificationRefused& e) {
    for (const Refusal& refusal : e.refusals) {
      if (refusal.criterion != defect_word) continue;
      stopped_by_defect(refusal.reason);
      // Not the judge but who gathered the evidence was at fault.
      if (e.evidence.problem == refusal.reason && state_.step() == Step::certifying) {
        return may_be(EvidenceGathered{
            std::make_shared<const EngineSpec>(), e.evidence, {}, e.adopted_baseline, {}, {}, refusal.reason, {}});
      }
    }
    if (state_.step() == Step::certifying) evidenced(e.evidence, e.adopted_baseline, false, {}, {}, e.last_lines);
  }
  void operator()(const RollbackStarted& e) {
    if (e.again && state_.phase() == Phase::exhausted) may_be(RetryRollback{e.by});
    if (!e.again) went_on_after_restart();
  }
  void operator()(const UndoApplied& e) {
    if (state_.is_rolling_back()) may_be(UndoDone{e.outcomes});
    went_on_after_restart();
  }
  void operator()(const CancelRequested& e) {
    if (e.reason == EndReason::defect) return stopped_by_defect({});
    if (e.by.principal.empty()) {
      const CurrentPolicy policy{e.reason, false};
      if (state_.step() == Step::observing) may_be(not_observed("the heal was told to end", policy));
      went_on_after_restart(policy);
    }
    may_be(Cancel{e.reason, e.by});
  }
  void operator()(const Resumed& e) { may_be(ProcessStarted{e.version != 0 ? e.version : state_.version}); }
  void operator()(const Exhausted&) {
    if (state_.resumptions >= resumptions_allowed) may_be(ProcessStarted{state_.version});
    went_on_after_restart();
  }
  void operator()(const UndoIntended&) { went_on_after_restart(); }
  void operator()(const RolledBack&) { went_on_after_restart(); }
  void operator()(const ImagesKept& e) { may_be(BeforeImagesKept{e.kept}); }
  // These follow others and never stand first.
  void operator()(const PlanCertified&) {}
  void operator()(const PlanRefused&) {}
  void operator()(const CertificationStarted&) {}
  void operator()(const RetryScheduled&) {}
  void operator()(const Completed&) {}

 private:
  using AdoptedThen = std::vector<std::pair<std::optional<AdoptedBaseline>, std::string>>;

  void may_be(HealInput input) { told.possible.push_back(std::move(input)); }

  void went_on_after_restart(CurrentPolicy policy = {}) {
    if (state_.resumptions > 0) may_be(LeftoversCleared{std::move(policy)});
  }

  static Observed not_observed(const std::string& why, CurrentPolicy policy) {
    Observed observed;
    observed.observation = failure(ErrorKind::failed, why);
    observed.policy = std::move(policy);
    return observed;
  }

  void failed_before_changes(const RepairFailed& e) {
    went_on_after_restart();
    if (e.cause != "plan") {
      Observed input = not_observed(e.message, {});
      input.last_lines = e.last_lines;
      return may_be(std::move(input));
    }
    if (e.observation) return observed(*e.observation, true, {}, {});
    told.untold = "an entry of an older version does not hold what was observed when no plan could be made";
  }

  // A defect is data: where today's code does not run into it, the record is taken as it is.
  void stopped_by_defect(const std::string& sentence) {
    told.untold = fmt::format(
        "a defect of the Autoheal of that time ended the heal here{}, and today's code does not run into it: it was "
        "fixed, or it occurs only now and then",
        sentence.empty() ? std::string() : " (" + sentence + ")");
  }

  void failed_in_defect(const RepairFailed& e) {
    stopped_by_defect(e.message);
    if (state_.step() == Step::observing && e.observation) {
      for (const auto& [adopted, digest] : adopted_then({}, false)) observed(*e.observation, true, adopted, digest);
    } else if (state_.step() == Step::observing) {
      Observed input = not_observed(e.message, {});
      input.defect = e.message;
      may_be(std::move(input));
    } else if (const unsigned act = captures_next(); act != 0 && e.outcomes.empty()) {
      may_be(CaptureDone{act, failure(ErrorKind::failed, e.message), e.message});
    } else if (state_.step() == Step::acting && e.outcomes.size() == 1) {
      may_be(ActDone{e.outcomes.front(), e.message});
    } else if (state_.step() == Step::changing) {
      may_be(ChangesDone{e.outcomes, e.message});
    }
  }

  // The act whose capture is what the heal waits for, or 0.
  [[nodiscard]] unsigned captures_next() const {
    if (state_.step() != Step::changing || state_.plan() == nullptr || state_.intended()) return 0;
    const auto next = next_step(*state_.attempt);
    if (!next || next->act == 0) return 0;
    return state_.plan()->acts[next->act - state_.plan()->changes.size() - 1].capture ? next->act : 0;
  }

  // `complete`: the entry is of a version that named what was adopted; else it may be what the ledger said by then.
  AdoptedThen adopted_then(const std::string& digest, bool complete) {
    if (!digest.empty()) {
      auto adopted = world_.adoptions().of_digest(state_.request->engine, digest);
      if (adopted) return {{std::move(adopted->baseline), digest}};
      missing = Error{ErrorKind::not_found,
                      fmt::format("the baseline {} that was adopted then is not here: the entry that adopted it stands "
                                  "in the ledger, outside of the heal",
                                  digest),
                      {}};
      return {};
    }
    AdoptedThen possible = {{std::nullopt, {}}};
    if (complete) return possible;
    if (auto adopted = world_.adoptions().at(state_.request->engine, entry_.position)) {
      possible.emplace_back(std::move(adopted->baseline), std::move(adopted->digest));
    }
    return possible;
  }

  void observed(const Observation& observation, bool may_change, const std::optional<AdoptedBaseline>& adopted,
                const std::string& adopted_digest) {
    Observed input;
    auto spec = world_.specification(state_.request->configuration);
    if (!spec) return lacks(spec.error());
    auto contents = contents_of(world_.blobs(), **spec, observation);
    if (!contents) return lacks(contents.error());
    input.spec = std::move(*spec);
    input.observation = observation;
    input.contents = std::move(*contents);
    input.adopted = adopted;
    input.adopted_digest = adopted_digest;
    input.policy.may_change = may_change;
    input.name_of_content = [&blobs = world_.blobs()](std::string_view content, engine::BlobNaming naming) {
      return blobs.name_of(content, naming);
    };
    may_be(std::move(input));
  }

  void evidenced(const Evidence& evidence, const std::string& digest, bool complete, const std::string& version,
                 const std::string& sha256, const LastLines& last_lines = {}) {
    auto spec = world_.specification(state_.request->configuration);
    // A configuration that could not be read then stands as an empty one in what was judged.
    if (!evidence.problem.empty() && evidence.probes.empty() && evidence.targets.empty()) {
      may_be(EvidenceGathered{std::make_shared<const EngineSpec>(), evidence, {}, {}, version, sha256, {}, last_lines});
    } else if (!spec) {
      return lacks(spec.error());
    }
    if (!spec) return;
    for (auto& [adopted, named] : adopted_then(digest, complete)) {
      may_be(EvidenceGathered{*spec, evidence, std::move(adopted), std::move(named), version, sha256, {}, last_lines});
    }
  }

  void lacks(Error error) {
    if (!missing) missing = std::move(error);
  }

  const HealState& state_;
  const engine::Entry& entry_;
  const PastWorld& world_;
};

struct Words {
  std::string operator()(const Begin&) const { return "a failure was told"; }
  std::string operator()(const Join&) const { return "the same engine failed again"; }
  std::string operator()(const SlotGranted&) const { return "a slot became free"; }
  std::string operator()(const Cancel& input) const {
    return fmt::format("it was told to end ({}){}", name_of(input.reason),
                       input.by.principal.empty() ? "" : " by " + input.by.principal);
  }
  std::string operator()(const RetryRollback&) const { return "somebody asked to roll back once more"; }
  std::string operator()(const WokenUp&) const { return "the wait was over"; }
  std::string operator()(const ProcessStarted&) const { return "a process took it up again"; }
  std::string operator()(const Observed& input) const {
    if (input.policy.must_end)
      return fmt::format("it was found to be switched off ({})", name_of(*input.policy.must_end));
    if (!input.observation) return "the world could not be looked at: " + input.observation.error().message;
    return "the world was looked at: " + plural(input.observation->targets.size(), "target");
  }
  std::string operator()(const ChangesDone& input) const {
    return plural(input.outcomes.size(), "change") + " came back";
  }
  std::string operator()(const CaptureDone& input) const {
    return input.captured ? "what undo needs was captured" : "what undo needs could not be captured";
  }
  std::string operator()(const ActDone& input) const {
    return fmt::format("act {} came back: {}", input.outcome.number, name_of(input.outcome.status));
  }
  std::string operator()(const EvidenceGathered& input) const {
    return fmt::format("evidence came in: {}, {}, {}", plural(input.evidence.probes.size(), "probe"),
                       plural(input.evidence.tests.size(), "test"), plural(input.evidence.hashes.size(), "digest"));
  }
  std::string operator()(const UndoDone& input) const { return plural(input.outcomes.size(), "undo") + " came back"; }
  std::string operator()(const LeftoversCleared& input) const {
    return "leftovers of the dead process were gone" +
           (input.policy.must_end ? fmt::format(", and it was switched off ({})", name_of(*input.policy.must_end))
                                  : std::string());
  }
  std::string operator()(const BeforeImagesKept&) const { return "before-images were kept"; }
};

}  // namespace

Result<RecordedInput> input_before(const HealState& state, RecordedHeal& heal, std::size_t index,
                                   const PastWorld& world) {
  const auto entry = heal.decoded(index);
  AUTOHEAL_TRY(entry);
  Recovery recovery(state, heal.entry(index), world);
  std::visit(recovery, **entry);
  if (recovery.missing && recovery.told.possible.empty() && recovery.told.untold.empty())
    return std::unexpected(std::move(*recovery.missing));
  return std::move(recovery.told);
}

std::string line_of(const HealInput& input) { return std::visit(Words{}, input); }

}  // namespace autoheal::replay
