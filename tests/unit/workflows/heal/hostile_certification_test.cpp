// Hostile cases 75 to 82 (tests/README.md) on a machine in memory: what is certified, and by whom.
#include <gmock/gmock.h>

#include "tests/support/examples/heal_examples.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::shared_ptr<HealWorld> faulty_file() {
  auto world = make_world(*std::ranges::find(heal_examples(), "files", &HealExample::name));
  world->spec.healing.max_retries = 1;
  return world;
}

// The heal ends without a certificate and leaves everything as it was.
void expect_not_certified(HealWorld& world, const std::string& why) {
  const std::string before = world.host.picture();
  const HealState state = heal(world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr(why));
  EXPECT_THAT(entry_types(world), Not(Contains("certified")));
  EXPECT_EQ(world.host.picture(), before);
}

TEST(HostileCertification, Case75_AHashListThatIsMissingStaleOrTooShortCertifiesNothing) {
  const auto with = [](const std::map<std::string, std::string>& files) {
    auto world = faulty_file();
    world->host.write("bin/a", "a");
    world->host.write("bin/b", "b");
    world->spec.certify.hashes = {"bin/*"};
    const std::string baseline = world->spec.repair.files.front().baseline;
    world->policy.baseline = Adopted{{files, {{"baseline/app.conf", baseline}}}, "sha256:manifest"};
    return world;
  };
  const std::string a = sha256_name("a");
  const std::string b = sha256_name("b");
  expect_not_certified(*with({}), "has no adopted digest");
  expect_not_certified(*with({{"bin/a", a}}), "bin/b has no adopted digest");
  expect_not_certified(*with({{"bin/a", a}, {"bin/b", a}}), "bin/b differs from its adopted digest");
  expect_not_certified(*with({{"bin/a", a}, {"bin/b", b}, {"bin/c", b}}), "bin/c was adopted and is missing");
  EXPECT_EQ(heal(*with({{"bin/a", a}, {"bin/b", b}})).phase(), Phase::complete);
}

TEST(HostileCertification, Case76_AModuleThatChangesAfterItsHashIsNotCertified) {
  const auto world = faulty_file();
  world->host.hooks.before_look = [&] { world->host.write("etc/app.conf", "port = 8080\n", 0640); };
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("changed by somebody else after the repair"));
  EXPECT_THAT(entry_types(*world), Not(Contains("certified")));
}

TEST(HostileCertification, Case77_NoTestsAtAllCertifyNothing) {
  const auto world = faulty_file();
  world->spec.self_test.clear();
  world->spec.certify.tests.clear();
  expect_not_certified(*world, "nothing that could be tested");
}

TEST(HostileCertification, Case77_ACellThatPrintsPassAndFailsCertifiesNothing) {
  const auto world = faulty_file();
  world->host.install("/tests/smoke", [](const RunRequest& request) {
    return ended(request.run.argv.at(1) == "full" ? 1 : 0, "PASS\n");
  });
  expect_not_certified(*world, "smoke[mode=full]");
  const auto hanging = faulty_file();
  hanging->host.install("/tests/smoke", [](const RunRequest&) {
    RunOutcome outcome = ended(0, "PASS\n");
    outcome.timed_out = true;
    return outcome;
  });
  expect_not_certified(*hanging, "did not end within its time limit");
}

// The principal of the repair changed what it was not allowed to: that its own evidence says otherwise counts nothing.
TEST(HostileCertification, Case80_WhoLostHisRoleWhileHeRepairedCertifiesNothing) {
  const auto world = faulty_file();
  const std::string before = world->host.picture();
  world->host.hooks.after_apply = [&] { world->policy.role = "observer"; };
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(entry_types(*world), Not(Contains("certified")));
  EXPECT_EQ(world->host.picture(), before);
}

TEST(HostileCertification, Case81_ASecurityFindingIsRolledBackAndRetriedAndNeverComplete) {
  const auto world = faulty_file();
  world->spec.healing.max_retries = 2;
  world->spec.certify.security.paths = {"etc"};
  world->spec.certify.security.forbid = {"PRIVATE KEY"};
  const std::string before = world->host.picture();
  world->host.hooks.after_apply = [&] { world->host.write("etc/key", "PRIVATE KEY"); };
  world->host.hooks.before_restore = [&] { world->host.remove("etc/key"); };
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_EQ(state.attempt_number(), 2U);
  EXPECT_EQ(world->host.picture(), before);
  EXPECT_THAT(entry_types(*world), Contains("retry_scheduled"));
  EXPECT_THAT(entry_types(*world), Not(Contains("certified")));
}

TEST(HostileCertification, Case82_TestsRunAgainAfterADeathBeforeTheVerdict) {
  const auto world = faulty_file();
  unsigned runs_of_tests = 0;
  world->host.install("/tests/smoke", [&](const RunRequest&) {
    ++runs_of_tests;
    return ended(0);
  });
  // The third commit begins certification; the process dies once its evidence is there.
  engine::testing::CutLedger cut(world->ledger, 3, engine::testing::CutMoment::after_effects);
  HealProcess first(*world, cut);
  first.start();
  first.run();
  EXPECT_EQ(runs_of_tests, 2U);
  EXPECT_THAT(entry_types(*world), Not(Contains("certified")));
  HealProcess second(*world, world->ledger);
  second.recover();
  second.run();
  ASSERT_TRUE(second.last);
  EXPECT_EQ(second.last->phase(), Phase::complete);
  EXPECT_EQ(runs_of_tests, 4U);
}

}  // namespace
}  // namespace autoheal
