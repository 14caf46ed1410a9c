// When a witness is asked: never more often than agreed, and less and less often while it refuses.
#include "tools/autoheal/witness/witness_course.hpp"

#include <gmock/gmock.h>

namespace autoheal::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Eq;
using ::testing::Ge;
using ::testing::Le;
using ::testing::Optional;

constexpr WitnessRules rules{.every = 1min, .settles = 2s, .longest_pause = 1h};
const auto nothing = Eq(std::nullopt);

TEST(WitnessCourse, ManyCheckpointsOfAMomentAreOneQuestion) {
  WitnessCourse course(rules);
  EXPECT_THAT(course.due(), nothing);
  course.look(10s);
  course.look(11s);
  EXPECT_THAT(course.due(), Optional(Duration(12s)));
  course.begun();
  EXPECT_THAT(course.due(), nothing) << "until there is another";
}

TEST(WitnessCourse, TheNextQuestionIsAMinuteLaterHoweverManyCheckpointsCome) {
  WitnessCourse course(rules);
  course.look(10s);
  course.begun();
  course.asked(12s);
  course.look(13s);
  course.cosigned(7);
  EXPECT_THAT(course.due(), Optional(Duration(72s)));
  course.look(14s);
  EXPECT_THAT(course.due(), Optional(Duration(72s)));
}

// Somebody may add the witness a moment later.
TEST(WitnessCourse, WhoWasNotAskedAfterAllMayBeAskedSoon) {
  WitnessCourse course(rules);
  course.look(10s);
  course.begun();
  course.look(13s);
  EXPECT_THAT(course.due(), Optional(Duration(15s)));
}

TEST(WitnessCourse, PausesGrowWithEveryFailureUpToAnHourAndEndWithTheFirstCosignature) {
  WitnessCourse course(rules);
  Duration now = 0s;
  for (const auto pause : {1min, 2min, 4min, 8min, 16min, 32min, 60min, 60min}) {
    course.failed(now, 0);
    EXPECT_THAT(course.due(), Optional(now + Duration(pause)));
    now += pause;
  }
  course.cosigned(1);
  course.failed(now, 0);
  EXPECT_THAT(course.due(), Optional(now + Duration(1min)));
}

TEST(WitnessCourse, ChanceMakesAPauseLongerAndNeverShorter) {
  for (const std::uint64_t random : {std::uint64_t{0}, std::uint64_t{12'345'678'901}, ~std::uint64_t{0}}) {
    WitnessCourse course(rules);
    course.failed(10s, random);
    EXPECT_THAT(course.due(), Optional(AllOf(Ge(Duration(70s)), Le(Duration(100s))))) << random;
  }
}

TEST(WitnessCourse, ARareWitnessIsNotAskedMoreOftenBecauseItFails) {
  WitnessCourse course({.every = 3h, .settles = 2s, .longest_pause = 1h});
  course.failed(0s, 0);
  course.failed(0s, 0);
  EXPECT_THAT(course.due(), Optional(Duration(3h)));
}

TEST(WitnessCourse, ItIsAskedFromWhereItSaysThatItIs) {
  WitnessCourse course(rules);
  EXPECT_EQ(course.seen(), std::nullopt) << "the ledger remembers";
  EXPECT_TRUE(course.named(5, 8));
  EXPECT_EQ(course.seen(), 5U);
  EXPECT_FALSE(course.named(5, 5)) << "it refuses what it names: it is not asked the same again at once";
  course.cosigned(9);
  EXPECT_EQ(course.seen(), 9U);
  EXPECT_TRUE(course.has_cosigned(9));
  EXPECT_FALSE(course.has_cosigned(10));
  course.failed(0s, 0);
  EXPECT_FALSE(course.has_cosigned(9)) << "what could not be kept is asked for again";
  EXPECT_EQ(course.seen(), 9U);
  course.forget();
  EXPECT_EQ(course.seen(), std::nullopt);
}

TEST(WitnessTold, EachKindOfProblemIsToldOnceUntilItIsOver) {
  WitnessTold told;
  const Error dead{ErrorKind::unavailable, "port 1: refused", {}}, slow{ErrorKind::unavailable, "no answer", {}};
  const Error forked{ErrorKind::corrupt, "another history", {}};
  EXPECT_FALSE(told.is_over());
  EXPECT_TRUE(told.is_news(dead));
  EXPECT_FALSE(told.is_news(slow));
  EXPECT_TRUE(told.is_news(forked));
  EXPECT_FALSE(told.is_news(forked));
  EXPECT_TRUE(told.is_over());
  EXPECT_FALSE(told.is_over());
  EXPECT_TRUE(told.is_news(forked));
}

}  // namespace
}  // namespace autoheal::cli
