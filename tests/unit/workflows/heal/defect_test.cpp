// Autoheal itself is wrong somewhere: whatever pure part throws, that heal ends in it, named and put back; no other
// heal notices, the process lives, and the record is replayed as it is.
#include <gmock/gmock.h>

#include <mutex>

#include "autoheal/engine/base/contained.hpp"
#include "autoheal/replay/decide/heal_replay.hpp"
#include "autoheal/workflows/edit/settings_edit.hpp"
#include "autoheal/workflows/plan/security_rules.hpp"
#include "autoheal/workflows/text/glob.hpp"
#include "autoheal/workflows/text/line_expressions.hpp"
#include "tests/support/examples/heal_examples.hpp"
#include "tests/support/worlds/heal_machine.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Counts the pure parts that begin, and throws in one of them.
class PlantedDefect {
 public:
  // In the `number`-th part from now on, whatever it is; 0: in none.
  explicit PlantedDefect(std::size_t number) {
    plant([number](const std::string&, std::size_t n) { return n == number; });
  }
  // In the first part of this name.
  explicit PlantedDefect(const std::string& part) {
    plant([part](const std::string& name, std::size_t) { return name == part && hit().empty(); });
  }
  ~PlantedDefect() { pure_part_hook = nullptr; }
  PlantedDefect(const PlantedDefect&) = delete;
  PlantedDefect& operator=(const PlantedDefect&) = delete;

  static std::string& hit() {
    static std::string part;
    return part;
  }
  static std::size_t& begun() {
    static std::size_t count = 0;
    return count;
  }

 private:
  using Wanted = std::function<bool(const std::string& part, std::size_t number)>;
  static Wanted& wanted() {
    static Wanted function;
    return function;
  }
  static void plant(Wanted function) {
    wanted() = std::move(function);
    hit().clear();
    begun() = 0;
    pure_part_hook = [](std::string_view part) {
      if (!wanted()(std::string(part), ++begun())) return;
      hit() = part;
      if (part.size() % 2 == 0) throw std::out_of_range("a planted defect");
      AUTOHEAL_CHECK(part.empty());
    };
  }
};

// Parts in which nothing is decided about the attempt: a probe that cannot be made is made again, and what was settled
// or looked for after a crash is no part of the verdict.
bool only_delays(const std::string& part) {
  return part == "probe" || part == "settling" || part == "looking for leftovers";
}

class EveryPurePart : public ::testing::TestWithParam<HealExample> {};
INSTANTIATE_TEST_SUITE_P(Defect, EveryPurePart, ::testing::ValuesIn(heal_examples()),
                         [](const auto& example) { return example.param.name; });

std::size_t parts_of_a_heal(const HealExample& example, int status) {
  const PlantedDefect none(0);
  const auto world = make_world(example, status);
  (void)heal(*world);
  return PlantedDefect::begun();
}

void expect_one_defect(const HealExample& example, int status, std::size_t number) {
  const auto world = make_world(example, status);
  const std::string before = world->host.picture();
  std::string part;
  {
    const PlantedDefect planted(number);
    HealProcess process(*world, world->ledger);
    process.start();
    process.run();
    part = PlantedDefect::hit();
    SCOPED_TRACE(part);
    EXPECT_FALSE(process.runner().failure()) << "the loop stopped";
    if (!process.last || process.last->phase() == Phase::none)
      return;  // it never began, or nothing was decided any more
    const HealState& state = *process.last;
    if (state.phase() == Phase::complete) {
      EXPECT_TRUE(only_delays(part)) << "certified although " << part << " threw";
      return;
    }
    if (state.phase() != Phase::exhausted) return;  // set aside: the next process goes on
    EXPECT_EQ(world->host.picture(), before) << "what was changed was not put back";
    if (status == 0 && !only_delays(part)) {
      EXPECT_EQ(end_reason(state), EndReason::defect) << state.so_far.last_problem;
      EXPECT_THAT(end_message(state), HasSubstr("Autoheal itself is at fault in"));
    }
    return;
  }
}

TEST_P(EveryPurePart, ThatThrowsEndsItsHealAndIsPutBack) {
  const std::size_t parts = parts_of_a_heal(GetParam(), 0);
  ASSERT_GT(parts, 20U);
  for (std::size_t number = 1; number <= parts; ++number) {
    SCOPED_TRACE(number);
    expect_one_defect(GetParam(), 0, number);
  }
}

