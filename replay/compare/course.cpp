#include "autoheal/replay/compare/course.hpp"

#include <fmt/core.h>

#include <set>

#include "autoheal/engine/base/plural.hpp"
#include "autoheal/replay/text/plan_text.hpp"
#include "autoheal/workflows/heal/heal_apply.hpp"
#include "autoheal/workflows/plan/certification.hpp"

namespace autoheal::replay {

namespace {

using namespace workflows;  // the words of a heal stand on every line here

// Takes an entry's part of the course.
class Taking {
 public:
  explicit Taking(Course& course) : course_(course) {}

  void operator()(const Triggered& e) { course_.begun = e; }
  // One that starts over was put back before: what counts is what it came to then.
  void operator()(const RepairStarted& e) { course_.attempts.erase(e.attempt); }
  void operator()(const PlanRecorded& e) {
    Attempt& attempt = course_.attempts[e.attempt];
    attempt.observation = *e.observation;
    attempt.plan = *e.plan;
    attempt.may_change = e.may_change.value_or(true);
    attempt.adopted_baseline = e.adopted_baseline;
  }
  void operator()(const PlanRefused& e) { refused(course_.attempts[e.attempt], "plan_refused", e.refusals); }
  void operator()(const ChangeIntended& e) { course_.attempts[e.attempt].captured[e.number] = e.captured; }
  void operator()(const ChangeApplied& e) { came_back(course_.attempts[e.attempt], e.outcomes); }
  void operator()(const RepairFinished& e) { came_back(course_.attempts[e.attempt], e.outcomes); }
  void operator()(const RepairFailed& e) {
    Attempt& attempt = course_.attempts[e.attempt];
    came_back(attempt, e.outcomes);
    if (e.observation) attempt.observation = e.observation;
    attempt.verdict = "failed";
    attempt.why = {e.cause + ": " + e.message};
  }
  void operator()(const Certified& e) {
    Attempt& attempt = course_.attempts[e.attempt];
    attempt.evidence = e.evidence;
    attempt.verdict = "certified";
  }
  void operator()(const CertificationRefused& e) {
    course_.attempts[e.attempt].evidence = e.evidence;
    refused(course_.attempts[e.attempt], "refused", e.refusals);
  }
  void operator()(const UndoApplied& e) { taken_back(course_.attempts[e.attempt], e.outcomes); }
  void operator()(const RolledBack& e) { taken_back(course_.attempts[e.attempt], e.outcomes); }
  void operator()(const Resumed&) { course_.resumed = true; }
  template <class Other>
  void operator()(const Other&) {}  // tells nothing beside the state

 private:
  static void refused(Attempt& attempt, const std::string& verdict, const std::vector<Refusal>& refusals) {
    attempt.verdict = verdict;
    attempt.why.clear();
    for (const Refusal& refusal : refusals) attempt.why.push_back(refusal.criterion + ": " + refusal.reason);
  }
  static void came_back(Attempt& attempt, const std::vector<ChangeOutcome>& outcomes) {
    for (const ChangeOutcome& outcome : outcomes) attempt.outcomes[outcome.number] = outcome;
  }
  static void taken_back(Attempt& attempt, const std::vector<UndoOutcome>& outcomes) {
    for (const UndoOutcome& outcome : outcomes) attempt.undone[outcome.number] = outcome;
  }

