// Couriers beside each other: each target gets its events in order, and none waits for another's.
#include "tools/autoheal/events/courier.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "autoheal/engine/system_ports.hpp"

namespace autoheal::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::SizeIs;
using workflows::OutgoingEvent;

class PlannedSink final : public EventSink {
 public:
  using Answer = std::function<Result<void>(const OutgoingEvent& event)>;
  explicit PlannedSink(Answer answer) : answer_(std::move(answer)) {}
  boost::asio::awaitable<Result<void>> deliver(OutgoingEvent event, Timestamp) override { co_return answer_(event); }

 private:
  Answer answer_;
};

class CourierTest : public ::testing::Test {
 protected:
  std::shared_ptr<Courier> courier(const std::string& name, PlannedSink::Answer answer, unsigned most_attempts = 100) {
    auto made = std::make_shared<std::weak_ptr<Courier>>();
    CourierPorts ports{
        .clock = clock_,
        .randomness = randomness_,
        .read = [this](engine::Position after) -> Result<OutgoingEvents::Read> {
          OutgoingEvents::Read read{{}, {events_.empty() ? after : events_.back().position}};
          for (const auto& one : events_)
            if (one.position > after) read.events.push_back(one);
          return read;
        },
        .save_place = [this, name](engine::Position place, bool) { places_[name].push_back(place.value); },
        .bury =
            [this, made](const DeadLetter& letter) {
              letters_.push_back(letter);
              boost::asio::post(io_, [made] { made->lock()->buried(true); });
            },
        .tell = [this](const std::string& sentence) { told_.push_back(sentence); },
    };
    auto one = std::make_shared<Courier>(
        name, std::make_unique<PlannedSink>(std::move(answer)), std::move(ports),
        workflows::DeliveryRules{.most_attempts = most_attempts, .first_pause = 1ms, .longest_pause = 1ms},
        engine::Position{0});
    *made = one;
    boost::asio::co_spawn(io_, one->run(), boost::asio::detached);
    return one;
  }
  void add(std::uint64_t position) {
    events_.push_back({"l-" + std::to_string(position), "selftest.run.start", {position}, "{}"});
  }
  void run_until(const std::function<bool()>& done) {
    for (int turn = 0; turn < 100'000 && !done(); ++turn) io_.run_one_for(1s);
    EXPECT_TRUE(done());
  }

  boost::asio::io_context io_{1};
  engine::SystemClock clock_;
  engine::SystemRandomness randomness_;
  std::vector<OutgoingEvent> events_;
  std::map<std::string, std::vector<std::uint64_t>> places_;
  std::vector<DeadLetter> letters_;
  std::vector<std::string> told_;
};

TEST_F(CourierTest, Case128_EachEventComesInOrderUntilItIsTakenWithTheSameId) {
  for (std::uint64_t position : {3U, 5U, 6U}) add(position);
  std::vector<std::string> came;
  int failures = 4;
  const auto one = courier("pager", [&](const OutgoingEvent& event) -> Result<void> {
    came.push_back(event.id);
    if (event.position.value == 5 && failures-- > 0) return failure(ErrorKind::unavailable, "busy");
    return {};
  });
  run_until([&] { return came.size() == 7; });
  EXPECT_THAT(came, ElementsAre("l-3", "l-5", "l-5", "l-5", "l-5", "l-5", "l-6"));
  run_until([&] { return !places_["pager"].empty() && places_["pager"].back() == 6; });
  EXPECT_THAT(places_["pager"], ElementsAre(4, 5, 6));
  EXPECT_THAT(told_,
              ElementsAre("warning: webhook pager did not take an event: busy", "webhook pager takes events again"));
}

TEST_F(CourierTest, Case127_ADeadTargetStopsNobodyElse) {
  for (std::uint64_t position = 1; position <= 20; ++position) add(position);
  const auto dead = courier("dead", [](const OutgoingEvent&) { return failure(ErrorKind::unavailable, "dead"); });
  std::size_t taken = 0;
  const auto alive = courier("alive", [&](const OutgoingEvent&) {
    ++taken;
    return Result<void>();
  });
  run_until([&] { return taken == 20; });
  EXPECT_THAT(places_["dead"], SizeIs(0));
  add(21);
  alive->look();
  run_until([&] { return taken == 21; });
}

TEST_F(CourierTest, AnEventThatIsNeverTakenIsBuriedAndFreesItsSuccessors) {
  add(1);
  add(2);
  std::vector<std::string> taken;
  const auto one = courier(
      "pager",
      [&](const OutgoingEvent& event) -> Result<void> {
        if (event.position.value == 1) return failure(ErrorKind::failed, "status 400");
        taken.push_back(event.id);
        return {};
      },
      3);
  run_until([&] { return taken.size() == 1; });
  ASSERT_THAT(letters_, SizeIs(1));
  EXPECT_EQ(letters_[0].event, "l-1");
  EXPECT_EQ(letters_[0].attempts, 3U);
  EXPECT_EQ(letters_[0].error, "status 400");
  EXPECT_EQ(places_["pager"].front(), 1U);
}

TEST_F(CourierTest, ASuccessorWaitsForTheDeliveryUnderWay) {
  add(1);
  const auto first = courier("pager", [](const OutgoingEvent&) { return Result<void>(); });
  run_until([&] { return !places_["pager"].empty(); });
  first->stop();
  run_until([&] { return first->ended(); });
}

TEST_F(CourierTest, DeadLettersAreReadBackAsTheyWere) {
  const DeadLetter letter{"pager", "l-1-start", "selftest.run.start", {1}, 3, "status 400"};
  const auto entry = entry_of(letter, "autoheal", Timestamp());
  EXPECT_EQ(entry.type, "webhook.dead_lettered");
  EXPECT_EQ(entry.data,
            R"({"webhook":"pager","event":"l-1-start","topic":"selftest.run.start","position":1,"attempts":3,)"
            R"("error":"status 400"})");
}

}  // namespace
}  // namespace autoheal::cli