TEST_P(EveryPurePart, ThatThrowsInARollbackLeavesNothingUnnamed) {
  const std::size_t parts = parts_of_a_heal(GetParam(), 1);
  for (std::size_t number = 1; number <= parts; ++number) {
    SCOPED_TRACE(number);
    const auto world = make_world(GetParam(), 1);
    const std::string before = world->host.picture();
    const PlantedDefect planted(number);
    HealProcess process(*world, world->ledger);
    process.start();
    process.run();
    EXPECT_FALSE(process.runner().failure());
    if (!process.last || process.last->phase() != Phase::exhausted) continue;
    if (end_reason(*process.last) == EndReason::rollback_incomplete) continue;  // named: an undo could not be performed
    EXPECT_EQ(world->host.picture(), before) << PlantedDefect::hit();
  }
}

class AStrategysDefect : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Defect, AStrategysDefect,
                         ::testing::Values("plan_repair", "repair_releases", "repair_configuration", "plan_draft",
                                           "repair_state", "repair_deployment", "repair_service", "hide_secrets",
                                           "certify_plan", "certify_outcome", "decide"));

TEST_P(AStrategysDefect, IsNamedAndOthersDoNotNotice) {
  const auto world = make_world(heal_examples().front());
  EngineSpec other = world->spec;
  other.name = "Other";
  world->host.write("etc/other.conf", "port = oops\n", 0666);
  other.repair.files.front().path = "etc/other.conf";
  std::get<FileProbe>(other.self_test.front().what).path = "etc/other.conf";
  HealMachine machine(*world, {world->spec, other});
  {
    const PlantedDefect planted(GetParam());
    machine.heal(world->spec.name);
    machine.heal("Other");
    machine.run_until(2);
    EXPECT_EQ(PlantedDefect::hit(), GetParam());
  }
  std::map<std::string, HealResult> results;
  for (const HealResult& result : machine.results) results[result.engine] = result;
  if (GetParam() == "decide") {  // the very first one: nothing was begun
    EXPECT_EQ(results[world->spec.name].ending, HealEnding::never_began);
    EXPECT_THAT(results[world->spec.name].error, HasSubstr("Autoheal itself is at fault in"));
  } else {
    EXPECT_EQ(results[world->spec.name].ending, HealEnding::exhausted);
    EXPECT_EQ(results[world->spec.name].reason, "defect");
    EXPECT_THAT(results[world->spec.name].problem, StartsWith("Autoheal itself is at fault in"));
  }
  EXPECT_EQ(results["Other"].ending, HealEnding::certified);
  EXPECT_EQ(world->host.content("etc/app.conf"), "port = oops\n");
}

TEST(Defect, IsReplayedAsDataWhetherItWasMendedOrNot) {
  for (const std::string part : {"plan_repair", "certify_plan", "certify_outcome", "gathering evidence", "observing"}) {
    SCOPED_TRACE(part);
    const auto world = make_world(heal_examples().front());
    {
      const PlantedDefect planted(part);
      EXPECT_EQ(end_reason(heal(*world)), EndReason::defect);
    }
    replay::Adoptions adoptions;
    const replay::PastWorld past(world->blobs, adoptions);
    const bool in_pure_code = !part.contains("ing");
    for (const bool mended : {true, false}) {
      std::optional<PlantedDefect> planted;
      if (!mended) planted.emplace(part);
      const auto entries = world->ledger.read_stream(world->heal, 1);
      replay::RecordedHeal recorded(*entries, world->blobs);
      const replay::Replayed again = replay::replay_heal(recorded, past);
      EXPECT_EQ(again.verdict, replay::Verdict::same) << again.why;
      EXPECT_EQ(again.state.phase(), Phase::exhausted);
      EXPECT_EQ(again.taken > 0, mended && in_pure_code) << again.taken_why;
      if (again.taken > 0) {
        EXPECT_THAT(again.taken_why, HasSubstr("a defect of the Autoheal of that time"));
        EXPECT_THAT(again.taken_why, HasSubstr(part));
      }
    }
  }
}

TEST(Defect, WhileFoldingSetsThatStreamAsideAndTheOthersGoOn) {
  const auto world = make_world(heal_examples().front());
  std::string first;
  {
    HealProcess process(*world, world->ledger);
    process.start();
    process.turn();
    first = world->heal;
    process.start();
    process.turn();
  }
  ASSERT_NE(first, world->heal);
  std::vector<std::string> set_aside;
  const PlantedDefect planted(std::string("folding heal.repair_started"));
  HealProcess process(*world, world->ledger);
  process.runner().hooks.set_aside = [&](const std::string& stream, const Error& error) {
    set_aside.push_back(stream);
    EXPECT_THAT(error.message, HasSubstr("Autoheal itself is at fault in folding heal.repair_started"));
  };
  process.recover();
  process.run();
  EXPECT_THAT(set_aside, ::testing::ElementsAre(first));
  ASSERT_TRUE(process.last.has_value());
  EXPECT_EQ(process.last->phase(), Phase::complete);
  EXPECT_FALSE(process.runner().failure());
  EXPECT_EQ(world->ledger.open_streams()->front(), first);
}

