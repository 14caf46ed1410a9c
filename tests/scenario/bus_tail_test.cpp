// `autoheal bus tail` beside a daemon that heals: in order, once each, from a place on.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BusTail : public ::testing::Test {
 protected:
  BusTail() {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/File", "port = 8080\n");
    bridge_.configure(file_engine("File"));
  }
  void heal_once() const {
    bridge_.write("etc/File", "damaged\n");
    ASSERT_EQ(bridge_.autoheal({"heal", "File"}).exit_code, 0);
  }
  // The events of `text`, which is one CloudEvent a line.
  static std::vector<json> events_in(const std::string& text) {
    std::vector<json> events;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) events.push_back(json::parse(line));
    return events;
  }
  [[nodiscard]] std::vector<json> past_events(const std::vector<std::string>& options = {}) const {
    std::vector<std::string> arguments = {"bus", "tail", "--from", "0", "--once", "-o", "jsonl"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ran ran = bridge_.autoheal(arguments);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return events_in(ran.out);
  }
  static std::vector<std::string> types_of(const std::vector<json>& events) {
    std::vector<std::string> types;
    for (const json& event : events) types.push_back(event.at("type"));
    return types;
  }
  Bridge bridge_;
};

TEST_F(BusTail, TellsThePastInOrderWithIdsThatStay) {
  EXPECT_THAT(past_events(), IsEmpty()) << "there is no ledger yet";
  heal_once();
  const auto events = past_events();
  EXPECT_THAT(types_of(events),
              ElementsAre("selftest.autoheal.trigger", "selftest.autoheal.transition", "selftest.autoheal.transition",
                          "selftest.autoheal.transition", "selftest.autoheal.complete"));
  EXPECT_EQ(events, past_events()) << "the same events, however often they are read";
  std::set<std::string> ids;
  for (const json& event : events) ids.insert(event.at("id"));
  EXPECT_EQ(ids.size(), events.size());
  EXPECT_EQ(events.back().at("data").at("certified"), true);
}

TEST_F(BusTail, GoesOnBehindAPlaceAndChoosesTopics) {
  heal_once();
  const auto events = past_events();
  const std::string place = events.at(1).at("ledgerpos");
  const Ran rest = bridge_.autoheal({"bus", "tail", "--from", place, "--once", "-o", "jsonl"});
  EXPECT_EQ(events_in(rest.out), std::vector<json>(events.begin() + 2, events.end()));
  EXPECT_THAT(types_of(past_events({"--topic", "selftest.autoheal.complete"})),
              ElementsAre("selftest.autoheal.complete"));
  EXPECT_THAT(types_of(past_events({"--topic", "selftest.autoheal.tr*"})), ::testing::SizeIs(4));
  const Ran text = bridge_.autoheal({"bus", "tail", "--from", "0", "--once"});
  EXPECT_THAT(text.out, HasSubstr("selftest.autoheal.complete"));
}

TEST_F(BusTail, RefusesAPlaceThatIsNotThereAndAFormWithoutAnEnd) {
  heal_once();
  const Ran beyond = bridge_.autoheal({"bus", "tail", "--from", "1000", "--once"});
  EXPECT_EQ(beyond.exit_code, 2);
  EXPECT_THAT(beyond.err, HasSubstr("there is no entry 1000 yet"));
  const Ran endless = bridge_.autoheal({"bus", "tail", "-o", "json"});
  EXPECT_EQ(endless.exit_code, 2);
  EXPECT_THAT(endless.err, HasSubstr("events have no end"));
}

TEST_F(BusTail, FollowsADaemonAndEndsWithASignal) {
  heal_once();
  EXPECT_EQ(bridge_.autoheal({"bus", "tail", "--once", "-o", "jsonl"}).out, "") << "the past is told where it is asked";
  const std::string place = past_events().back().at("ledgerpos");
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  Invocation tail = bridge_.invocation({});
  tail.arguments = {"/bin/sh", "-c", "exec \"$0\" bus tail --from " + place + " -o jsonl > events.jsonl",
                    AUTOHEAL_PROGRAM};
  Background follower(tail);
  bridge_.write("etc/File", "damaged\n");
  EXPECT_TRUE(eventually([&] { return bridge_.read("events.jsonl").contains("selftest.autoheal.complete"); }))
      << daemon.said();
  follower.send(SIGTERM);
  EXPECT_EQ(follower.wait(), 128 + SIGTERM);
  EXPECT_THAT(types_of(events_in(bridge_.read("events.jsonl"))),
              ElementsAre("selftest.autoheal.trigger", "selftest.autoheal.transition", "selftest.autoheal.transition",
                          "selftest.autoheal.transition", "selftest.autoheal.complete"));
  daemon.stop();
}

}  // namespace
}  // namespace autoheal::testing
