#include "autoheal/workflows/effects/act_performer.hpp"

#include <fmt/core.h>

#include <optional>
#include <utility>

#include "autoheal/engine/base/placeholders.hpp"
#include "autoheal/workflows/effects/kept_output.hpp"
#include "autoheal/workflows/effects/running_services.hpp"
#include "autoheal/workflows/effects/service_steps.hpp"
#include "autoheal/workflows/plan/build_outputs.hpp"
#include "autoheal/workflows/plan/plan_secrets.hpp"

namespace autoheal::workflows {

namespace {

constexpr unsigned timed_out_there = 408;  // a status of HTTP

std::string without_final_newline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

CaptureDone ActPerformer::capture(const Act& act, unsigned number, const EffectMark& mark) {
  ProgramRun capture = *act.capture;
  const std::string failed =
      "capture " + capture.argv.front() + " failed, so its undo would not know what to put back: ";
  if (const auto back = put_secrets_back(at_.blobs, capture); !back)
    return CaptureDone{number, failure(ErrorKind::failed, failed + back.error().message)};
  const RunOutcome ran = at_.host.run({std::move(capture), mark, ChildPolicy::end_all});
  if (ran.started && ran.exit_code == 0 && !ran.timed_out && !ran.output_cut) {
    return CaptureDone{number, at_.blobs.put(ran.standard_output, engine::BlobNaming::keyed)};
  }
  // Nothing was changed yet: without what undo needs, nothing may be.
  RunFailure why = failure_of(at_.secrets, ran);
  return CaptureDone{number, failure(ErrorKind::failed, failed + why.message), {}, std::move(why.last_lines)};
}

void ActPerformer::perform(const EngineSpec& spec, Act act, const EffectMark& mark, ActDone& done) {
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
  outcome.message = fmt::format("build {}: {}", act.run.argv.front(), problem);
}

LastLines ActPerformer::call_platform(const HttpCall& call, const std::string& key, ChangeOutcome& outcome) {
  const CallOutcome answer = at_.host.call(call, key);
  outcome.took = answer.took;
  outcome.output = keep_output(at_.secrets, at_.blobs, answer.body);
  const unsigned family = answer.answered ? answer.status / 100 : 0;
  outcome.status = family == 2                                       ? ChangeStatus::done
                   : family == 4 && answer.status != timed_out_there ? ChangeStatus::refused  // it did nothing
                                                                     : ChangeStatus::failed;
  if (outcome.status == ChangeStatus::done) return {};
  const LastLines lines = last_lines(at_.secrets.mask(answer.body));
  const std::string why = answer.answered ? fmt::format("answered with status {}", answer.status) : answer.message;
  outcome.message = with_lines(at_.secrets.mask(fmt::format("{} {}: {}", call.method, call.url, why)), lines);
  return lines;
}

void ActPerformer::run_act(const EngineSpec& spec, const Act& act, const EffectMark& mark, ActDone& done) {
  ChangeOutcome& outcome = done.outcome;
  const bool check = act.kind == ActKind::service_check;
  StopStep stopping(at_.host, spec, act);
  if (act.stop_first) {
    (void)at_.host.run({*act.stop_first, mark, ChildPolicy::keep_running});  // start tells whether it worked
    outcome.message = stopping.see_it_end();
  }
  const bool leaves = !check && act.kind != ActKind::build;
  ProgramRun run = act.run;
  if (act.kind == ActKind::platform) run.environment["AUTOHEAL_IDEMPOTENCY_KEY"] = mark;
  const RunRequest request{std::move(run), mark, leaves ? ChildPolicy::keep_running : ChildPolicy::end_all};
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

UndoOutcome ActPerformer::undo(const Result<SpecPtr>& spec, Act act, const PerformUndo& effect,
                               const EffectMark& mark) {
  UndoOutcome outcome{effect.number, UndoStatus::undone, {}};
  if (const auto back = put_secrets_back(at_.blobs, act); !back) {
    outcome = {effect.number, UndoStatus::failed, back.error().message};
  } else if (act.kind == ActKind::build) {
    outcome = undo_build(spec, act, effect, mark);
  } else if (act.undo_call) {
    ChangeOutcome called;
    (void)call_platform(*act.undo_call, mark + "/undo", called);
    if (called.status != ChangeStatus::done) outcome = {effect.number, UndoStatus::failed, "undo: " + called.message};
  } else if (act.kind == ActKind::service_start && !act.undo) {
    at_.host.end_marked(mark);  // a service that was started and has no `stop`
  } else {
    run_undo(spec, act, effect, mark, outcome);
  }
  return outcome;
}

void ActPerformer::run_undo(const Result<SpecPtr>& spec, const Act& act, const PerformUndo& effect,
                            const EffectMark& mark, UndoOutcome& outcome) {
  ProgramRun run = act.undo ? *act.undo : act.run;
  const auto failed = [&](std::string message) {
    outcome.status = UndoStatus::failed;
    outcome.message = std::move(message);
  };
  if (!effect.captured.empty()) {
    const auto captured = at_.blobs.get(effect.captured);
    if (!captured) return failed(captured.error().message);
    fill_in(run.argv, "{captured}", without_final_newline(*captured));
  }
  if (act.kind == ActKind::platform) run.environment["AUTOHEAL_IDEMPOTENCY_KEY"] = mark + "/undo";
  const RunRequest request{std::move(run), mark, ChildPolicy::keep_running};
  std::optional<StopStep> stopping;
  if (spec) stopping.emplace(at_.host, **spec, act);
  if (act.stop_first) {
    (void)at_.host.run({*act.stop_first, mark, ChildPolicy::keep_running});
    if (stopping) (void)stopping->see_it_end();
  }
  RunOutcome ran = at_.host.run(request);
  if (act.kind == ActKind::service_start && stopping) (void)stopping->see_it_end();
  if (spec && !act.undo && is_worth_another_start(at_.host, **spec, act, mark)) ran = at_.host.run(request);
  if (ran.started && ran.exit_code == 0 && !ran.timed_out) return;
  failed(fmt::format("undo by {}: {}", request.run.argv.front(), failure_of(at_.secrets, ran).message));
  if (spec) judge_service_undo(act, effect.outcome, service_runs(at_.host, **spec, act.engine), outcome);
}

UndoOutcome ActPerformer::undo_build(const Result<SpecPtr>& spec, const Act& act, const PerformUndo& effect,
                                     const EffectMark& mark) {
  UndoOutcome undone{effect.number, UndoStatus::restored, {}};
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

}  // namespace autoheal::workflows