// The loop's own last word: what cannot even be ended stays as the ledger has it, for a process that is mended.
TEST(Defect, InDecidingTwiceSetsTheHealAsideAndTheNextProcessGoesOn) {
  const auto world = make_world(heal_examples().front());
  std::vector<std::string> set_aside;
  {
    HealProcess process(*world, world->ledger);
    process.runner().hooks.set_aside = [&](const std::string& stream, const Error&) { set_aside.push_back(stream); };
    process.start();
    process.turn();
    const PlantedDefect planted(std::string("heal"));
    process.run();
    EXPECT_EQ(set_aside, std::vector<std::string>{world->heal});
    EXPECT_FALSE(process.runner().failure());
  }
  HealProcess next(*world, world->ledger);
  next.recover();
  next.run();
  ASSERT_TRUE(next.last.has_value());
  EXPECT_EQ(next.last->phase(), Phase::complete);
}

TEST(Defect, OfAProbeIsNoFailureOfItsEngine) {
  const auto world = make_world(heal_examples().front());
  HealMachine machine(*world, {world->spec});
  const PlantedDefect planted(std::string("probe"));
  const SelfTestState run = machine.self_test({{world->spec.name, {}}});
  EXPECT_EQ(run.tested.at(world->spec.name).outcome, TestOutcome::unknown);
  EXPECT_THAT(run.tested.at(world->spec.name).error, HasSubstr("Autoheal itself is at fault in probe"));
  EXPECT_TRUE(run.healed.empty());
  EXPECT_EQ(run.completed->status, "Failed");
}

TEST(Defect, IsToldWithoutWordsOfWhatWasRead) {
  const auto told = contained("reading", []() -> int { throw std::runtime_error("last read: PASSWORD=hunter2"); });
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(sentence_of(told.error()), "Autoheal itself is at fault in reading: std::runtime_error");
  const auto check = contained("checking", [] { AUTOHEAL_CHECK(1 == 2); });
  ASSERT_FALSE(check.has_value());
  EXPECT_THAT(check.error().what, HasSubstr("1 == 2 does not hold (heal/defect_test.cpp:"));
  EXPECT_THROW((void)contained("full", []() -> int { throw std::bad_alloc(); }), std::bad_alloc);
  EXPECT_FALSE(checks_are_contained());
}

// No exception is a stack overflow: what is too deep is refused before anything recurses.
TEST(Defect, IsNoneThatADocumentIsDeeperThanAnybodyWrites) {
  const auto repeated = [](const std::string& text, std::size_t count) {
    std::string all;
    for (std::size_t index = 0; index < count; ++index) all += text;
    return all;
  };
  for (const std::size_t depth : {std::size_t{1'000}, std::size_t{100'000}}) {
    SCOPED_TRACE(depth);
    for (const std::string open : {"[", "{\"a\":", "[{\"a\":"}) {
      const std::string text = repeated(open, depth);
      EXPECT_FALSE(set_setting(text, SettingsFormat::json, "/a", "1").has_value());
      EXPECT_FALSE(set_setting("{\"b\":" + text + "1", SettingsFormat::json, "/a", "1").has_value());
      EXPECT_FALSE(Heal::decode("heal.plan_recorded", 1, text).has_value());
      EXPECT_FALSE(decode_engine_spec(text).has_value());
    }
    for (const std::string open : {"[", "{a: ", "- ", "? ", "[{a: "})
      EXPECT_FALSE(set_setting(repeated(open, depth), SettingsFormat::yaml, "/a", "1").has_value());
    const std::string pattern = repeated("(", depth) + "a" + repeated(")", depth);
    (void)check_line_expression(pattern);
    EXPECT_TRUE(forbidden_in("a", {pattern}).has_value());
    EXPECT_FALSE(glob_matches(repeated("**/", depth) + "b", "a/c"));
  }
}

TEST(DefectDeathTest, OfTheLoopItselfStillEndsTheProcess) {
  EXPECT_DEATH(AUTOHEAL_CHECK(1 == 2), "1 == 2 does not hold");
}

}  // namespace
}  // namespace autoheal
