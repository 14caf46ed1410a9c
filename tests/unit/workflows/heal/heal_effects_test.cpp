// Effects on a machine that cannot perform them: each ends with an outcome that says why, and nothing is done beyond
// that.
#include <gmock/gmock.h>

#include <deque>
#include <memory>
#include <utility>

#include "autoheal/workflows/effects/heal_effects.hpp"
#include "tests/support/worlds/heal_world.hpp"

namespace autoheal::workflows {
namespace {

using autoheal::testing::HealWorld;
using autoheal::testing::program;
using autoheal::testing::runs;
using autoheal::testing::WorldScheduling;
using ::autoheal::workflows::testing::NoSecrets;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string lost_secret = "secret:hmac-sha256:" + std::string(64, 'a');

class Masked final : public NoSecrets {
 public:
  [[nodiscard]] std::string mask(std::string_view text) const override { return "masked " + std::string(text); }
};

class EffectsOnAMachine : public ::testing::Test {
 protected:
  EffectsOnAMachine() {
    world_.replays = false;
    configuration_ = *world_.blobs.put(encode_engine_spec(world_.spec), engine::BlobNaming::plain);
  }
  HealSurroundings surroundings(HealScheduling& scheduling) {
    return {.host = world_.host,
            .blobs = world_.blobs,
            .clock = world_.clock,
            .policy = world_.policy,
            .secrets = secrets_,
            .scheduling = scheduling,
            .ledger_id = "ledger",
            .program_version = "0",
            .program_sha256 = "sha256:0",
            .tests_at_once = 1};
  }
  template <class Outcome, class Effect>
  Outcome performed(const Effect& effect) {
    std::optional<HealInput> outcome;
    effects_.perform("heal", effect, [&](HealInput input) { outcome = std::move(input); });
    return std::get<Outcome>(*outcome);
  }
  // The outcomes of a plan with these acts, after one change.
  template <class Effect>
  Effect effect_on(std::vector<Act> acts) {
    Plan plan;
    plan.changes.resize(1);
    plan.changes[0].before.path = "etc/app.conf";
    plan.acts = std::move(acts);
    Effect effect;
    effect.engine = "EnvRecon";
    effect.principal = "ops";
    effect.configuration = configuration_;
    effect.attempt = 1;
    effect.plan = std::make_shared<const Plan>(std::move(plan));
    return effect;
  }
  template <class Effect>
  Effect on_act(Act act) {
    Effect effect = effect_on<Effect>({std::move(act)});
    effect.number = 2;
    return effect;
  }
  static Act act_that_runs(const std::string& path, ActKind kind = ActKind::command) {
    Act act;
    act.kind = kind;
    act.run = runs({path});
    return act;
  }
  bool ran(const std::string& what) const {
    return std::ranges::any_of(world_.host.log(), [&](const std::string& line) { return line.ends_with(what); });
  }

  HealWorld world_;
  BlobName configuration_;
  Masked secrets_;
  WorldScheduling scheduling_{world_};
  HealEffects effects_{surroundings(scheduling_)};
};

RunOutcome ending(void (*change)(RunOutcome&)) {
  RunOutcome outcome;
  outcome.exit_code = 0;
  outcome.standard_output = "printed\n";
  change(outcome);
  return outcome;
}
const std::vector<void (*)(RunOutcome&)> bad_endings = {[](RunOutcome& outcome) { outcome.no_room = true; },
                                                        [](RunOutcome& outcome) { outcome.exit_code = 3; },
                                                        [](RunOutcome& outcome) { outcome.timed_out = true; },
                                                        [](RunOutcome& outcome) {
                                                          outcome.exit_code = 4;
                                                          outcome.message = "killed";
                                                        }};

// ---- the ledger is elsewhere

class Recordable final : public HealScheduling {
 public:
  Recordable(HealWorld& world, std::function<GoOn()> says) : at_once_(world), says_(std::move(says)) {}
  void run(std::function<void()> job) override { at_once_.run(std::move(job)); }
  bool wait(Duration time) override { return at_once_.wait(time); }
  GoOn until_recordable() override { return says_(); }

