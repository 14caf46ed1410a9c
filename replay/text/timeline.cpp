#include "autoheal/replay/text/timeline.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "autoheal/engine/base/plural.hpp"
#include "autoheal/engine/large_data.hpp"
#include "autoheal/replay/text/plan_text.hpp"
#include "autoheal/workflows/heal/heal_apply.hpp"
#include "autoheal/workflows/heal/heal_machine.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::replay {

namespace {

using namespace workflows;  // the words of a heal's entries stand on every line here

// "60.0 ms", "30.0 s".
std::string time_text(Duration took) {
  const bool is_long = took >= std::chrono::seconds(1) || took <= std::chrono::seconds(-1);
  char text[32];
  std::snprintf(text, sizeof text, is_long ? "%.1f s" : "%.1f ms",
                static_cast<double>(took.count()) / (is_long ? 1'000'000.0 : 1'000.0));
  return text;
}

std::string name_of_number(const HealState& state, unsigned number) {
  const Plan* plan = state.plan();
  if (plan == nullptr || number == 0 || number > plan->size()) return fmt::format("change {}", number);
  if (number <= plan->changes.size()) return plan->changes[number - 1].before.path;
  const Act& act = plan->acts[number - plan->changes.size() - 1];
  return line_of(act);
}

// Fills one line from one entry; `state` is the state after it.
struct Describe {
  const HealState& state;
  Telling& line;

  void say(std::string sentence) { line.sentence = std::move(sentence); }
  void add(std::string detail) { line.details.push_back(std::move(detail)); }

  void outcomes(const std::vector<ChangeOutcome>& list) {
    for (const ChangeOutcome& outcome : list) {
      std::string text = name_of_number(state, outcome.number) + ": " + std::string(name_of(outcome.status));
      if (!outcome.message.empty()) text += ", " + outcome.message;
      add(std::move(text));
    }
  }
  void undone(const std::vector<UndoOutcome>& list) {
    for (const UndoOutcome& outcome : list) {
      std::string text = name_of_number(state, outcome.number) + ": " + std::string(name_of(outcome.status));
      if (!outcome.message.empty()) text += ", " + outcome.message;
      add(std::move(text));
    }
  }
  void refusals(const std::vector<Refusal>& list) {
    for (const Refusal& refusal : list) add(refusal.criterion + ": " + refusal.reason);
  }
  void evidence(const Evidence& seen) {
    for (const HashFinding& hash : seen.hashes) {
      add(fmt::format("hash {} {}", hash.path, hash.digest.empty() ? "missing" : short_digest(hash.digest)));
    }
    for (const auto& [link, release] : seen.releases) {
      add(fmt::format("release {}{}", release.name,
                      release.whole ? " is whole, by " + short_digest(release.manifest_digest)
                                    : " is not whole: " + release.message));
    }
    for (const ProbeResult& probe : seen.probes) {
      const bool good = probe.verdict == ProbeVerdict::pass;
      add(fmt::format("probe {}{}", probe.name, good ? " passes" : " does not pass: " + probe.message));
    }
    for (const TestResult& test : seen.tests) {
      add(fmt::format("test {}{} ({})", test.name, test.passed ? " passes" : " fails: " + test.message,
                      time_text(test.took)));
    }
    for (const SecurityFinding& finding : seen.findings)
      add(fmt::format("security {}: {}{}", finding.path, finding.message,
                      finding.passing ? " (an editor is at work)" : ""));
    if (seen.findings.empty()) add("security: no violation");
    for (const AuthorizedChange& change : seen.authorized) {
      add(fmt::format("rbac: {} by {} ({})", name_of_number(state, change.number), change.principal, change.role));
    }
    if (!seen.problem.empty()) add("evidence is incomplete: " + seen.problem);
  }

  void operator()(const Triggered& e) {
    say(fmt::format("triggered for {} by {}{}", e.engine, e.by.principal,
                    e.by.via.empty() ? "" : " (" + e.by.via + ")"));
    if (!e.error.empty()) add("because: " + e.error);
    if (!e.by.reason.empty()) add("reason given: " + e.by.reason);
    add(fmt::format("strategy {}, at most {}, configuration {}", name_of(e.strategy), plural(e.max_retries, "attempt"),
                    short_digest(e.configuration)));
  }
  void operator()(const TriggerJoined& e) { say("failed again, joined: " + e.error); }
  void operator()(const RepairStarted& e) {
    say(fmt::format("attempt {} of {} begins", e.attempt, state.request->max_retries));
  }
  void operator()(const PlanRecorded& e) {
    say(e.plan->empty() ? "plan: nothing to change" : "plan of " + plural(e.plan->size(), "change"));
    for (const Change& change : e.plan->changes) add(line_of(change));
    for (const Act& act : e.plan->acts) add(line_of(act));
  }
  void operator()(const PlanCertified& e) { say(fmt::format("plan certified ({})", short_digest(e.plan_digest))); }
  void operator()(const PlanRefused& e) {
    say("plan refused: nothing was touched");
    refusals(e.refusals);
  }
  void operator()(const ChangeIntended& e) { say("about to run " + name_of_number(state, e.number)); }
  void operator()(const ChangeApplied& e) {
    say("applied");
    outcomes(e.outcomes);
  }
  void operator()(const RepairFinished& e) {
    say("repair finished: " + std::string(action_of(e.strategy)));
    outcomes(e.outcomes);
  }
  void operator()(const RepairFailed& e) {
    say(fmt::format("repair failed ({}): {}", e.cause, e.message));
    outcomes(e.outcomes);
  }
  void operator()(const CertificationStarted&) { say("certification begins"); }
  void operator()(const Certified& e) {
    say("certified by Truth");
    evidence(e.evidence);
    add(fmt::format("autoheal {} {}", e.program_version, short_digest(e.program_sha256)));
  }
  void operator()(const CertificationRefused& e) {
    say("certification refused");
    refusals(e.refusals);
  }
  void operator()(const RollbackStarted& e) { say(e.again ? "rolling back once more" : "rolling back"); }
  void operator()(const UndoIntended& e) { say("about to undo " + name_of_number(state, e.number)); }
  void operator()(const UndoApplied& e) {
    say("undone");
    undone(e.outcomes);
  }
  void operator()(const RolledBack& e) {
    const bool clean = std::ranges::all_of(e.outcomes, [](const UndoOutcome& outcome) {
      return outcome.status == UndoStatus::restored || outcome.status == UndoStatus::undone;
    });
    say(clean ? "rolled back: everything is as before" : "rolled back, but not everything is as before");
    undone(e.outcomes);
  }
  void operator()(const RetryScheduled& e) { say(fmt::format("attempt {} in {}", e.next_attempt, time_text(e.delay))); }
  void operator()(const Resumed& e) {
    say(fmt::format("resumed after the healer ended (resumption {})", e.resumption));
    if (e.version == 0) return;
    add(fmt::format("decided by version {} of the heal workflow until now, by version {} from here on",
                    e.version_before, e.version));
  }
  void operator()(const CancelRequested& e) {
    say(fmt::format("told to end: {}{}", name_of(e.reason), e.by.principal.empty() ? "" : " by " + e.by.principal));
  }
  void operator()(const Completed& e) {
    say(fmt::format("Complete after {}, {}", plural(e.attempts, "attempt"), time_text(e.took)));
  }
  void operator()(const Exhausted& e) {
    say(fmt::format("Exhausted after {}: {}", plural(e.attempts, "attempt"), name_of(e.reason)));
    if (!e.message.empty()) add(e.message);
    const bool is_said = !e.last_lines.empty() && e.message.find(e.last_lines.back()) != std::string::npos;
    for (const std::string& last : is_said ? LastLines() : e.last_lines) add("printed last: " + last);
  }
  void operator()(const ImagesKept& e) {
    say(e.kept.empty() ? "nothing that it displaced lies beside its targets any more"
                       : "what it displaced stays beside its targets");
    for (const std::string& one : e.kept) add(one);
  }
};

}  // namespace

Telling telling_of(const HealEntry& entry, const HealState& after) {
  Telling telling;
  std::visit(Describe{after, telling}, entry);
  return telling;
}

Result<Timeline> timeline_of(const std::string& heal, const engine::LedgerView& ledger,
                             const engine::BlobStore& blobs) {
  auto entries = ledger.read_stream(heal, 1);
  AUTOHEAL_TRY(entries);
  if (entries->empty() || !entries->front().type.starts_with("heal.")) {
    return failure(ErrorKind::not_found, "there is no heal " + heal, "autoheal heals lists them");
  }
  Timeline timeline;
  timeline.heal = heal;
  const Timestamp began = entries->front().time;
  for (engine::Entry& entry : *entries) {
    const auto data = engine::lengthen(blobs, entry.data);
    AUTOHEAL_TRY(data);
    const auto decoded = Heal::decode(entry.type, entry.dataversion, *data);
    AUTOHEAL_TRY(decoded);
    timeline.state = apply_heal_entry(std::move(timeline.state), *decoded);
    TimelineLine line;
    line.phase = timeline.state.phase();
    line.since_began = entry.time - began;
    static_cast<Telling&>(line) = telling_of(*decoded, timeline.state);
    line.entry = std::move(entry);
    timeline.lines.push_back(std::move(line));
  }
  return timeline;
}

}  // namespace autoheal::replay
