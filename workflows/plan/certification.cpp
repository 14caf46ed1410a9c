#include "autoheal/workflows/plan/certification.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/plan/document_judge.hpp"
#include "autoheal/workflows/plan/plan_fields.hpp"
#include "autoheal/workflows/plan/security_rules.hpp"
#include "autoheal/workflows/spec/visit_spec.hpp"
#include "autoheal/workflows/stored/stored_json.hpp"
#include "autoheal/workflows/text/glob.hpp"

namespace autoheal::workflows {

namespace {

class Reasons {
 public:
  void hashes(std::string reason) { all_.push_back({"module_hashes", std::move(reason)}); }
  void tests(std::string reason) { all_.push_back({"test_matrix", std::move(reason)}); }
  void security(std::string reason) { all_.push_back({"security", std::move(reason)}); }
  void rbac(std::string reason) { all_.push_back({"rbac", std::move(reason)}); }
  std::vector<Refusal> take() { return std::move(all_); }

 private:
  std::vector<Refusal> all_;
};

std::string why(const std::string& name, const std::string& message) {
  return message.empty() ? name : name + ": " + message;
}

// ---- module hashes

void baselines_are_adopted(const EngineSpec& spec, const std::optional<AdoptedBaseline>& adopted, Reasons& reasons) {
  if (!adopted) return;
  for (const FileRepair& file : spec.repair.files) {
    const auto known = adopted->baselines.find(file.baseline_path);
    if (known == adopted->baselines.end()) {
      reasons.hashes("baseline " + file.baseline_path + " was never adopted");
    } else if (known->second != file.baseline) {
      reasons.hashes("baseline " + file.baseline_path + " is not the one that was adopted");
    }
  }
}

// A folder's size and times change with what lies in it; a device may have another number after a reboot.
bool as_left(const TargetFacts& now, TargetFacts left, bool with_content) {
  left.device = now.device;
  if (left.generation == 0) left.generation = now.generation;  // not known then
  if (with_content) return now == left;
  return left.kind == now.kind && left.inode == now.inode && left.generation == now.generation &&
         left.mode == now.mode && left.uid == now.uid && left.gid == now.gid && left.acl == now.acl;
}

// Whether what it holds must be as it was left: not of a folder, nor of a file whose mode alone was repaired.
bool content_counts(const Change& change) {
  return change.after.kind == TargetKind::link || change.after.kind == TargetKind::absent || declares_content(change);
}

// State is in use again: that it is there and sound is asked, not that nobody wrote to it since.
void state_is_there(const Change& change, const ChangeOutcome* outcome, const Evidence& evidence, Reasons& reasons) {
  if (change.after.kind == TargetKind::absent) return;
  const std::string& path = change.before.path;
  const auto now = std::ranges::find(evidence.targets, path, &TargetFacts::path);
  if (now == evidence.targets.end()) return reasons.hashes(path + " was not looked at");
  if (change.after.kind != TargetKind::folder) {
    if (now->kind != TargetKind::database) reasons.hashes(path + " is no sound database after it was restored");
    return;
  }
  const bool same = now->kind == TargetKind::folder && outcome != nullptr && now->inode == outcome->left.inode &&
                    now->mode == outcome->left.mode && now->uid == outcome->left.uid && now->gid == outcome->left.gid;
  if (!same) reasons.hashes(path + " is not the folder that was restored");
}

void targets_are_as_planned(const Plan& plan, const std::vector<ChangeOutcome>& outcomes, const Evidence& evidence,
                            Reasons& reasons) {
  for (std::size_t index = 0; index < plan.changes.size(); ++index) {
    const Change& change = plan.changes[index];
    const std::string& path = change.before.path;
    const auto outcome = std::ranges::find(outcomes, index + 1, &ChangeOutcome::number);
    if (change.kind == ChangeKind::state) {
      state_is_there(change, outcome == outcomes.end() ? nullptr : &*outcome, evidence, reasons);
      continue;
    }
    const auto now = std::ranges::find(evidence.targets, path, &TargetFacts::path);
    if (now == evidence.targets.end()) {
      reasons.hashes(path + " was not looked at");
      continue;
    }
    const TargetAfter& after = change.after;
    const bool same = now->kind == after.kind &&
                      (after.kind == TargetKind::absent ||
                       (now->uid == after.uid && now->gid == after.gid &&
                        (after.kind == TargetKind::link ? now->link_target == after.link_target
                                                        : now->mode == after.mode && now->acl == after.acl)));
    if (!same) reasons.hashes(path + " is not as the plan leaves it");
    if (declares_content(change)) {
      const auto hashed = std::ranges::find(evidence.hashes, path, &HashFinding::path);
      if (hashed == evidence.hashes.end() || hashed->digest != after.content) {
        reasons.hashes(path + " does not hold what the plan wrote");
      }
    }
    if (outcome != outcomes.end() && !outcome->left.path.empty() &&
        !as_left(*now, outcome->left, content_counts(change))) {
      reasons.hashes(path + " was changed by somebody else after the repair");
    }
  }
}

void builds_are_as_left(const std::vector<ChangeOutcome>& outcomes, const Evidence& evidence, Reasons& reasons) {
  for (const ChangeOutcome& outcome : outcomes) {
    for (const TargetFacts& built : outcome.built) {
      if (built.kind != TargetKind::file) continue;
      const auto hashed = std::ranges::find(evidence.hashes, built.path, &HashFinding::path);
      if (hashed == evidence.hashes.end() || hashed->digest != built.digest)
        reasons.hashes(built.path + " does not hold what the build left");
    }
  }
}

void releases_are_whole(const Plan& plan, const Evidence& evidence, Reasons& reasons) {
  for (const Change& change : plan.changes) {
    if (change.kind != ChangeKind::release) continue;
    const auto found = evidence.releases.find(change.before.path);
    if (found == evidence.releases.end()) {
      reasons.hashes(fmt::format("the release that {} leads to was not verified", change.before.path));
    } else if (!found->second.whole) {
      reasons.hashes(fmt::format("release {} is not whole: {}", found->second.name, found->second.message));
    }
  }
}

void documents_are_as_declared(const EngineSpec& spec, const std::vector<DocumentFinding>& findings, Reasons& reasons) {
  for (const std::string& path : judged_documents(spec)) {
    const auto found = std::ranges::find(findings, path, &DocumentFinding::path);
    if (found == findings.end()) {
      reasons.hashes(path + " was not judged");
    } else if (!found->problem.empty()) {
      reasons.hashes(path + ": " + found->problem);
    }
  }
}

// The bytes of a document as the plan leaves it.
Result<std::string> planned_content(const Plan& plan, const Observation& observation, const Contents& contents,
                                    const Contents& new_contents, const std::string& path) {
  BlobName name;
  if (const auto seen = observation.contents.find(path); seen != observation.contents.end()) name = seen->second;
  for (const Change& change : plan.changes) {
    if (change.before.path == path) name = change.after.content;
  }
  for (const Contents* known : {&new_contents, &contents}) {
    if (const auto bytes = known->find(name); bytes != known->end()) return bytes->second;
  }
  return failure(ErrorKind::not_found, "what the plan makes of it is not known");
}

bool is_declared(const std::vector<std::string>& globs, const std::string& path) {
  return std::ranges::any_of(globs, [&](const std::string& glob) { return glob_matches(glob, path); });
}

void hashes_are_adopted(const EngineSpec& spec, const Evidence& evidence, const AdoptedBaseline& adopted,
                        Reasons& reasons) {
  for (const HashFinding& found : evidence.hashes) {
    if (!is_declared(spec.certify.hashes, found.path)) continue;
    const auto known = adopted.files.find(found.path);
    if (known == adopted.files.end()) {
      reasons.hashes(found.path + " has no adopted digest");
    } else if (found.digest != known->second) {
      reasons.hashes(found.path + " differs from its adopted digest");
    }
  }
  for (const auto& [path, digest] : adopted.files) {
    const auto found = std::ranges::find(evidence.hashes, path, &HashFinding::path);
    if (found == evidence.hashes.end() || found->digest.empty()) reasons.hashes(path + " was adopted and is missing");
  }
}

void hashes_are_declared(const EngineSpec& spec, const Evidence& evidence, Reasons& reasons) {
  for (const std::string& glob : spec.certify.hashes) {
    const bool matched = std::ranges::any_of(evidence.hashes, [&](const HashFinding& found) {
      return !found.digest.empty() && glob_matches(glob, found.path);
    });
    if (!matched) reasons.hashes("hashes: " + glob + " matches no file");
  }
  for (const Probe& probe : spec.self_test) {
    const auto* file = std::get_if<FileProbe>(&probe.what);
    if (file == nullptr || file->baseline.empty()) continue;
    const auto found = std::ranges::find(evidence.hashes, file->path, &HashFinding::path);
    if (found != evidence.hashes.end() && found->digest != file->baseline && !found->digest.starts_with("hmac-")) {
      reasons.hashes(file->path + " differs from its baseline " + file->baseline_path);
    }
  }
}

// ---- test matrix

void everything_was_tested(const EngineSpec& spec, const Evidence& evidence, Reasons& reasons) {
  const auto probe_holds = [&](const Probe& probe) {
    const auto result = std::ranges::find(evidence.probes, probe.name, &ProbeResult::name);
    if (result == evidence.probes.end()) return reasons.tests(probe.name + " was not tested");
    if (!probe.heal || result->verdict == ProbeVerdict::pass || result->verdict == ProbeVerdict::warning) return;
    reasons.tests(why(probe.name, result->message));
  };
  for_each_probe(spec, probe_holds);
  std::size_t cells = 0;
  for (const TestSpec& test : spec.certify.tests) {
    const auto wanted = cells_of(test);
    if (wanted.empty()) reasons.tests(test.name + " has no cell to run");
    cells += wanted.size();
    for (const TestCell& cell : wanted) {
      const auto result = std::ranges::find(evidence.tests, cell.name, &TestResult::name);
      if (result == evidence.tests.end()) {
        reasons.tests(cell.name + " was not run");
      } else if (!result->passed) {
        reasons.tests(why(cell.name, result->message));
      }
    }
  }
  if (spec.self_test.empty() && cells == 0) reasons.tests("there is nothing that could be tested");
}

// A program that answers in its place says nothing of the service.
void no_stranger_answers(const Evidence& evidence, Reasons& reasons) {
  for (const PortFinding& finding : evidence.ports) {
    if (finding.holder == PortHolder::stranger) reasons.tests(finding.probe + ": " + sentence_of_stranger(finding));
  }
}

// ---- security

// Whether `change` would leave something that the security policy does not allow.
void change_is_secure(const EngineSpec& spec, const Change& change, const Observation& observation,
                      const std::string* content, Reasons& reasons) {
  const SecuritySpec& policy = spec.certify.security;
  const TargetAfter& after = change.after;
  const std::string& path = change.before.path;
  if (after.kind == TargetKind::absent) return;
  if (after.kind == TargetKind::link) {
    if (!policy.allow_symlinks) reasons.security(path + " would be a symlink");
    return;
  }
  if (policy.max_mode && mode_within(after.mode, *policy.max_mode, after.kind) != after.mode) {
    reasons.security(path + " would have a wider mode than max_mode allows");
  }
  if (!policy.allow_setid && is_setid(after.mode, after.kind))
    reasons.security(path + " would be setuid or setgid" + std::string(allowed_as_setid));
  if (judges_capabilities(policy) && is_in_place(change) && !change.before.capability.empty())
    reasons.security(path + " has file capabilities" + std::string(allowed_as_setid));
  if (const auto owner = observation.owners.find(policy.owner);
      !policy.owner.empty() && owner != observation.owners.end()) {
    if (after.uid != owner->second.first || after.gid != owner->second.second) {
      reasons.security(path + " would not belong to " + policy.owner);
    }
  }
  if (content != nullptr) {
    if (const auto pattern = forbidden_in(*content, policy.forbid)) {
      reasons.security(path + " would hold what is forbidden: " + *pattern);
    }
  }
}

// ---- roles

void changes_were_allowed(const std::vector<ChangeOutcome>& outcomes, const Evidence& evidence, Reasons& reasons) {
  for (const ChangeOutcome& outcome : outcomes) {
    if (outcome.status == ChangeStatus::skipped) continue;
    const auto found = std::ranges::find(evidence.authorized, outcome.number, &AuthorizedChange::number);
    const std::string name = "change " + std::to_string(outcome.number);
    if (found == evidence.authorized.end()) {
      reasons.rbac("nobody is recorded for " + name);
    } else if (!found->allowed) {
      reasons.rbac(fmt::format("{} ({}) was not allowed to make {}", found->principal,
                               found->role.empty() ? "no role" : found->role, name));
    }
  }
}

void everything_was_done(const Plan& plan, const std::vector<ChangeOutcome>& outcomes, Reasons& reasons) {
  for (unsigned number = 1; number <= plan.size(); ++number) {
    const auto outcome = std::ranges::find(outcomes, number, &ChangeOutcome::number);
    if (outcome == outcomes.end() ||
        (outcome->status != ChangeStatus::done && outcome->status != ChangeStatus::found_done)) {
      reasons.hashes(fmt::format("change {} of the plan was not made", number));
    }
  }
}

}  // namespace

std::vector<Refusal> certify_plan(const EngineSpec& spec, const Plan& plan, const Observation& observation,
                                  const Contents& contents, const Contents& new_contents,
                                  const std::optional<AdoptedBaseline>& adopted, bool principal_may_change,
                                  Documents documents) {
  Reasons reasons;
  baselines_are_adopted(spec, adopted, reasons);
  if (documents == Documents::judged) {
    const auto planned = [&](const std::string& path) {
      return planned_content(plan, observation, contents, new_contents, path);
    };
    documents_are_as_declared(spec, judge_documents(spec, observation, contents, planned), reasons);
  }
  for (const Change& change : plan.changes) {
    const std::string* content = nullptr;
    if (const auto made = new_contents.find(change.after.content); made != new_contents.end()) {
      content = &made->second;
    } else if (const auto known = contents.find(change.after.content); known != contents.end()) {
      content = &known->second;
    }
    change_is_secure(spec, change, observation, content, reasons);
  }
  if (!principal_may_change && !plan.empty()) reasons.rbac("the principal of this heal may not change anything");
  return reasons.take();
}

std::vector<Refusal> certify_outcome(const EngineSpec& spec, const Plan& plan,
                                     const std::vector<ChangeOutcome>& outcomes, const Evidence& evidence,
                                     const std::optional<AdoptedBaseline>& adopted, Documents documents) {
  Reasons reasons;
  if (!evidence.problem.empty()) reasons.tests("the evidence is incomplete: " + evidence.problem);
  everything_was_done(plan, outcomes, reasons);
  baselines_are_adopted(spec, adopted, reasons);
  targets_are_as_planned(plan, outcomes, evidence, reasons);
  if (documents == Documents::judged) documents_are_as_declared(spec, evidence.documents, reasons);
  releases_are_whole(plan, evidence, reasons);
  builds_are_as_left(outcomes, evidence, reasons);
  if (adopted) {
    hashes_are_adopted(spec, evidence, *adopted, reasons);
  } else {
    hashes_are_declared(spec, evidence, reasons);
  }
  everything_was_tested(spec, evidence, reasons);
  no_stranger_answers(evidence, reasons);
  if (evidence.scanned != spec.certify.security.paths) reasons.security("not every path of `security` was scanned");
  for (const SecurityFinding& finding : evidence.findings) {
    if (!finding.passing) reasons.security(why(finding.path, finding.message));
  }
  changes_were_allowed(outcomes, evidence, reasons);
  return reasons.take();
}

std::string to_json(const Plan& plan) {
  JsonWriter out;
  StoredJson::write(out, plan);
  return out.take();
}

std::string plan_digest(const Plan& plan) { return sha256_name(to_json(plan)); }

std::vector<TestCell> cells_of(const TestSpec& test) {
  std::vector<TestCell> cells = {{"", {}}};
  for (const auto& [variable, values] : test.matrix) {
    std::vector<TestCell> grown;
    for (const TestCell& cell : cells) {
      for (const std::string& value : values) {
        TestCell& one = grown.emplace_back(cell);
        one.name += (one.name.empty() ? "" : ",") + variable + "=" + value;
        one.variables[variable] = value;
      }
    }
    cells = std::move(grown);
  }
  for (TestCell& cell : cells) cell.name = cell.name.empty() ? test.name : test.name + "[" + cell.name + "]";
  return cells;
}

}  // namespace autoheal::workflows
