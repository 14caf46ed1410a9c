// The release that a failing deployment goes back to, and the checks of a build.
#include <gmock/gmock.h>

#include "autoheal/workflows/plan/build_outputs.hpp"
#include "autoheal/workflows/plan/release_choice.hpp"
#include "tests/support/examples/heal_examples.hpp"

namespace autoheal::workflows {
namespace {

using namespace autoheal::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ReleaseOrder, ComparesNumbersAsNumbers) {
  EXPECT_TRUE(release_is_older("1.9", "1.10"));
  EXPECT_TRUE(release_is_older("2023-12-31", "2024-01-02"));
  EXPECT_TRUE(release_is_older("v9", "v0010"));
  EXPECT_TRUE(release_is_older("1.2", "1.2.1"));
  EXPECT_TRUE(release_is_older("99999999999999999999998", "99999999999999999999999"));
  EXPECT_FALSE(release_is_older("1.10", "1.10"));
  EXPECT_NE(release_is_older("1.01", "1.1"), release_is_older("1.1", "1.01"));
}

TEST(LinkedRelease, IsFoundInWhateverFormTheLinkHas) {
  const ReleaseRepair repair{"current", "releases"};
  const auto name_in = [&](const std::string& target) {
    const auto linked = linked_release(repair, "/srv/app", target);
    return linked ? linked->name + " -> " + link_to(target, *linked, "X") : "none";
  };
  EXPECT_EQ(name_in("releases/1.2"), "1.2 -> releases/X");
  EXPECT_EQ(name_in("./releases//1.2/"), "1.2 -> ./releases//X/");
  EXPECT_EQ(name_in("/srv/app/releases/1.2/public"), "1.2 -> /srv/app/releases/X/public");
  EXPECT_EQ(name_in("../app/releases/1.2"), "1.2 -> ../app/releases/X");
  EXPECT_EQ(name_in("releases/1.2/releases/1.2"), "1.2 -> releases/X/releases/1.2");
  EXPECT_EQ(name_in("/srv/other/releases/1.2"), "none");
  EXPECT_EQ(name_in("releases"), "none");
  EXPECT_EQ(name_in("releases/.."), "none");
  EXPECT_EQ(linked_release({"releases/current", "releases"}, "/srv/app", "1.2")->name, "1.2");
}

TEST(ReleasesWithinReach, AreOlderAndFurtherBackWithEachAttempt) {
  ReleaseRepair repair{"current", "releases"};
  const std::vector<std::string> names = {"1", "2", "3", "10", "11"};
  EXPECT_THAT(releases_within_reach(repair, names, "10", 1), ElementsAre("3"));
  EXPECT_THAT(releases_within_reach(repair, names, "10", 2), ElementsAre("3", "2"));
  EXPECT_THAT(releases_within_reach(repair, names, "4", 1), ElementsAre("3"));  // the failing folder itself is gone
  EXPECT_THAT(releases_within_reach(repair, names, "1", 3), ElementsAre());
  EXPECT_THAT(releases_within_reach(repair, names, std::nullopt, 3), ElementsAre());
  repair.max_back = 5;
  EXPECT_THAT(releases_within_reach(repair, names, "10", 1), ElementsAre("3", "2", "1"));
  repair.allow_newer = true;
  EXPECT_THAT(releases_within_reach(repair, names, "10", 1), ElementsAre("11", "3", "2", "1"));
  EXPECT_THAT(releases_within_reach(repair, names, std::nullopt, 1), ElementsAre("11", "10", "3", "2", "1"));
}

const HealExample& example(const std::string& name) {
  return *std::ranges::find(heal_examples(), name, &HealExample::name);
}

TEST(Release, ThatDidNotHelpIsNotTakenAgain) {
  const auto world = make_world(example("release"));
  world->spec.healing.max_retries = 4;
  std::vector<std::string> tried;
  world->host.install("/tests/works", [&](const RunRequest& request) {
    if (request.mark.ends_with("/0")) tried.push_back(world->host.file("current")->link_target);
    return ended(1);
  });
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(tried, ElementsAre("./releases/1.9/app", "./releases/1.2/app"));
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("1.9 did not help before; 1.2 did not help before"));
  EXPECT_EQ(world->host.file("current")->link_target, "./releases/1.10/app");
}

