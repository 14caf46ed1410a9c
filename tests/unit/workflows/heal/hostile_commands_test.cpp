// Hostile case 57 (tests/README.md): what could not start was not tried.
#include <gmock/gmock.h>

#include "tests/support/examples/heal_examples.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A release is switched, then a command runs that finds no room on the machine at first.
TEST(HostileCommands, Case57_WhatCouldNotStartIsTriedAgainAndNotUndone) {
  const auto world = make_world(*std::ranges::find(heal_examples(), "release", &HealExample::name));
  CommandRepair warm;
  warm.run = runs({"/bin/warm-up"});
  warm.undo = runs({"/bin/cool-down"});
  world->spec.repair.commands = {warm};
  std::vector<std::string> tried;
  world->host.install("/bin/cool-down", program(0));
  world->host.install("/bin/warm-up", [&](const RunRequest&) {
    tried.push_back(world->host.file("current")->link_target);
    RunOutcome outcome = ended(0);
    outcome.no_room = tried.size() == 1;
    if (outcome.no_room) outcome.message = "could not start /bin/warm-up: no process is to be had";
    return outcome;
  });
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::complete) << state.so_far.last_problem;
  EXPECT_EQ(state.attempt_number(), 2U);
  EXPECT_THAT(tried, ElementsAre("./releases/1.9/app", "./releases/1.9/app")) << "the release had no trial";
  EXPECT_THAT(world->host.log(), Not(Contains(HasSubstr("/bin/cool-down"))));
  const auto entries = world->ledger.read_stream(world->heal, 1);
  const auto failed = std::ranges::find(*entries, "heal.repair_failed", &engine::Entry::type);
  ASSERT_NE(failed, entries->end());
  EXPECT_THAT(failed->data, HasSubstr("\"cause\":\"could_not_start\""));
  EXPECT_THAT(failed->data, HasSubstr("\"status\":\"not_started\""));
}

TEST(HostileCommands, Case57_AnEndlessLackOfRoomEndsWithTheAttempts) {
  const auto world = make_world(*std::ranges::find(heal_examples(), "commands", &HealExample::name));
  world->host.install("/bin/rebuild", [&](const RunRequest&) {
    RunOutcome outcome;
    outcome.no_room = true;
    outcome.message = "could not start";
    return outcome;
  });
  const std::string before = world->host.picture();
  const HealState state = heal(*world);
  EXPECT_EQ(state.phase(), Phase::exhausted);
  EXPECT_EQ(end_reason(state), EndReason::attempts_exhausted);
  EXPECT_EQ(state.attempt_number(), world->spec.healing.max_retries);
  EXPECT_EQ(world->host.picture(), before);
}

}  // namespace
}  // namespace autoheal
