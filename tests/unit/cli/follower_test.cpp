// A follower of the bus gets what it asked for, once and in order, and is cut off before it takes too much memory.
#include "tools/autoheal/events/follower.hpp"

#include <gtest/gtest.h>

namespace autoheal::cli {
namespace {

EventFramePtr event(std::uint64_t position, unsigned index = 0, const std::string& engine = "EnvRecon",
                    const std::string& topic = "selftest.autoheal.complete", std::size_t bytes = 2) {
  return frame_of({position, index}, topic, engine, std::string(bytes, 'x'));
}

TEST(EventIdOf, TakesItsOwnTextAndNothingElse) {
  EXPECT_EQ(*event_id_of("7-1"), (EventId{7, 1}));
  EXPECT_EQ(*event_id_of("7"), (EventId{7, EventId::whole_entry}));
  EXPECT_EQ(text_of(*event_id_of("7-1")), "7-1");
  EXPECT_EQ(text_of(*event_id_of("0")), "0");
  for (const char* text : {"", "-", "7-", "-1", "0-0", "0-1", "7-x", "x", "7 ", "9223372036854775808", "7-4294967296"})
    EXPECT_FALSE(event_id_of(text)) << text;
}

TEST(FrameOf, IsOneServerSentEvent) {
  EXPECT_EQ(event(7, 1)->text, "id: 7-1\nevent: selftest.autoheal.complete\ndata: xx\n\n");
}

TEST(FollowerOfTheBus, GetsWhatItAskedForOnceAndInOrder) {
  Follower follower({{"selftest.autoheal.*"}, "EnvRecon", {5, 0}});
  for (const auto& one : {event(4), event(5, 0), event(5, 1), event(6, 0, "Firewall"),
                          event(7, 0, "EnvRecon", "selftest.run.start"), event(8), event(8), event(7)})
    follower.offer(one);
  EXPECT_EQ(follower.take(), event(5, 1)->text + event(8)->text);
  EXPECT_TRUE(follower.is_idle());
  EXPECT_EQ(follower.take(), "");
  EXPECT_EQ(text_of(follower.wish().after), "8-0");
}

TEST(FollowerOfTheBus, Case123_IsCutOffAtItsLimitAndToldWhereToGoOn) {
  Follower follower({});
  follower.offer(event(1));
  EXPECT_NE(follower.take(), "");
  for (std::uint64_t position = 2; position < 2 + most_waiting_events; ++position) follower.offer(event(position));
  EXPECT_FALSE(follower.has_ended());
  follower.offer(event(5'000));
  follower.offer(event(5'001));
  EXPECT_EQ(follower.take(), "event: autoheal.cut_off\ndata: {\"reason\":\"too slow\",\"go_on_after\":\"1-0\"}\n\n");
  EXPECT_TRUE(follower.has_ended());
  EXPECT_EQ(follower.take(), "");
}

TEST(FollowerOfTheBus, Case123_LargeEventsCountByTheirBytes) {
  Follower follower({});
  const std::size_t quarter = most_waiting_bytes / 4;
  for (std::uint64_t position = 1; position <= 4; ++position) follower.offer(event(position, 0, "a", "b", quarter));
  EXPECT_TRUE(follower.take().starts_with("event: autoheal.cut_off\n"));
}

TEST(FollowerOfTheBus, ThePastDoesNotCutItOff) {
  Follower follower({});
  const std::uint64_t past = 3 * most_waiting_events;
  for (std::uint64_t position = 1; position <= past; ++position) follower.offer_past(event(position));
  for (std::uint64_t position = 1; position <= most_waiting_events; ++position) follower.offer(event(past + position));
  std::string all;
  for (std::string piece = follower.take(); !piece.empty(); piece = follower.take()) {
    EXPECT_LE(piece.size(), piece_bytes_of_stream + 100);
    all += piece;
  }
  EXPECT_FALSE(follower.has_ended());
  EXPECT_NE(all.find("id: " + std::to_string(past + most_waiting_events) + "-0\n"), std::string::npos);
}

}  // namespace
}  // namespace autoheal::cli