TEST(Release, ThatIsNotWholeIsPassedOverInALaterAttempt) {
  const auto world = make_world(example("release"));
  world->host.releases["releases"]["1.9"] = "bin/app is missing";
  world->host.install("/tests/works", program(0));
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::complete) << state.so_far.last_problem;
  EXPECT_EQ(state.attempt_number(), 2U);
  EXPECT_EQ(world->host.file("current")->link_target, "./releases/1.2/app");
}

TEST(Release, ThatIsSpoiledWhileItIsCertifiedIsRefused) {
  const auto world = make_world(example("release"));
  world->spec.healing.max_retries = 1;
  world->host.hooks.after_apply = [&] { world->host.releases["releases"]["1.9"] = "bin/app has another content"; };
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_THAT(state.so_far.last_problem, HasSubstr("release 1.9 is not whole: bin/app has another content"));
  EXPECT_EQ(world->host.file("current")->link_target, "./releases/1.10/app");
}

TEST(Release, WithoutALinkIsOnlyTakenWhereNewerOnesAreAllowed) {
  const auto world = make_world(example("release"));
  world->host.remove("current");
  world->host.install("/tests/works", program(0));
  EXPECT_THAT(heal(*world).so_far.last_problem, HasSubstr("which release failed is not known"));
  const auto allowed = make_world(example("release"));
  allowed->host.remove("current");
  allowed->spec.repair.release[0].allow_newer = true;
  allowed->host.install("/tests/works", program(0));
  EXPECT_EQ(heal(*allowed).phase(), Phase::complete);
  EXPECT_EQ(allowed->host.file("current")->link_target, "releases/1.11");
}

TEST(Platform, ToldByARequestMayBeUndoneByAProgram) {
  const auto world = make_world(example("platform"), 1);
  world->spec.healing.max_retries = 1;
  world->spec.repair.platform[0].undo = runs({"/bin/scale-down"});
  world->host.install("/bin/scale-down", program(3));
  const HealState state = heal(*world);
  EXPECT_EQ(end_reason(state), EndReason::rollback_incomplete);
  EXPECT_THAT(state.attempt->undone.at(1).message, HasSubstr("/bin/scale-down: exit status 3"));
}

TEST(Build, MustLeaveWhatItSays) {
  Act build;
  build.outputs = {"dist/app"};
  build.sha256 = std::string(64, 'a');
  TargetFacts app;
  app.path = "dist/app";
  EXPECT_THAT(problem_of_build(build, {app}), HasSubstr("left no dist/app"));
  app.kind = TargetKind::file;
  EXPECT_THAT(problem_of_build(build, {app}), HasSubstr("another content"));
  app.digest = "sha256:" + build.sha256;
  EXPECT_EQ(problem_of_build(build, {app}), "");
}

TEST(Build, RunsBetweenTheReleaseAndTheFiles) {
  const auto world = make_world(example("build"));
  world->host.make_link("current", "releases/2");
  world->host.releases["releases"] = {{"1", ""}, {"2", ""}};
  world->spec.repair.release = {{"current", "releases"}};
  ASSERT_EQ(heal(*world).phase(), Phase::complete);
  std::vector<std::string> order;
  for (const std::string& line : world->host.log()) {
    if (line.starts_with("apply") || line.ends_with("/bin/build")) order.push_back(line.substr(line.rfind(' ') + 1));
  }
  EXPECT_THAT(order, ElementsAre("current", "/bin/build", "etc/app.json"));
}

TEST(Build, WhoseOutputsSomebodyEditedSinceIsNotTakenBackBlindly) {
  const auto world = make_world(example("build"), 1);
  world->spec.healing.max_retries = 1;
  world->host.hooks.before_restore = [&] { world->host.write("dist/app.css", "edited"); };
  const HealState state = heal(*world);
  EXPECT_EQ(end_reason(state), EndReason::rollback_incomplete);
  EXPECT_EQ(world->host.content("dist/app.css"), "edited");
  EXPECT_EQ(world->host.content("dist/app.js"), "cut off");
}

}  // namespace
}  // namespace autoheal::workflows
