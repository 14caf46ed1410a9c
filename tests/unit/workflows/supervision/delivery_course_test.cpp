// Deliveries to one target: in order, at least once, with pauses, and without an event that stops all others for ever.
#include "autoheal/workflows/supervision/delivery_course.hpp"

#include <gmock/gmock.h>

namespace autoheal::workflows {
namespace {

using namespace std::chrono_literals;

OutgoingEvent event(std::uint64_t position, const std::string& word = "complete") {
  return {std::to_string(position) + "-" + word, "selftest.autoheal." + word, {position}, "{}"};
}

DeliveryCourse course(std::initializer_list<OutgoingEvent> events, DeliveryRules rules = {}) {
  DeliveryCourse made(rules, {10});
  for (const auto& one : events) made.add(one);
  made.read_to({20});
  return made;
}

TEST(DeliveryCourse, EventsAreDueOneAfterTheOther) {
  auto deliveries = course({event(11), event(15)});
  EXPECT_EQ(deliveries.place().value, 10U);
  EXPECT_EQ(deliveries.due(0s)->id, "11-complete");
  EXPECT_EQ(deliveries.due(0s)->id, "11-complete");  // until it is delivered
  deliveries.delivered();
  EXPECT_EQ(deliveries.place().value, 14U);
  EXPECT_EQ(deliveries.due(0s)->id, "15-complete");
  deliveries.delivered();
  EXPECT_EQ(deliveries.due(0s), nullptr);
  EXPECT_EQ(deliveries.place().value, 20U);  // what was read without an event need not be read again
}

// After a crash between them the first would come again: at least once, not lost.
TEST(DeliveryCourse, AnEntryOfTwoEventsIsDoneWithTheSecond) {
  auto deliveries = course({event(11, "transition"), event(11, "complete")});
  deliveries.delivered();
  EXPECT_EQ(deliveries.place().value, 10U);
  EXPECT_EQ(deliveries.due(0s)->id, "11-complete");
  deliveries.delivered();
  EXPECT_EQ(deliveries.place().value, 20U);
}

TEST(DeliveryCourse, EachPauseIsTwiceAsLongUpToTheLongest) {
  auto deliveries = course({event(11)}, {.most_attempts = 100, .first_pause = 1s, .longest_pause = 5s});
  Duration now = 100s;
  for (const Duration pause : {1s, 2s, 4s, 5s, 5s}) {
    ASSERT_NE(deliveries.due(now), nullptr);
    EXPECT_FALSE(deliveries.failed(now, static_cast<std::uint64_t>(pause.count()) / 2));
    EXPECT_EQ(deliveries.due(now), nullptr);
    EXPECT_EQ(*deliveries.pauses_until(now), now + pause);
    now += pause;
    EXPECT_EQ(deliveries.pauses_until(now), std::nullopt);
  }
  deliveries.delivered();
  EXPECT_EQ(deliveries.attempts(), 0U);
}

TEST(DeliveryCourse, ChanceShortensAPauseByHalfAtMost) {
  for (std::uint64_t random : {0ULL, 1ULL, 250'000ULL, 500'000ULL, 18'446'744'073'709'551'615ULL}) {
    auto deliveries = course({event(11)});
    EXPECT_FALSE(deliveries.failed(0s, random));
    EXPECT_GE(*deliveries.pauses_until(0s), 500ms);
    EXPECT_LE(*deliveries.pauses_until(0s), 1s);
  }
}

TEST(DeliveryCourse, AnEventThatIsGivenUpFreesItsSuccessors) {
  auto deliveries = course({event(11), event(12)}, {.most_attempts = 2});
  EXPECT_FALSE(deliveries.failed(0s, 0));
  EXPECT_TRUE(deliveries.failed(10s, 0));
  EXPECT_EQ(deliveries.attempts(), 2U);
  EXPECT_EQ(deliveries.place().value, 10U);  // its dead letter is not durable yet
  deliveries.given_up();
  EXPECT_EQ(deliveries.place().value, 11U);
  EXPECT_EQ(deliveries.due(20s)->id, "12-complete");
  EXPECT_FALSE(deliveries.failed(20s, 0));  // its own attempts are counted anew
}

TEST(DeliveryCourse, ADeadTargetIsNotAskedMoreOftenBecauseManyEventsWait) {
  auto deliveries = course({event(11), event(12)}, {.most_attempts = 3, .first_pause = 1s, .longest_pause = 1h});
  Duration now = 0s;
  std::vector<Duration> pauses;
  for (int attempt = 0; attempt < 6; ++attempt) {
    if (deliveries.failed(now, 0)) deliveries.given_up();
    pauses.push_back(*deliveries.pauses_until(now) - now);
    now = *deliveries.pauses_until(now);
  }
  EXPECT_THAT(pauses, ::testing::ElementsAre(500ms, 1s, 2s, 4s, 8s, 16s));
}

}  // namespace
}  // namespace autoheal::workflows
