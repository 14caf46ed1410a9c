#include "autoheal/workflows/plan/repair_deployment.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/workflows/plan/release_choice.hpp"

namespace autoheal::workflows {

namespace {

std::string reasons_of(const PlanningInput& input, const ReleaseRepair& repair, const ReleasesFacts& releases) {
  std::string reasons;
  for (const ReleaseFacts& one : releases.checked) {
    const bool refused = std::ranges::find(input.refused, choice_key(repair.link, one.name)) != input.refused.end();
    reasons += (reasons.empty() ? ": " : "; ") + one.name + " " + (refused ? "did not help before" : one.message);
  }
  return reasons;
}

const ReleaseFacts* choose(const PlanningInput& input, const ReleaseRepair& repair, const ReleasesFacts& releases) {
  const auto chosen = std::ranges::find_if(releases.checked, [&](const ReleaseFacts& one) {
    return one.whole && std::ranges::find(input.refused, choice_key(repair.link, one.name)) == input.refused.end();
  });
  return chosen == releases.checked.end() ? nullptr : &*chosen;
}

Result<void> repair_release(const PlanningInput& input, PlanDraft& draft, const ReleaseRepair& repair) {
  const auto target = draft.at(repair.link);
  AUTOHEAL_TRY(target);
  const TargetFacts& facts = (*target)->facts;
  if (facts.kind != TargetKind::link && facts.kind != TargetKind::absent) {
    return failure(ErrorKind::invalid,
                   fmt::format("{} is a {}, a link to a release was declared", repair.link, name_of(facts.kind)));
  }
  const auto releases = input.observation.releases.find(repair.link);
  if (releases == input.observation.releases.end())
    return failure(ErrorKind::invalid, repair.releases + " was not observed");
  const ReleaseFacts* chosen = choose(input, repair, releases->second);
  const bool missing = facts.kind == TargetKind::absent;
  if (chosen == nullptr) {
    const std::string from = missing ? "" : " older than the one that " + repair.link + " names";
    const std::string hint = missing && !repair.allow_newer
                                 ? "; the link is missing, so which release failed is not known: allow_newer takes the "
                                   "newest whole one"
                                 : "";
    return failure(ErrorKind::invalid, fmt::format("no whole release{} is within reach in {}{}{}", from,
                                                   repair.releases, reasons_of(input, repair, releases->second), hint));
  }
  draft.touch(**target, ChangeKind::release);
  (*target)->named = {chosen->name};
  TargetAfter& after = (*target)->after;
  if (!missing) {
    const auto now = linked_release(repair, input.spec.root, facts.link_target);
    AUTOHEAL_TRY(now);
    after.link_target = link_to(facts.link_target, *now, chosen->name);
    return {};
  }
  const auto runner = draft.owner("");
  AUTOHEAL_TRY(runner);
  std::string up;
  for (auto slash = repair.link.find('/'); slash != std::string::npos; slash = repair.link.find('/', slash + 1))
    up += "../";
  after = {TargetKind::link, {}, 0777, runner->first, runner->second, up + repair.releases + "/" + chosen->name};
  return {};
}

// A platform's act is a program or a request.
void set_hook(const Hook& hook, ProgramRun& run, std::optional<HttpCall>& call) {
  if (const auto* program = std::get_if<ProgramRun>(&hook)) run = *program;
  if (const auto* request = std::get_if<HttpCall>(&hook)) call = *request;
}

bool is_built(const BuildRepair& build, const std::vector<TargetFacts>& outputs) {
  return !build.sha256.empty() && std::ranges::any_of(outputs, [&](const TargetFacts& facts) {
    return facts.path == build.outputs.front() && facts.digest == "sha256:" + build.sha256;
  });
}

}  // namespace

Result<void> repair_releases(const PlanningInput& input, PlanDraft& draft) {
  for (const ReleaseRepair& repair : input.spec.repair.release) {
    if (auto done = repair_release(input, draft, repair); !done) return done;
  }
  return {};
}

Result<void> add_builds(const PlanningInput& input, std::size_t releases_changed, Plan& plan) {
  for (std::size_t index = 0; index < input.spec.repair.build.size(); ++index) {
    const BuildRepair& build = input.spec.repair.build[index];
    if (index >= input.observation.outputs.size())
      return failure(ErrorKind::invalid, "the outputs of build " + build.run.argv.front() + " were not observed");
    const std::vector<TargetFacts>& outputs = input.observation.outputs[index];
    if (is_built(build, outputs)) continue;
    for (const TargetFacts& facts : outputs) {
      const bool odd = facts.kind == TargetKind::other || (facts.kind == TargetKind::file && facts.links > 1);
      if (odd) {
        return failure(ErrorKind::invalid,
                       facts.path + " is an output of a build and could not be put back: it is " +
                           (facts.kind == TargetKind::file ? "a file with several names (hard links)"
                                                           : "neither file, folder nor link"));
      }
    }
    Act& act = plan.acts.emplace_back();
    act.kind = ActKind::build;
    act.run = build.run;
    act.repeatable = true;
    act.after_changes = releases_changed;
    act.outputs = build.outputs;
    act.sha256 = build.sha256;
    act.outputs_before = outputs;
  }
  return {};
}

void add_platform_acts(const PlanningInput& input, Plan& plan) {
  for (const PlatformRepair& platform : input.spec.repair.platform) {
    Act& act = plan.acts.emplace_back();
    act.kind = ActKind::platform;
    act.after_changes = plan.changes.size();
    set_hook(platform.act, act.run, act.call);
    if (!platform.undo) continue;
    ProgramRun undo;
    set_hook(*platform.undo, undo, act.undo_call);
    if (!act.undo_call) act.undo = undo;
  }
}

}  // namespace autoheal::workflows
