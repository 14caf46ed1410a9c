// The course of a heal, attempt by attempt, and the comparison of two courses.
#include "autoheal/replay/compare/course.hpp"

#include <gmock/gmock.h>

#include "tests/support/examples/heal_examples.hpp"

namespace autoheal::replay {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Course course(const HealWorld& world) {
  RecordedHeal recorded(*world.ledger.read_stream(world.heal, 1), world.blobs);
  auto found = course_of(recorded);
  EXPECT_TRUE(found) << found.error().message;
  return found ? std::move(*found) : Course{};
}

std::vector<std::string> differences(const Course& recorded, const Course& here, Plan (*placeless)(Plan)) {
  std::vector<std::string> found;
  for (const Compared& row : compare(recorded, here, placeless)) {
    if (!row.same()) found.push_back(row.what + ": " + row.recorded + " | " + row.here);
  }
  return found;
}

TEST(CourseTest, HoldsWhatEachAttemptSawDidAndWasToldByTruth) {
  const auto world = make_world(heal_examples().front(), 1);
  const HealState end = heal(*world);
  const Course found = course(*world);
  EXPECT_EQ(found.begun.engine, "Sample");
  EXPECT_FALSE(found.resumed);
  EXPECT_TRUE(found.end == end);
  ASSERT_EQ(found.attempts.size(), 2U);
  for (const auto& [number, attempt] : found.attempts) {
    EXPECT_TRUE(attempt.observation && attempt.plan && attempt.evidence) << number;
    EXPECT_EQ(attempt.outcomes.at(1).status, ChangeStatus::done) << number;
    EXPECT_EQ(attempt.undone.at(1).status, UndoStatus::restored) << number;
    EXPECT_EQ(attempt.verdict, "refused") << number;
    EXPECT_THAT(attempt.why, Contains("test_matrix: smoke[mode=fast]: exit status 1")) << number;
  }
}

TEST(CourseTest, OfAPlanThatWasRefusedOrCouldNotBeMadeSaysWhy) {
  const auto refused = make_world(heal_examples().front());
  refused->spec.certify.security.max_mode = 0600;
  (void)heal(*refused);
  EXPECT_EQ(course(*refused).attempts.at(1).verdict, "plan_refused");
  EXPECT_THAT(course(*refused).attempts.at(1).why, Contains(HasSubstr("max_mode")));
  const auto failed = make_world(heal_examples().front());
  failed->host.make_link("etc/app.conf", "elsewhere");
  (void)heal(*failed);
  const Attempt attempt = course(*failed).attempts.at(1);
  EXPECT_EQ(attempt.verdict, "failed");
  EXPECT_TRUE(attempt.observation) << "what no plan could be made of";
  EXPECT_THAT(attempt.why, ElementsAre(HasSubstr("plan: ")));
}

TEST(CourseTest, AnAttemptThatStartedOverIsWhatItCameToThen) {
  const auto world = make_world(heal_examples().front());
  engine::testing::CutLedger cut(world->ledger, 3, engine::testing::CutMoment::after_effects);
  HealProcess first(*world, cut);
  first.start(Heal::version - 1);
  first.run();
  HealProcess second(*world, world->ledger);
  second.recover();
  second.run();
  const Course found = course(*world);
  EXPECT_TRUE(found.resumed);
  ASSERT_EQ(found.attempts.size(), 1U);
  EXPECT_EQ(found.attempts.at(1).verdict, "certified");
  EXPECT_THAT(found.attempts.at(1).undone, IsEmpty()) << "that was the first start";
}

TEST(CourseTest, TheSameHealElsewhereDiffersInItsPlaceAlone) {
  const auto here = make_world(heal_examples().front()), there = make_world(heal_examples().front());
  there->host.write("another", "so that inodes differ");
  there->host.write("etc/app.conf", "port = oops\n", 0666);
  there->clock.advance(std::chrono::hours(5));
  (void)heal(*here);
  (void)heal(*there);
  EXPECT_THAT(differences(course(*here), course(*there), without_place), IsEmpty());
  EXPECT_THAT(compare(course(*here), course(*there), without_place),
              Contains(Field(&Compared::what, "attempt 1: digest of etc/app.conf")));
}

TEST(CourseTest, AnotherOutcomeIsNamedAndWhatIsMissingToo) {
  const auto here = make_world(heal_examples().front()), there = make_world(heal_examples().front(), 1);
  (void)heal(*here);
  (void)heal(*there);
  const auto found = differences(course(*here), course(*there), without_place);
  EXPECT_THAT(found, Contains("outcome: Complete after 1 attempt | Exhausted after 2 attempts: attempts_exhausted"));
  EXPECT_THAT(found,
              Contains(HasSubstr("attempt 2: verdict: there was no such attempt | refused: test_matrix: smoke")));
  EXPECT_THAT(found, Contains("attempt 1: undo 1: nothing | restored"));
  EXPECT_THAT(found, Not(Contains(HasSubstr("attempt 1: plan"))));
}

TEST(CourseTest, OwnersCountUnlessTheyCannotBeGiven) {
  Plan plan;
  Change change;
  change.before.uid = change.after.uid = 1000;
  change.before.inode = 7;
  plan.changes = {change};
  EXPECT_EQ(without_place(plan).changes[0].before.inode, 0U);
  EXPECT_EQ(without_place(plan).changes[0].before.uid, 1000U);
  EXPECT_EQ(without_place_and_owners(plan).changes[0].before.uid, 0U);
  EXPECT_EQ(without_place_and_owners(plan).changes[0].after.uid, 0U);
}

TEST(CourseTest, OfAnEntryThatCannotBeReadIsAnError) {
  const auto world = make_world(heal_examples().front());
  (void)heal(*world);
  auto entries = *world->ledger.read_stream(world->heal, 1);
  entries.at(2).type = "heal.pondered";
  RecordedHeal recorded(std::move(entries), world->blobs);
  EXPECT_THAT(course_of(recorded).error().message, HasSubstr("heal.pondered"));
}

}  // namespace
}  // namespace autoheal::replay