 private:
  WorldScheduling at_once_;
  std::function<GoOn()> says_;
};

TEST_F(EffectsOnAMachine, NothingIsChangedOnceTheProcessEndsWhileNothingCanBeRecorded) {
  Recordable ends(world_, [] { return GoOn::no_more; });
  HealEffects effects(surroundings(ends));
  auto apply = effect_on<ApplyChanges>({});
  apply.to = 1;
  const std::vector<HealEffect> all = {apply, on_act<PerformAct>(act_that_runs("/bin/act")),
                                       on_act<CaptureForUndo>(act_that_runs("/bin/act")),
                                       on_act<PerformUndo>(act_that_runs("/bin/act"))};
  const std::size_t before = world_.host.log().size();
  for (const HealEffect& effect : all) effects.perform("heal", effect, [](const HealInput&) {});
  EXPECT_EQ(world_.host.log().size(), before);
}

TEST_F(EffectsOnAMachine, EvidenceFromBeforeAWaitIsGatheredAgain) {
  unsigned asked = 0;
  Recordable once_more(world_, [&asked] { return ++asked == 1 ? GoOn::after_a_wait : GoOn::at_once; });
  HealEffects effects(surroundings(once_more));
  effects.perform("heal", effect_on<Certify>({}), [](const HealInput&) {});
  EXPECT_EQ(asked, 2U);
}

// ---- the configuration is gone, or is none

TEST_F(EffectsOnAMachine, WithoutAConfigurationAllFailAndNothingIsDone) {
  const BlobName garbage = *world_.blobs.put("no engine", engine::BlobNaming::plain);
  for (const BlobName& configuration : {BlobName("sha256:gone"), garbage}) {
    configuration_ = configuration;
    const auto expect_named = [&](const std::string& message) {
      EXPECT_FALSE(message.empty());
      if (configuration != garbage) {
        EXPECT_THAT(message, HasSubstr("sha256:gone"));
      }
    };
    const auto observed = performed<Observed>(effect_on<Observe>({}));
    ASSERT_FALSE(observed.observation);
    expect_named(observed.observation.error().message);
    auto apply = effect_on<ApplyChanges>({});
    apply.to = 1;
    const auto changed = performed<ChangesDone>(apply).outcomes;
    ASSERT_THAT(changed, SizeIs(1));
    EXPECT_EQ(changed[0].status, ChangeStatus::failed);
    expect_named(changed[0].message);
    const auto acted = performed<ActDone>(on_act<PerformAct>(act_that_runs("/bin/act"))).outcome;
    EXPECT_EQ(acted.status, ChangeStatus::failed);
    expect_named(acted.message);
    expect_named(performed<EvidenceGathered>(effect_on<Certify>({})).evidence.problem);
    auto restore = effect_on<RestoreChanges>({});
    restore.to = 1;
    const auto restored = performed<UndoDone>(restore).outcomes;
    ASSERT_THAT(restored, SizeIs(1));
    EXPECT_EQ(restored[0].status, UndoStatus::failed);
    const auto unbuilt = performed<UndoDone>(on_act<PerformUndo>(act_that_runs("/bin/make", ActKind::build))).outcomes;
    EXPECT_EQ(unbuilt.at(0).status, UndoStatus::failed);
    EXPECT_THAT(performed<BeforeImagesKept>(effect_on<Settle>({})).kept, IsEmpty());
  }
  EXPECT_THAT(world_.host.log(), IsEmpty());
}

// ---- who may no longer change anything

TEST_F(EffectsOnAMachine, Case19_WhoMayChangeNothingAnyMoreIsRefused) {
  world_.policy.role = "observer";
  auto apply = effect_on<ApplyChanges>({});
  apply.to = 1;
  const auto changed = performed<ChangesDone>(apply).outcomes;
  EXPECT_THAT(changed, Each(Field(&ChangeOutcome::status, ChangeStatus::refused)));
  EXPECT_THAT(changed.at(0).message, HasSubstr("ops may no longer change anything"));
  world_.host.install("/bin/act", program(0));
  const auto acted = performed<ActDone>(on_act<PerformAct>(act_that_runs("/bin/act"))).outcome;
  EXPECT_EQ(acted.status, ChangeStatus::refused);
  EXPECT_THAT(world_.host.log(), IsEmpty());
}

// ---- secrets that the vault lost

TEST_F(EffectsOnAMachine, WithoutASecretNothingIsRun) {
  world_.host.install("/bin/act", program(0));
  Act act = act_that_runs("/bin/act");
  act.run.argv.push_back(lost_secret);
  act.capture = act.run;
  EXPECT_EQ(performed<ActDone>(on_act<PerformAct>(act)).outcome.status, ChangeStatus::failed);
  const auto captured = performed<CaptureDone>(on_act<CaptureForUndo>(act)).captured;
  ASSERT_FALSE(captured);
  EXPECT_THAT(captured.error().message, HasSubstr("capture /bin/act failed, so its undo would not know"));
  EXPECT_EQ(performed<UndoDone>(on_act<PerformUndo>(act)).outcomes.at(0).status, UndoStatus::failed);
  auto apply = effect_on<ApplyChanges>({});
  apply.to = 1;
  Plan plan = *apply.plan;
  plan.changes[0].validate = act.run;
  apply.plan = std::make_shared<const Plan>(plan);
  EXPECT_EQ(performed<ChangesDone>(apply).outcomes.at(0).status, ChangeStatus::failed);
  EXPECT_THAT(world_.host.log(), IsEmpty());
}

// ---- programs

TEST_F(EffectsOnAMachine, AnActThatDoesNotEndWellIsNotDone) {
  for (const auto change : bad_endings) {
    world_.host.install("/bin/act", [change](const RunRequest&) { return ending(change); });
    const auto outcome = performed<ActDone>(on_act<PerformAct>(act_that_runs("/bin/act"))).outcome;
    EXPECT_NE(outcome.status, ChangeStatus::done);
    EXPECT_THAT(outcome.message, HasSubstr("command /bin/act: "));
  }
  EXPECT_EQ(performed<ActDone>(on_act<PerformAct>(act_that_runs("/bin/nowhere"))).outcome.status,
            ChangeStatus::refused);
}

TEST_F(EffectsOnAMachine, ACaptureThatDoesNotEndWellIsNone) {
  Act act = act_that_runs("/bin/act");
  act.capture = runs({"/bin/capture"});
  auto endings = bad_endings;
  endings.push_back([](RunOutcome& outcome) { outcome.output_cut = true; });
  for (const auto change : endings) {
    world_.host.install("/bin/capture", [change](const RunRequest&) { return ending(change); });
    const auto captured = performed<CaptureDone>(on_act<CaptureForUndo>(act)).captured;
    ASSERT_FALSE(captured);
    EXPECT_THAT(captured.error().message, HasSubstr("capture /bin/capture failed"));
  }
  world_.host.install("/bin/capture", program(0, "8080"));
  EXPECT_TRUE(performed<CaptureDone>(on_act<CaptureForUndo>(act)).captured);
}

TEST_F(EffectsOnAMachine, AnUndoThatDoesNotEndWellHasFailed) {
  Act act = act_that_runs("/bin/act");
  act.undo = runs({"/bin/undo", "--to={captured},{captured}"});
  auto undo = on_act<PerformUndo>(act);
  for (const auto change : bad_endings) {
    world_.host.install("/bin/undo", [change](const RunRequest&) { return ending(change); });
    const auto outcome = performed<UndoDone>(undo).outcomes.at(0);
    EXPECT_EQ(outcome.status, UndoStatus::failed);
    EXPECT_THAT(outcome.message, HasSubstr("undo by /bin/undo: "));
  }
  undo.captured = "sha256:gone";
  EXPECT_EQ(performed<UndoDone>(undo).outcomes.at(0).status, UndoStatus::failed);
}

// A captured value is returned without its final newline.
TEST_F(EffectsOnAMachine, AnUndoIsGivenWhatWasCaptured) {
  Act act = act_that_runs("/bin/act");
  act.undo = runs({"/bin/undo", "--to={captured},{captured}"});
  auto undo = on_act<PerformUndo>(act);
  for (const auto& [printed, given] : {std::pair<std::string, std::string>{"8080\n", "--to=8080,8080"},
                                       {"8080", "--to=8080,8080"},
                                       {"", "--to=,"},
                                       {"\n\n", "--to=\n,\n"}}) {
    std::string seen;
    world_.host.install("/bin/undo", [&seen](const RunRequest& request) {
      seen = request.run.argv.at(1);
      return ending([](RunOutcome&) {});
    });
    undo.captured = *world_.blobs.put(printed, engine::BlobNaming::keyed);
    EXPECT_EQ(performed<UndoDone>(undo).outcomes.at(0).status, UndoStatus::undone);
    EXPECT_EQ(seen, given);
  }
}

TEST_F(EffectsOnAMachine, ABuildThatFailsLeavesNothingToLookAt) {
  world_.host.install("/bin/make", program(2));
  const auto outcome = performed<ActDone>(on_act<PerformAct>(act_that_runs("/bin/make", ActKind::build))).outcome;
  EXPECT_EQ(outcome.status, ChangeStatus::failed);
  EXPECT_THAT(outcome.built, IsEmpty());
}

// A service that was started and has no stop is ended by its mark.
TEST_F(EffectsOnAMachine, AServiceWithoutAStopIsEnded) {
  const auto undone =
      performed<UndoDone>(on_act<PerformUndo>(act_that_runs("/bin/start", ActKind::service_start))).outcomes.at(0);
  EXPECT_EQ(undone.status, UndoStatus::undone);
  EXPECT_FALSE(ran("/bin/start"));
}

// ---- platforms

TEST_F(EffectsOnAMachine, APlatformThatDoesNotSayYesHasNotDoneIt) {
  Act act;
  act.kind = ActKind::platform;
  act.call = HttpCall{"http://platform/restart", "POST", "", Duration(1)};
  act.undo_call = HttpCall{"http://platform/back", "POST", "", Duration(1)};
  const std::pair<CallOutcome, std::string> answers[] = {{{false, 0, "no route", {}, {}}, "no route"},
                                                         {{true, 503, {}, "busy", {}}, "answered with status 503"},
                                                         {{true, 301, {}, {}, {}}, "answered with status 301"}};
  for (const auto& [answer, told] : answers) {
    world_.host.answer = [answer](const HttpCall&, const std::string&) { return answer; };
    const auto done = performed<ActDone>(on_act<PerformAct>(act)).outcome;
    EXPECT_EQ(done.status, ChangeStatus::failed);
    EXPECT_THAT(done.message, HasSubstr(told));
    const auto undone = performed<UndoDone>(on_act<PerformUndo>(act)).outcomes.at(0);
    EXPECT_EQ(undone.status, UndoStatus::failed);
    EXPECT_THAT(undone.message, HasSubstr(told));
  }
  world_.host.answer = [](const HttpCall&, const std::string&) { return CallOutcome{true, 204, {}, {}, {}}; };
  EXPECT_EQ(performed<ActDone>(on_act<PerformAct>(act)).outcome.status, ChangeStatus::done);
  EXPECT_EQ(performed<UndoDone>(on_act<PerformUndo>(act)).outcomes.at(0).status, UndoStatus::undone);
}

// ---- checks before a repair

TEST_F(EffectsOnAMachine, OnlyACheckThatFailsAndCountsHoldsARepairBack) {
  world_.host.install("/checks/a", program(1));
  EngineSpec spec = world_.spec;
  spec.repair.checks = {autoheal::testing::probe("a", CommandProbe{runs({"/checks/a"})})};
  const auto observed_with = [&](const EngineSpec& with) {
    configuration_ = *world_.blobs.put(encode_engine_spec(with), engine::BlobNaming::plain);
    return performed<Observed>(effect_on<Observe>({})).observation;
  };
  const auto held_back = observed_with(spec);
  ASSERT_FALSE(held_back);
  EXPECT_THAT(held_back.error().message, HasSubstr("check a does not hold before the repair"));
  spec.repair.checks[0].heal = false;
  EXPECT_TRUE(observed_with(spec)) << "it is only told";
  spec.repair.checks[0].heal = true;
  world_.host.install("/checks/a", program(0));
  EXPECT_TRUE(observed_with(spec));
  // A plugin that warns.
  world_.host.install("/checks/a", program(1));
  PluginProbe plugin;
  plugin.run = runs({"/checks/a"});
  spec.repair.checks = {autoheal::testing::probe("a", plugin)};
  EXPECT_TRUE(observed_with(spec));
  plugin.warning_fails = true;
  spec.repair.checks = {autoheal::testing::probe("a", plugin)};
  EXPECT_FALSE(observed_with(spec));
}

// An env file that is not there yet holds no secret that could be learned.
TEST_F(EffectsOnAMachine, AnEnvFileThatIsAbsentIsObservedAsThat) {
  EngineSpec spec = world_.spec;
  spec.repair.env.emplace_back();
  spec.repair.env.back().file = "etc/app.env";
  configuration_ = *world_.blobs.put(encode_engine_spec(spec), engine::BlobNaming::plain);
  const auto observation = performed<Observed>(effect_on<Observe>({})).observation;
  ASSERT_TRUE(observation) << observation.error().message;
  ASSERT_THAT(observation->targets, SizeIs(1));
  EXPECT_EQ(observation->targets[0].kind, TargetKind::absent);
}

// ---- somebody writes when the repair begins

// Who was at work may have made it good. Where the self-test held all the time, his work tells nothing of what is
// wrong.
TEST_F(EffectsOnAMachine, AWriterHasRepairedOnlyWhatDidNotHoldWhileHeWrote) {
  EngineSpec spec = world_.spec;
  spec.repair.env.emplace_back();
  spec.repair.env.back().file = "etc/app.env";
  bool written = false;
  world_.host.writing = [&written](const WritingQuestion&) {
    return std::exchange(written, true) ? std::vector<FileInWriting>()
                                        : std::vector{FileInWriting{"etc/app.env", Writing::yes, "pid 7 (vim)"}};
  };
  const auto recovers = [&](const std::vector<int>& statuses) {
    written = false;
    auto runs_left = std::make_shared<std::deque<int>>(statuses.begin(), statuses.end());
    world_.host.install("/tests/works", [runs_left](const RunRequest&) {
      const int status = runs_left->front();
      if (runs_left->size() > 1) runs_left->pop_front();
      RunOutcome outcome;
      outcome.started = true;
      outcome.exit_code = status;
      return outcome;
    });
    spec.self_test = {autoheal::testing::probe("works", CommandProbe{runs({"/tests/works"})})};
    configuration_ = *world_.blobs.put(encode_engine_spec(spec), engine::BlobNaming::plain);
    const auto observation = performed<Observed>(effect_on<Observe>({})).observation;
    return observation && observation->recovered;
  };
  EXPECT_TRUE(recovers({1, 0})) << "bad while he wrote, good once he was done";
  EXPECT_FALSE(recovers({1, 1}));
  EXPECT_FALSE(recovers({0, 0})) << "a heal for what no probe sees goes on";
  EXPECT_FALSE(recovers({0, 1}));
  written = true;
  EXPECT_FALSE(recovers({0}));
}

}  // namespace
}  // namespace autoheal::workflows
