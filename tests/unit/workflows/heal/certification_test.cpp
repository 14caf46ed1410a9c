// Truth: each criterion refuses on its own, and nothing but all of them together certifies.
#include "autoheal/workflows/plan/certification.hpp"

#include <gmock/gmock.h>

namespace autoheal::workflows {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A healed file with everything in order; each test spoils one thing.
class Truth : public ::testing::Test {
 protected:
  Truth() {
    spec_.self_test = {probe("config")};
    TestSpec smoke;
    smoke.name = "smoke";
    smoke.command.argv = {"/tests/smoke"};
    smoke.matrix = {{"mode", {"fast", "full"}}};
    spec_.certify.tests = {smoke};
    spec_.certify.hashes = {"etc/*"};
    spec_.certify.security.paths = {"etc"};
    spec_.repair.files = {{"etc/a", "baseline/a", "sha256:right", {}, {}, {}}};

    TargetFacts before;
    before.path = "etc/a";
    before.kind = TargetKind::file;
    before.digest = "sha256:wrong";
    before.links = 1;
    plan_.changes = {{ChangeKind::files, before, {TargetKind::file, "sha256:right", 0640, 1, 1, {}}, {}, {}}};
    TargetFacts left = before;
    left.mode = 0640;
    left.uid = left.gid = 1;
    left.digest = "sha256:right";
    left.inode = 7;
    ChangeOutcome done;
    done.number = 1;
    done.left = left;
    done.role = "admiral";
    outcomes_ = {done};

    evidence_.hashes = {{"etc/a", "sha256:right"}};
    evidence_.probes = {passing("config")};
    evidence_.tests = {test("smoke[mode=fast]"), test("smoke[mode=full]")};
    evidence_.scanned = {"etc"};
    evidence_.authorized = {{1, "ops", "admiral", true}};
    evidence_.targets = {left};
  }
  static Probe probe(const std::string& name) {
    Probe one;
    one.name = name;
    one.what = ProcessProbe{"run/pid"};
    return one;
  }
  static ProbeResult passing(const std::string& name) { return {name, ProbeVerdict::pass, true, {}, Duration{0}}; }
  static TestResult test(const std::string& name) {
    TestResult one;
    one.name = name;
    one.passed = true;
    return one;
  }
  std::vector<std::string> criteria() const {
    std::vector<std::string> names;
    for (const Refusal& refusal : certify_outcome(spec_, plan_, outcomes_, evidence_, adopted_))
      names.push_back(refusal.criterion);
    return names;
  }

