// Results to the letter, masks, patterns and codecs.
#include <gmock/gmock.h>

#include "autoheal/workflows/heal/heal_machine.hpp"
#include "autoheal/workflows/heal/heal_result.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "autoheal/workflows/supervision/self_test.hpp"
#include "autoheal/workflows/text/glob.hpp"

namespace autoheal::workflows {
namespace {

TEST(HealingResult, IsTheContractsToTheLetter) {
  HealResult result;
  result.engine = "EnvRecon";
  result.ending = HealEnding::certified;
  result.strategy = "arie";
  result.attempts = 1;
  result.took = Duration(1'234'000);
  EXPECT_EQ(
      to_json(result, false),
      R"({"engine":"EnvRecon","action":"repair_patch_applied","result":"✅ certified","strategy":"arie","attempts":1,"duration_seconds":1.234})");
  result.heal = "0193";
  EXPECT_TRUE(to_json(result, true).ends_with(R"("duration_seconds":1.234,"heal_id":"0193"})"));
  result.heal.clear();
  result.ending = HealEnding::exhausted;
  result.attempts = 3;
  EXPECT_EQ(to_json(result, true),
            R"({"engine":"EnvRecon","action":"auto_heal_exhausted","result":"❌ healing failed","attempts":3})");
  result.ending = HealEnding::skipped;
  EXPECT_EQ(to_json(result, true),
            R"({"engine":"EnvRecon","action":"auto_heal_skipped","result":"❌ auto-heal disabled"})");
  result.ending = HealEnding::never_began;
  result.error = "why";
  EXPECT_EQ(to_json(result, true),
            R"({"engine":"EnvRecon","action":"auto_heal_failed","result":"❌ healing failed","error":"why"})");
}

TEST(SecretMask, HidesNamedPatternedAndLearnedSecrets) {
  SecretRules rules;
  rules.patterns = {"tok_[a-z0-9]+"};
  SecretMask mask(rules);
  mask.learn("warp-core");
  EXPECT_EQ(mask("API_TOKEN=abc PORT=80"), "API_TOKEN=*** PORT=80");
  EXPECT_EQ(mask("db_password: \"hunter2 x\" ok"), "db_password: \"***\" ok");
  EXPECT_EQ(mask("found tok_a1b2 there"), "found *** there");
  EXPECT_EQ(mask("the warp-core fails"), "the *** fails");
  EXPECT_EQ(mask("postgres://user:pw@db/x"), "postgres://***@db/x");
  EXPECT_EQ(mask("nothing here"), "nothing here");
  EXPECT_TRUE(is_secret_name(rules, "stripe_secret_v2"));
  EXPECT_FALSE(is_secret_name(rules, "PORT"));
}

TEST(Glob, StarStopsAtSlashesAndTwoStarsDoNot) {
  EXPECT_TRUE(glob_matches("etc/*", "etc/a"));
  EXPECT_FALSE(glob_matches("etc/*", "etc/a/b"));
  EXPECT_TRUE(glob_matches("etc/**", "etc/a/b"));
  EXPECT_TRUE(glob_matches("**", "a/b/c"));
  EXPECT_TRUE(glob_matches("**/x", "a/b/x"));
  EXPECT_TRUE(glob_matches("a?[b-d]", "azc"));
  EXPECT_FALSE(glob_matches("a?", "a/"));
  EXPECT_FALSE(glob_matches("a", "ab"));
  const std::string bomb = "*a*a*a*a*a*a*a*a*a*a*a*a*b";
  EXPECT_FALSE(glob_matches(bomb, std::string(4000, 'a')));
}

// Values in which every member that is written differs from what is left out.
TargetFacts facts_of_a_file() {
  TargetFacts facts;
  facts.path = "etc/a";
  facts.kind = TargetKind::file;
  facts.mode = 0640;
  facts.inode = 7;
  facts.digest = "sha256:x";
  return facts;
}

Plan some_plan() {
  Act act;
  act.kind = ActKind::command;
  act.run.argv = {"/bin/x", "é\"\\"};
  act.run.environment = {{"A", "b"}};
  act.undo = act.run;
  act.capture = act.run;
  act.stop_first = act.run;
  act.repeatable = true;
  return {{{ChangeKind::env, facts_of_a_file(), {TargetKind::file, "sha256:y", 0600, 1, 2, {}}, act.run, {"A"}}},
          {act}};
}

Observation some_observation() {
  Observation seen;
  seen.targets = {facts_of_a_file()};
  seen.contents = {{"etc/a", "sha256:x"}};
  seen.secrets = {{std::string("f\0N", 3), "hmac-sha256:z"}};
  seen.owners = {{"root:root", {0, 0}}};
  seen.service_running = true;
  return seen;
}

ChangeOutcome some_outcome() {
  ChangeOutcome outcome;
  outcome.number = 1;
  outcome.status = ChangeStatus::failed;
  outcome.message = "why";
  outcome.exit_code = 3;
  outcome.took = Duration(4);
  outcome.program_sha256 = "sha256:b";
  outcome.left = facts_of_a_file();
  outcome.role = "admiral";
  return outcome;
}

Evidence some_evidence() {
  Evidence evidence;
  evidence.hashes = {{"etc/a", "sha256:x"}};
  evidence.probes = {{"p", ProbeVerdict::warning, false, "m", Duration(5)}};
  evidence.probes.push_back({"q", ProbeVerdict::pass, true, {}, Duration(5), "sha256:q", "app", 0, "sha256:o", {}});
  evidence.tests.emplace_back().name = "t[a=1]";
  evidence.tests.back().program_sha256 = "sha256:t";
  evidence.tests.back().user = "app";
  evidence.tests.back().exit_code = 3;
  evidence.tests.back().output = "sha256:o";
  evidence.findings = {{"p", "forbid", "m"}};
  evidence.scanned = {"etc"};
  evidence.authorized = {{1, "ops", "admiral", true}};
  evidence.targets = {facts_of_a_file()};
  evidence.documents = {{".env", {}}, {"etc/b.env", "line 1, column 1: no"}};
  evidence.ports = {
      {"tcp", "127.0.0.1:80", PortHolder::stranger, 4711, "python3", "which is none of those of process 12"},
      {"http", {}, PortHolder::unknown, 0, {}, "names are not looked up for this"},
      {"own", "[::1]:80", PortHolder::service, 12, "nginx", {}}};
  evidence.problem = "none";
  return evidence;
}

HealRequest some_request() {
  const By by{"ops", "admiral", 1000, 1001, "cli", "because"};
  return {"E", Strategy::arie, 4, Duration(5), "sha256:c", "error", by, Timestamp(Duration(1'000'000))};
}

std::vector<HealEntry> entries_of_each_kind() {
  const By by = some_request().by;
  return {Triggered{some_request(), true},
          TriggerJoined{"again", by},
          RepairStarted{2},
          PlanRecorded{2, some_observation(), some_plan(), true, "sha256:b"},
          PlanCertified{2, "sha256:p"},
          PlanRefused{2, {{"rbac", "no"}}},
          ChangeIntended{2, 3, "hmac-sha256:c"},
          ChangeApplied{2, {some_outcome()}},
          RepairFinished{2, Strategy::arie, {some_outcome()}},
          RepairFailed{2, "plan", "m", {some_outcome()}, some_observation(), {"one", "two"}},
          CertificationStarted{2},
          Certified{2, "sha256:c", "sha256:b", "sha256:p", "0.1", "sha256:a", some_evidence()},
          CertificationRefused{2, {{"security", "x"}}, some_evidence(), "sha256:b", {"one"}},
          RollbackStarted{2, true, by},
          UndoIntended{2, 3},
          UndoApplied{2, {{3, UndoStatus::foreign, "m"}}},
          RolledBack{2, {{3, UndoStatus::restored, {}}}},
          RetryScheduled{3, Timestamp(Duration(7)), Duration(8)},
          Resumed{2, 1},
          CancelRequested{EndReason::cancelled, by},
          Completed{2, Duration(9)},
          Exhausted{2, EndReason::crash_loop, "m", Duration(9), {"one"}},
          Exhausted{2, EndReason::defect, "m", Duration(9)},
          ImagesKept{{".autoheal/before.x: why"}}};
}

// Every kind of heal entry, written and read again.
TEST(HealCodec, ReadsBackWhatItWrites) {
  for (const HealEntry& entry : entries_of_each_kind()) {
    HealState state;
    state.request = some_request();
    state.attempt.emplace().number = 2;
    const engine::Encoded encoded = Heal::encode(Heal::apply(state, entry), entry);
    EXPECT_EQ(encoded.type, type_of(entry));
    const auto again = Heal::decode(encoded.type, encoded.dataversion, encoded.data);
    ASSERT_TRUE(again) << encoded.type << ": " << again.error().message << " " << encoded.data;
    EXPECT_TRUE(*again == entry) << encoded.type << " " << encoded.data;
  }
}

// As versions before wrote them: who asked, and what a probe ran, were not told.
TEST(HealCodec, ReadsWhatOlderVersionsWrote) {
  const auto rollback = Heal::decode("heal.rollback_started", 1, R"({"again":true,"attempt":2})");
  ASSERT_TRUE(rollback) << rollback.error().message;
  EXPECT_TRUE(std::get<RollbackStarted>(*rollback) == (RollbackStarted{2, true, {}}));
  const auto certified = Heal::decode(
      "heal.certified", 1,
      R"({"configuration":"c","plan_digest":"p","autoheal_version":"0","autoheal_sha256":"a","evidence":)"
      R"({"probes":[{"name":"p","verdict":"pass","took_us":5}],"tests":[{"name":"t","passed":true,"exit":0,"took_us":1}]},)"
      R"("attempt":1})");
  ASSERT_TRUE(certified) << certified.error().message;
  const Evidence& evidence = std::get<Certified>(*certified).evidence;
  EXPECT_TRUE(evidence.probes.front() == (ProbeResult{"p", ProbeVerdict::pass, true, {}, Duration(5)}));
  EXPECT_TRUE(evidence.tests.front().program_sha256.empty());
}

TEST(HealCodec, TurnsJunkIntoAnError) {
  for (const char* data : {"", "{", "[]", "{}", "{\"attempt\":\"x\"}", "null"}) {
    EXPECT_FALSE(Heal::decode("heal.plan_recorded", 1, data)) << data;
    EXPECT_FALSE(SelfTest::decode("selftest.engine_tested", 1, data)) << data;
    EXPECT_FALSE(decode_engine_spec(data)) << data;
  }
  EXPECT_FALSE(Heal::decode("heal.unheard_of", 1, "{}"));
}

TEST(EngineSpecCodec, TheSameSpecificationIsTheSameBytesAndComesBack) {
  EngineSpec spec;
  spec.name = "E";
  spec.root = "/srv";
  spec.strategy = Strategy::arie;
  spec.depends_on = {"F"};
  spec.self_test.resize(10);
  spec.self_test[0].what = FileProbe{"a", "b", "sha256:x", "00", 0640, "root:root", "user:x:r"};
  spec.self_test[1].what = EnvProbe{".env", {"A"}, {{"B", "1"}}, "compose"};
  spec.self_test[2].what = TcpProbe{"h", 80};
  spec.self_test[3].what = HttpProbe{"http://x", 204, "ok", {{"H", "v"}}};
  spec.self_test[4].what = CommandProbe{{{"/bin/x"}, "/", {{"A", "b"}}, "u", std::chrono::seconds(3)}};
  spec.self_test[5].what = PluginProbe{{{"/bin/x"}, {}, {}, {}, Duration(1)}, true};
  spec.self_test[6].what = ProcessProbe{"run/pid"};
  spec.self_test[7].what = SettingsProbe{"s.yaml", {{"/a", "1.10"}, {"/b", "\"x\""}}, {"/c"}};
  spec.self_test[8].what = LinkProbe{"current", "releases/2"};
  spec.repair.files = {{"a", "b", "sha256:x", 0600, "u:g", ProgramRun{}}};
  spec.repair.env = {{".env", {{"A", {"1", {}}}, {"B", {{}, "/s"}}}, {"A"}, {"C"}, "shell"}};
  spec.repair.settings = {{"s.json", {{"/a", "1"}}}};
  spec.repair.links = {{"l", "t"}};
  spec.repair.policy = {{"p", 0600, "u:g", true, false, {"x"}}};
  spec.repair.service.emplace().reload.emplace().argv = {"/r"};
  EXPECT_EQ(encode_engine_spec(spec).find("\"unit\""), std::string::npos) << "only orders to systemd name one";
  spec.repair.service->unit = spec.repair.service->reload->unit = "r.service";
  spec.self_test[9].what = ProcessProbe{{}, "r.service"};
  spec.repair.commands.emplace_back().repeatable = true;
  spec.certify.tests.emplace_back().matrix = {{"m", {"1", "2"}}};
  spec.certify.security.forbid = {"x"};
  EXPECT_EQ(encode_engine_spec(spec).find("\"secrets\""), std::string::npos) << "the defaults say nothing";
  spec.secrets.patterns = {"tok_[a-z]+"};
  const std::string text = encode_engine_spec(spec);
  EXPECT_EQ(encode_engine_spec(spec), text);
  const auto again = decode_engine_spec(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*again == spec);
}

}  // namespace
}  // namespace autoheal::workflows
