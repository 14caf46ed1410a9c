// Inputs that come too late: from an effect of a process that died, or from a timer that was overtaken. A heal takes it
// at any moment of its life, and does not move.
#include <gmock/gmock.h>

#include "tests/support/examples/heal_examples.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;

struct Stale {
  std::string name;
  HealInput input;
  std::function<bool(const HealState&)> is_waited_for;
};

// Whether an act's capture is under way cannot be told from the state alone, only that it may be.
bool may_capture(const HealState& state) {
  return state.phase() == Phase::repairing && state.plan() != nullptr && !state.intended() && !state.is_rolling_back();
}

std::vector<Stale> stale_inputs() {
  return {
      {"a slot", SlotGranted{}, [](const HealState& s) { return s.phase() == Phase::triggered; }},
      {"a timer", WokenUp{}, [](const HealState& s) { return s.phase() == Phase::retrying; }},
      {"an observation", Observed{}, [](const HealState& s) { return s.step() == Step::observing; }},
      {"outcomes of changes", ChangesDone{}, [](const HealState& s) { return s.step() == Step::changing; }},
      {"a capture", CaptureDone{}, may_capture},
      {"the outcome of an act", ActDone{}, [](const HealState& s) { return s.step() == Step::acting; }},
      {"evidence", EvidenceGathered{}, [](const HealState& s) { return s.step() == Step::certifying; }},
      {"what was put back", UndoDone{}, [](const HealState& s) { return s.is_rolling_back(); }},
      {"that leftovers are gone", LeftoversCleared{}, [](const HealState& s) { return s.resumptions > 0; }},
      {"that before-images are kept", BeforeImagesKept{}, [](const HealState&) { return false; }},
  };
}

std::vector<HealState> states_of(const HealWorld& world) {
  std::vector<HealState> states(1);
  const auto entries = *world.ledger.read_stream(world.heal, 1);
  for (const engine::Entry& entry : entries) {
    const auto decoded = Heal::decode(entry.type, entry.dataversion, *engine::lengthen(world.blobs, entry.data));
    states.push_back(Heal::apply(states.back(), *decoded));
  }
  return states;
}

class StaleInputs : public ::testing::TestWithParam<HealExample> {};
INSTANTIATE_TEST_SUITE_P(Heals, StaleInputs, ::testing::ValuesIn(heal_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(StaleInputs, MoveNothing) {
  for (const int status : {0, 1}) {
    const auto world = make_world(GetParam(), status);
    (void)heal(*world);
    const std::vector<HealState> states = states_of(*world);
    for (std::size_t at = 1; at < states.size(); ++at) {
      for (const Stale& stale : stale_inputs()) {
        if (stale.is_waited_for(states[at])) continue;
        SCOPED_TRACE(stale.name + " after entry " + std::to_string(at));
        const auto decision = Heal::decide(states[at], stale.input, world->clock.now());
        EXPECT_TRUE(decision.entries.empty());
        EXPECT_TRUE(decision.effects.empty());
        EXPECT_FALSE(decision.ends || decision.wake_after);
      }
    }
  }
}

// Joins and cancels of a heal that has ended come too late.
TEST_P(StaleInputs, OfPeopleComeTooLateForOneThatHasEnded) {
  for (const int status : {0, 1}) {
    const auto world = make_world(GetParam(), status);
    (void)heal(*world);
    const HealState ended = states_of(*world).back();
    for (const HealInput& input : {HealInput(Join{"broken again", {}}), HealInput(Cancel{EndReason::cancelled, {}})})
      EXPECT_TRUE(Heal::decide(ended, input, world->clock.now()).entries.empty());
  }
}

}  // namespace
}  // namespace autoheal