  Course& course_;
};

std::string outcome_text(const HealState& state) {
  std::string text = fmt::format("{} after {}", name_of(state.phase()), plural(state.attempt_number(), "attempt"));
  if (const phases::EndedExhausted* end = state.exhausted()) text += ": " + std::string(name_of(end->reason));
  return text;
}

std::string verdict_text(const Attempt& attempt) {
  std::string text = attempt.verdict;
  for (const std::string& why : attempt.why) text += (text == attempt.verdict ? ": " : "; ") + why;
  return text;
}

std::string left_text(const TargetFacts& facts) {
  std::string text(name_of(facts.kind));
  if (facts.kind == TargetKind::file || facts.kind == TargetKind::folder) text += " " + octal(facts.mode);
  if (!facts.digest.empty()) text += " " + facts.digest;
  if (!facts.link_target.empty()) text += " -> " + facts.link_target;
  return text;
}

// Facts about one attempt, by name.
using Said = std::map<std::string, std::string>;

Said said_of(const Attempt& attempt, Plan (*placeless)(Plan)) {
  Said said;
  if (attempt.plan) said["plan"] = plan_digest(placeless(*attempt.plan));
  said["verdict"] = verdict_text(attempt);
  for (const auto& [number, outcome] : attempt.outcomes) {
    said[fmt::format("change {}", number)] = name_of(outcome.status);
    if (!outcome.left.path.empty()) said["left " + outcome.left.path] = left_text(outcome.left);
  }
  for (const auto& [number, undone] : attempt.undone) said[fmt::format("undo {}", number)] = name_of(undone.status);
  if (!attempt.evidence) return said;
  for (const HashFinding& hash : attempt.evidence->hashes) said["digest of " + hash.path] = hash.digest;
  for (const ProbeResult& probe : attempt.evidence->probes)
    said["probe " + probe.name] = probe.verdict == ProbeVerdict::pass ? "pass" : "does not pass";
  for (const TestResult& test : attempt.evidence->tests)
    said["test " + test.name] = test.passed ? "passed" : "did not pass";
  return said;
}

void forget_place(TargetFacts& facts) {
  facts.device = facts.inode = facts.links = facts.generation = 0;
  facts.mtime_ns = facts.ctime_ns = 0;
  facts.capability.clear();
  if (facts.kind == TargetKind::folder) facts.size = 0;
}

}  // namespace

Result<Course> course_of(RecordedHeal& heal) {
  Course course;
  for (std::size_t index = 0; index < heal.size(); ++index) {
    const auto entry = heal.decoded(index);
    AUTOHEAL_TRY(entry);
    std::visit(Taking(course), **entry);
    course.end = apply_heal_entry(std::move(course.end), **entry);
  }
  return course;
}

Plan without_place(Plan plan) {
  for (Change& change : plan.changes) forget_place(change.before);
  for (Act& act : plan.acts) {
    for (TargetFacts& facts : act.outputs_before) forget_place(facts);
  }
  return plan;
}

Plan without_place_and_owners(Plan plan) {
  plan = without_place(std::move(plan));
  for (Change& change : plan.changes) change.before.uid = change.before.gid = change.after.uid = change.after.gid = 0;
  for (Act& act : plan.acts) {
    for (TargetFacts& facts : act.outputs_before) facts.uid = facts.gid = 0;
  }
  return plan;
}

std::vector<Compared> compare(const Course& recorded, const Course& here, Plan (*placeless)(Plan)) {
  std::vector<Compared> rows = {{"outcome", outcome_text(recorded.end), outcome_text(here.end)}};
  std::set<unsigned> numbers;
  for (const auto* course : {&recorded, &here}) {
    for (const auto& [number, attempt] : course->attempts) numbers.insert(number);
  }
  for (const unsigned number : numbers) {
    const auto said_in = [&](const Course& course) {
      const auto found = course.attempts.find(number);
      return found == course.attempts.end() ? Said{{"verdict", "there was no such attempt"}}
                                            : said_of(found->second, placeless);
    };
    Said left = said_in(recorded), right = said_in(here);
    for (const auto& [what, text] : right) left.try_emplace(what, "nothing");
    for (const auto& [what, text] : left) {
      const auto other = right.find(what);
      rows.push_back(
          {fmt::format("attempt {}: {}", number, what), text, other == right.end() ? "nothing" : other->second});
    }
  }
  return rows;
}

}  // namespace autoheal::replay
