#include "autoheal/replay/what_if/effect_equivalence.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>

#include "autoheal/workflows/plan/strategy.hpp"
#include "autoheal/workflows/text/glob.hpp"

namespace autoheal::replay {

using namespace workflows;  // every line below speaks of its effects

namespace {

template <class List, class Item>
bool has(const List& list, const Item& item) {
  return std::ranges::find(list, item) != std::ranges::end(list);
}

template <class List>
bool all_in(const List& some, const List& all) {
  return std::ranges::all_of(some, [&](const auto& item) { return has(all, item); });
}

bool same_plan(const EffectContext& a, const EffectContext& b) {
  return a.plan == b.plan || (a.plan && b.plan && *a.plan == *b.plan);
}

// Whether the recorded observation holds everything that the other configuration would observe.
bool sees_enough(const EngineSpec& then, const EngineSpec& other, unsigned attempt) {
  const ObserveRequest had = what_to_observe(then, attempt), wanted = what_to_observe(other, attempt);
  const auto was_seen = [&](const ObserveRequest::Target& target) {
    const auto seen = std::ranges::find(had.targets, target.path, &ObserveRequest::Target::path);
    return seen != had.targets.end() && seen->keyed == target.keyed && seen->recursive == target.recursive &&
           (seen->keep_content || !target.keep_content) && (target.rights_only || !seen->rights_only);
  };
  const auto service_of = [](const EngineSpec& spec) { return spec.repair.service.has_value(); };
  const bool tests_first = service_of(other);  // then the self-test has its say in the plan
  return then.root == other.root && std::ranges::all_of(wanted.targets, was_seen) && wanted.outputs == had.outputs &&
         then.repair.release == other.repair.release && then.repair.state == other.repair.state &&
         all_in(wanted.owners, had.owners) && all_in(wanted.secrets, had.secrets) &&
         then.repair.checks == other.repair.checks && then.repair.services == other.repair.services &&
         (!tests_first || (service_of(then) && then.self_test == other.self_test &&
                           then.repair.service->pidfile == other.repair.service->pidfile));
}

std::string different(const Observe& a, const EngineSpec& then, const Observe& b, const EngineSpec& other) {
  if (a.attempt != b.attempt) return fmt::format("attempt {} would observe the host", b.attempt);
  const bool same = a.needs_were_healed == b.needs_were_healed && sees_enough(then, other, b.attempt) &&
                    (!b.needs_were_healed || then.self_test == other.self_test);
  return same ? "" : fmt::format("attempt {} would observe more of the host than was observed", b.attempt);
}

// Whether two effects carry out the same part of the same plan.
template <class Effect>
std::string of_plan(const Effect& a, const EngineSpec& then, const Effect& b, const EngineSpec& other, bool same_part) {
  if (!same_plan(a, b)) return line_of(HealEffect(b)) + " of another plan";
  return a.attempt == b.attempt && same_part && then.root == other.root ? "" : line_of(HealEffect(b));
}

template <class Effect>
std::string different(const Effect& a, const EngineSpec& then, const Effect& b, const EngineSpec& other) {
  if constexpr (requires { a.from; }) {
    return of_plan(a, then, b, other, a.from == b.from && a.to == b.to);
  } else if constexpr (requires { a.number; }) {
    return of_plan(a, then, b, other, a.number == b.number);
  } else if constexpr (std::same_as<Effect, Certify>) {
    return of_plan(a, then, b, other, a.outcomes == b.outcomes && a.service_touched == b.service_touched);
  } else {
    return {};
  }
}

// No rule of `other` forbids what `then` allowed.
bool allows_more(const SecuritySpec& other, const SecuritySpec& then) {
  return all_in(other.paths, then.paths) && all_in(other.forbid, then.forbid) &&
         (!other.max_mode || (then.max_mode && (*then.max_mode & ~*other.max_mode) == 0)) &&
         (other.owner.empty() || other.owner == then.owner) && (other.allow_setid || !then.allow_setid) &&
         (other.allow_symlinks || !then.allow_symlinks);
}

// A path whose digest is taken whatever `hashes` says.
bool is_changed(const Certify& effect, const std::string& path) {
  const bool planned =
      std::ranges::any_of(effect.plan->changes, [&](const Change& change) { return change.before.path == path; });
  return planned || std::ranges::any_of(effect.outcomes, [&](const ChangeOutcome& outcome) {
           return has(outcome.built | std::views::transform(&TargetFacts::path), path);
         });
}

}  // namespace

std::string difference_of(const HealEffect& then_effect, const EngineSpec& then, const HealEffect& other_effect,
                          const EngineSpec& other) {
  if (then_effect.index() != other_effect.index()) return line_of(other_effect);
  return std::visit(
      [&]<class Effect>(const Effect& a) { return different(a, then, std::get<Effect>(other_effect), other); },
      then_effect);
}

std::optional<Evidence> evidence_under(const Evidence& evidence, const Certify& effect, const EngineSpec& then,
                                       const EngineSpec& other) {
  const CertifySpec& had = then.certify;
  const CertifySpec& wanted = other.certify;
  if (had == wanted && then.self_test == other.self_test && then.repair.checks == other.repair.checks) return evidence;
  const bool waited_otherwise = effect.service_touched && (had.within != wanted.within || had.hold != wanted.hold ||
                                                           then.self_test != other.self_test);
  const bool rules_differ = !(had.security == wanted.security);
  if (!evidence.problem.empty() || waited_otherwise || !all_in(other.self_test, then.self_test) ||
      !all_in(other.repair.checks, then.repair.checks) || !all_in(wanted.tests, had.tests) ||
      !all_in(wanted.hashes, had.hashes) ||
      (rules_differ && (!evidence.findings.empty() || !allows_more(wanted.security, had.security))))
    return std::nullopt;
  Evidence gathered = evidence;
  std::erase_if(gathered.probes, [&](const ProbeResult& result) {
    const auto named = [&](const Probe& probe) { return probe.name == result.name; };
    return std::ranges::none_of(other.self_test, named) && std::ranges::none_of(other.repair.checks, named);
  });
  std::erase_if(gathered.tests, [&](const TestResult& result) {
    return std::ranges::none_of(wanted.tests, [&](const TestSpec& test) {
      return std::ranges::any_of(cells_of(test), [&](const TestCell& cell) { return cell.name == result.name; });
    });
  });
  std::erase_if(gathered.hashes, [&](const HashFinding& finding) {
    const bool declared =
        std::ranges::any_of(wanted.hashes, [&](const std::string& glob) { return glob_matches(glob, finding.path); });
    return !declared && !is_changed(effect, finding.path);
  });
  gathered.scanned = wanted.security.paths;
  return gathered;
}

namespace {

struct Question {
  static std::string attempt(const EffectContext& effect) { return fmt::format("attempt {}", effect.attempt); }

  std::string operator()(const Observe& e) const { return attempt(e) + " would look at the world"; }
  std::string operator()(const ApplyChanges& e) const {
    return fmt::format("{} would make changes {} to {}", attempt(e), static_cast<unsigned>(e.from) + 1,
                       static_cast<unsigned>(e.to));
  }
  std::string operator()(const CaptureForUndo& e) const {
    return fmt::format("{} would capture for act {}", attempt(e), e.number);
  }
  std::string operator()(const PerformAct& e) const {
    return fmt::format("{} would perform act {}", attempt(e), e.number);
  }
  std::string operator()(const Certify& e) const { return attempt(e) + " would gather evidence"; }
  std::string operator()(const RestoreChanges& e) const { return attempt(e) + " would put changes back"; }
  std::string operator()(const PerformUndo& e) const {
    return fmt::format("{} would undo act {}", attempt(e), e.number);
  }
  std::string operator()(const Recheck&) const { return "it would be taken up again"; }
  std::string operator()(const Settle&) const { return "it would keep before-images"; }
};

}  // namespace

std::string line_of(const HealEffect& effect) { return std::visit(Question{}, effect); }

}  // namespace autoheal::replay