  EngineSpec spec_;
  Plan plan_;
  std::vector<ChangeOutcome> outcomes_;
  Evidence evidence_;
  std::optional<AdoptedBaseline> adopted_;
};

TEST_F(Truth, CertifiesWhenAllIsInOrder) { EXPECT_THAT(criteria(), IsEmpty()); }

TEST_F(Truth, RefusesAHashThatIsNotThePlans) {
  evidence_.hashes[0].digest = "sha256:other";
  EXPECT_THAT(criteria(), Contains("module_hashes"));
}
TEST_F(Truth, RefusesATargetThatWasNotLookedAt) {
  evidence_.targets.clear();
  EXPECT_THAT(criteria(), ElementsAre("module_hashes"));
}
TEST_F(Truth, RefusesATargetThatSomebodyTouchedAfterwards) {
  evidence_.targets[0].ctime_ns = 1;
  EXPECT_THAT(criteria(), ElementsAre("module_hashes"));
}
TEST_F(Truth, RefusesAnotherModeThanPlanned) {
  evidence_.targets[0].mode = 0644;
  EXPECT_THAT(criteria(), Contains("module_hashes"));
}
TEST_F(Truth, RefusesAPatternThatMatchesNothing) {
  spec_.certify.hashes.emplace_back("bin/*");
  EXPECT_THAT(criteria(), ElementsAre("module_hashes"));
}
TEST_F(Truth, HoldsTheFilesToWhatWasAdopted) {
  adopted_ = AdoptedBaseline{{{"etc/a", "sha256:right"}}, {{"baseline/a", "sha256:right"}}};
  EXPECT_THAT(criteria(), IsEmpty());
  adopted_->files["etc/missing"] = "sha256:x";
  EXPECT_THAT(criteria(), ElementsAre("module_hashes"));
  adopted_->files.clear();
  EXPECT_THAT(criteria(), ElementsAre("module_hashes")) << "a file that was never adopted";
  adopted_->files["etc/a"] = "sha256:right";
  adopted_->baselines["baseline/a"] = "sha256:older";
  EXPECT_THAT(criteria(), ElementsAre("module_hashes"));
}
TEST_F(Truth, RefusesAChangeThatWasNotMade) {
  outcomes_[0].status = ChangeStatus::skipped;
  EXPECT_THAT(criteria(), Contains("module_hashes"));
}

TEST_F(Truth, RefusesAMissingCell) {
  evidence_.tests.pop_back();
  EXPECT_THAT(criteria(), ElementsAre("test_matrix"));
}
TEST_F(Truth, RefusesAFailedOrTimedOutCell) {
  evidence_.tests[1].passed = false;
  evidence_.tests[1].timed_out = true;
  EXPECT_THAT(criteria(), ElementsAre("test_matrix"));
}
TEST_F(Truth, RefusesAnEmptyMatrix) {
  spec_.certify.tests[0].matrix = {{"mode", {}}};
  EXPECT_THAT(criteria(), ElementsAre("test_matrix"));
}
TEST_F(Truth, RefusesAProbeThatIsMissingFailsOrIsUnknown) {
  evidence_.probes.clear();
  EXPECT_THAT(criteria(), ElementsAre("test_matrix"));
  for (const ProbeVerdict verdict : {ProbeVerdict::fail, ProbeVerdict::unknown}) {
    evidence_.probes = {passing("config")};
    evidence_.probes[0].verdict = verdict;
    EXPECT_THAT(criteria(), ElementsAre("test_matrix"));
  }
  evidence_.probes[0].verdict = ProbeVerdict::warning;
  EXPECT_THAT(criteria(), IsEmpty());
}
TEST_F(Truth, OnlyReportsAProbeThatNeverHeals) {
  spec_.self_test[0].heal = false;
  evidence_.probes[0].verdict = ProbeVerdict::fail;
  EXPECT_THAT(criteria(), IsEmpty());
}
TEST_F(Truth, RefusesWhereNothingCouldBeTested) {
  spec_.self_test.clear();
  spec_.certify.tests.clear();
  EXPECT_THAT(criteria(), ElementsAre("test_matrix"));
}
TEST_F(Truth, RefusesIncompleteEvidence) {
  evidence_.problem = "the disk could not be read";
  EXPECT_FALSE(criteria().empty());
}

TEST_F(Truth, RefusesASecurityFinding) {
  evidence_.findings = {{"etc/b", "forbid", "holds a key"}};
  EXPECT_THAT(criteria(), ElementsAre("security"));
}
TEST_F(Truth, RefusesWhatWasNotScanned) {
  evidence_.scanned.clear();
  EXPECT_THAT(criteria(), ElementsAre("security"));
}

TEST_F(Truth, RefusesAChangeThatNobodyWasAllowedToMake) {
  evidence_.authorized[0].allowed = false;
  EXPECT_THAT(criteria(), ElementsAre("rbac"));
  evidence_.authorized.clear();
  EXPECT_THAT(criteria(), ElementsAre("rbac"));
}

class Preflight : public Truth {
 protected:
  std::vector<std::string> preflight(bool allowed = true, const std::string& content = "fine") const {
    std::vector<std::string> names;
    for (const Refusal& refusal :
         certify_plan(spec_, plan_, observation_, {}, {{"sha256:right", content}}, adopted_, allowed))
      names.push_back(refusal.criterion);
    return names;
  }
  Observation observation_;
};

TEST_F(Preflight, RefusesWhatWouldGiveRightsAwayAndSaysWhatAllowsIt) {
  const auto reason = [&] {
    const auto refusals = certify_plan(spec_, plan_, {}, {}, {}, adopted_, true);
    return refusals.empty() ? std::string() : refusals.front().reason;
  };
  plan_.changes[0].after.mode = 04755;
  EXPECT_EQ(reason(), "etc/a would be setuid or setgid; `allow_setid: true` under `certify.security` allows that");
  plan_.changes[0].after.mode = 0755;
  plan_.changes[0].before.capability = "0100";
  EXPECT_EQ(reason(), "") << "new content gets none";
  plan_.changes[0].before.digest = plan_.changes[0].after.content;
  EXPECT_EQ(reason(), "etc/a has file capabilities; `allow_setid: true` under `certify.security` allows that");
  spec_.certify.security.allow_setid = true;
  EXPECT_EQ(reason(), "");
  spec_.certify.security = {};
  EXPECT_EQ(reason(), "") << "nothing is declared";
}

TEST_F(Preflight, CertifiesAPlanThatBreaksNoRule) { EXPECT_THAT(preflight(), IsEmpty()); }
TEST_F(Preflight, RefusesWhatThePrincipalMayNot) { EXPECT_THAT(preflight(false), ElementsAre("rbac")); }
TEST_F(Preflight, RefusesAModeThatIsTooWide) {
  spec_.certify.security.max_mode = 0600;
  EXPECT_THAT(preflight(), ElementsAre("security"));
}
TEST_F(Preflight, RefusesContentThatIsForbidden) {
  spec_.certify.security.forbid = {"PRIVATE KEY"};
  EXPECT_THAT(preflight(true, "-----BEGIN PRIVATE KEY-----"), ElementsAre("security"));
}
TEST_F(Preflight, RefusesSetuidAndSymlinksWhereTheyAreNotAllowed) {
  plan_.changes[0].after.mode = 04755;
  EXPECT_THAT(preflight(), ElementsAre("security"));
  plan_.changes[0].after = {TargetKind::link, {}, 0777, 1, 1, "b"};
  EXPECT_THAT(preflight(), IsEmpty());
  spec_.certify.security.allow_symlinks = false;
  EXPECT_THAT(preflight(), ElementsAre("security"));
}
TEST_F(Preflight, RefusesAnotherOwnerThanTheRulesSay) {
  spec_.certify.security.owner = "root:root";
  observation_.owners["root:root"] = {0, 0};
  EXPECT_THAT(preflight(), ElementsAre("security"));
}

TEST(Cells, AreEveryCombinationInOrder) {
  TestSpec test;
  test.name = "t";
  test.matrix = {{"a", {"1", "2"}}, {"b", {"x", "y"}}};
  std::vector<std::string> names;
  for (const TestCell& cell : cells_of(test)) names.push_back(cell.name);
  EXPECT_THAT(names, ElementsAre("t[a=1,b=x]", "t[a=1,b=y]", "t[a=2,b=x]", "t[a=2,b=y]"));
  test.matrix.clear();
  EXPECT_EQ(cells_of(test).size(), 1U);
  EXPECT_EQ(cells_of(test).front().name, "t");
}

// ---- documents

TEST_F(Truth, ADocumentThatNobodyElseReadIsNotCertified) {
  spec_.repair.env = {{".env", {{"A", {"1", {}}}}, {}, {}}};
  EXPECT_THAT(criteria(), ElementsAre("module_hashes")) << "it was not judged";
  evidence_.documents = {{".env", "line 2, column 1: A is still set for a shell"}};
  EXPECT_THAT(criteria(), ElementsAre("module_hashes"));
  evidence_.documents = {{".env", {}}};
  EXPECT_THAT(criteria(), IsEmpty());
}

TEST_F(Truth, AHealOfEarlierRulesIsDecidedAsItWas) {
  spec_.repair.env = {{".env", {{"A", {"1", {}}}}, {}, {}}};
  EXPECT_THAT(certify_outcome(spec_, plan_, outcomes_, evidence_, adopted_, Documents::not_judged), IsEmpty());
}

// A plan that its own editor holds for right: the document is read by somebody else.
TEST_F(Truth, APlanIsRefusedForWhatItMakesOfADocument) {
  spec_.repair.env = {{".env", {{"A", {"new", {}}}}, {}, {"OLD"}}};
  TargetFacts env;
  env.path = ".env";
  env.kind = TargetKind::file;
  env.digest = "hmac-sha256:before";
  Observation observation;
  observation.targets = {env};
  observation.contents[".env"] = "hmac-sha256:before";
  Contents contents = {{"hmac-sha256:before", "A='one\ntwo'\nOLD = 1\nB=2\n"}};
  Plan plan;
  plan.changes = {{ChangeKind::env, env, {TargetKind::file, "hmac-sha256:after", 0600, 1, 1, {}}, {}, {}}};
  const auto refusals = [&](const std::string& after) {
    return certify_plan(spec_, plan, observation, contents, {{"hmac-sha256:after", after}}, {}, true);
  };
  EXPECT_THAT(refusals("A='new'\nB=2\n"), IsEmpty());
  for (const char* wrong : {"A='new'\ntwo'\nB=2\n", "A='new'\nOLD = 1\nB=2\n", "A='new'\nB=3\n", "A='new'\n", ""}) {
    ASSERT_FALSE(refusals(wrong).empty()) << wrong;
    EXPECT_EQ(refusals(wrong)[0].criterion, "module_hashes");
    EXPECT_THAT(refusals(wrong)[0].reason, ::testing::StartsWith(".env: "));
  }
  plan.changes.clear();
  EXPECT_FALSE(refusals({}).empty()) << "a document that the plan leaves alone is judged, too";
  contents["hmac-sha256:before"] = "A=new\nB=2\n";
  EXPECT_THAT(refusals({}), IsEmpty());
}

}  // namespace
}  // namespace autoheal::workflows
