// Heals that another version of the rules began: earlier ones are put back to the start of their attempt and go on by
// today's, later ones are left to the later program. Never a mixture.
#include <gmock/gmock.h>

#include "tests/support/examples/heal_examples.hpp"
#include "tests/support/worlds/heal_machine.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using engine::testing::CutLedger;
using engine::testing::CutMoment;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr unsigned earlier = Heal::version - 1, later = Heal::version + 1;
static_assert(earlier >= 1);

std::string heal_of(unsigned version) { return "heal/" + std::to_string(version); }
auto names_both_versions() {
  return AllOf(HasSubstr("version " + std::to_string(later)), HasSubstr("up to " + std::to_string(Heal::version)));
}

HealEntry said(const engine::Entry& entry) { return *Heal::decode(entry.type, entry.dataversion, entry.data); }

// The first entry that carries out or judges by other rules what was planned by some; empty where there is none.
std::string mixture(const std::vector<engine::Entry>& entries) {
  unsigned now = 0, planned = 0;
  for (const engine::Entry& entry : entries) {
    const HealEntry one = said(entry);
    if (const auto* begun = std::get_if<Triggered>(&one)) now = begun->version;
    if (const auto* resumed = std::get_if<Resumed>(&one); resumed != nullptr && resumed->version != 0)
      now = resumed->version;
    if (std::holds_alternative<PlanRecorded>(one)) planned = now;
    const bool goes_on = std::holds_alternative<ChangeIntended>(one) || std::holds_alternative<RepairFinished>(one) ||
                         std::holds_alternative<Certified>(one) || std::holds_alternative<CertificationRefused>(one);
    if (goes_on && planned != now)
      return entry.type + " by version " + std::to_string(now) + ", planned by " + std::to_string(planned);
  }
  return {};
}

// 0 where it was not certified: an undo that died ends a heal before its last attempt.
unsigned attempts_of(const engine::Entry& last) {
  const HealEntry one = said(last);
  const auto* completed = std::get_if<Completed>(&one);
  return completed == nullptr ? 0 : completed->attempts;
}

// The machine and the end are the same however often the program was replaced, without a mixture.
std::string end_of(const HealWorld& world) {
  const auto entries = world.ledger.read_stream(world.heal, 1);
  if (!entries || entries->empty()) return "no heal";
  return world.host.picture() + entries->back().type + " " + mixture(*entries);
}

std::string end_and_attempts_of(const HealWorld& world) {
  return end_of(world) + " after " + std::to_string(attempts_of(world.ledger.read_stream(world.heal, 1)->back()));
}

void recover_and_run(HealWorld& world, engine::Ledger& ledger) {
  HealProcess process(world, ledger);
  process.recover();
  if (world.heal.empty()) world.heal = ledger.read_all({}, 1)->entries.front().stream;
  process.run();
}

void begin_by_earlier_rules(HealWorld& world, std::size_t commits, CutMoment moment) {
  CutLedger cut(world.ledger, commits, moment);
  HealProcess process(world, cut);
  process.start(earlier);
  process.run();
}

class EveryRepairKindOfAnEarlierVersion : public ::testing::TestWithParam<HealExample> {};
INSTANTIATE_TEST_SUITE_P(HealVersions, EveryRepairKindOfAnEarlierVersion, ::testing::ValuesIn(heal_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(EveryRepairKindOfAnEarlierVersion, Case142_EndsTheSameByTodaysRulesWhereverItsProcessDied) {
  for (const int verdict : {0, 1}) {
    engine::testing::CrashScript script;
    script.make_world = [&]() -> std::shared_ptr<void> { return make_world(GetParam(), verdict); };
    script.ledger_of = [](void* world) -> engine::Ledger& { return static_cast<HealWorld*>(world)->ledger; };
    script.run = [](void* opaque, engine::Ledger& ledger, bool recovering) {
      auto& world = *static_cast<HealWorld*>(opaque);
      if (recovering) return recover_and_run(world, ledger);
      HealProcess process(world, ledger);
      process.start(earlier);
      process.run();
    };
    script.outcome = [](void* world) { return end_and_attempts_of(*static_cast<HealWorld*>(world)); };
    std::size_t commits = 0;
    for (const auto& difference : crash_at_every_append(script, commits)) {
      ADD_FAILURE() << "cut after commit " << difference.cut_after << ":\n"
                    << difference.actual << "\ninstead of\n"
                    << difference.expected;
    }
    EXPECT_GE(commits, 4U);
  }
}

TEST_P(EveryRepairKindOfAnEarlierVersion, Case142_DiesAgainAnywhereWhileItStartsOver) {
  const auto whole = make_world(GetParam());
  (void)heal(*whole);
  const std::string expected = end_of(*whole);
  for (std::size_t first = 1; first <= 4; ++first) {
    for (std::size_t second = 1; second <= 40; ++second) {
      const auto world = make_world(GetParam());
      begin_by_earlier_rules(*world, first, CutMoment::after_effects);
      CutLedger cut(world->ledger, second, second % 2 == 0 ? CutMoment::after_effects : CutMoment::before_effects);
      recover_and_run(*world, cut);
      const bool died = cut.commits() == second;
      recover_and_run(*world, world->ledger);
      ASSERT_EQ(end_of(*world), expected) << "cut after " << first << ", then after " << second;
      if (!died) break;
    }
  }
}

TEST(HealVersions, Case142_IsPutBackToTheStartOfItsLastAttemptAndNamesBoth) {
  const auto world = make_world(heal_examples().front());
  world->spec.healing.max_retries = 1;
  begin_by_earlier_rules(*world, 3, CutMoment::after_effects);  // while it was certified
  recover_and_run(*world, world->ledger);
  EXPECT_THAT(entry_types(*world),
              ElementsAre("triggered", "repair_started", "plan_recorded", "plan_certified", "repair_finished",
                          "certification_started", "resumed", "rollback_started", "undo_applied", "rolled_back",
                          "retry_scheduled", "repair_started", "plan_recorded", "plan_certified", "repair_finished",
                          "certification_started", "certified", "completed"));
  const auto entries = *world->ledger.read_stream(world->heal, 1);
  EXPECT_THAT(entries[0].data, HasSubstr("\"workflow\":\"" + heal_of(earlier) + '"'));
  EXPECT_EQ(entries[6].data, R"({"resumption":1,"workflow_before":")" + heal_of(earlier) + R"(","workflow":")" +
                                 heal_of(Heal::version) + R"(","attempt":1})");
  EXPECT_EQ(entries[6].dataversion, 2U) << "a program from before there was such a thing must not go on with it";
  EXPECT_EQ(entries[11].data, R"({"attempt":1})");
  EXPECT_EQ(attempts_of(entries.back()), 1U);
}

TEST(HealVersions, Case142_BeforeItsPlanNothingIsPutBack) {
  const auto world = make_world(heal_examples().front());
  begin_by_earlier_rules(*world, 1, CutMoment::after_effects);
  recover_and_run(*world, world->ledger);
  EXPECT_THAT(entry_types(*world),
              ElementsAre("triggered", "repair_started", "resumed", "plan_recorded", "plan_certified",
                          "repair_finished", "certification_started", "certified", "completed"));
}

TEST(HealVersions, OfTheSameVersionGoesOnWhereItWas) {
  const auto world = make_world(heal_examples().front());
  CutLedger cut(world->ledger, 3, CutMoment::after_effects);
  HealProcess first(*world, cut);
  first.start();
  first.run();
  recover_and_run(*world, world->ledger);
  EXPECT_THAT(entry_types(*world), Not(::testing::Contains("rollback_started")));
  EXPECT_EQ(world->ledger.read_stream(world->heal, 1)->at(6).data, R"({"resumption":1,"attempt":1})");
}

TEST(HealVersions, Case142_SwitchedOffMeanwhileItEndsInsteadOfStartingOver) {
  const auto world = make_world(heal_examples().front());
  const std::string before = world->host.picture();
  begin_by_earlier_rules(*world, 2, CutMoment::after_effects);
  world->policy.must_end = EndReason::disabled;
  recover_and_run(*world, world->ledger);
  EXPECT_EQ(world->host.picture(), before);
  EXPECT_THAT(world->ledger.read_stream(world->heal, 1)->back().data, HasSubstr(R"("reason":"disabled")"));
}

TEST(HealVersions, Case142_AnEditByOthersIsKeptAndEndsTheHeal) {
  const auto world = make_world(heal_examples().front());
  begin_by_earlier_rules(*world, 3, CutMoment::after_effects);
  world->host.write("etc/app.conf", "mine\n");
  recover_and_run(*world, world->ledger);
  EXPECT_EQ(world->host.content("etc/app.conf"), "mine\n");
  EXPECT_THAT(world->ledger.read_stream(world->heal, 1)->back().data, HasSubstr("rollback_incomplete"));
}

// A platform that knows a repetition by its key must not take the second start of an attempt for one.
TEST(HealVersions, Case142_TheSecondStartOfAnAttemptHasMarksOfItsOwn) {
  for (const HealExample& example : heal_examples()) {
    if (example.name != "platform") continue;
    const auto world = make_world(example);
    std::vector<std::string> keys;
    world->host.answer = [&keys, answer = world->host.answer](const HttpCall& call, const std::string& key) {
      keys.push_back(key.substr(key.find('/', key.find('/') + 1)));
      return answer(call, key);
    };
    begin_by_earlier_rules(*world, 3, CutMoment::before_effects);
    recover_and_run(*world, world->ledger);
    EXPECT_THAT(keys, ElementsAre("/1/1", "/1/1/undo", "/2/1"));
  }
}

struct SetAside {
  std::string stream;
  Error error;
};

std::vector<SetAside> recover_with_set_aside(HealWorld& world) {
  std::vector<SetAside> aside;
  HealProcess process(world, world.ledger);
  process.runner().hooks.set_aside = [&aside](const std::string& stream, const Error& error) {
    aside.push_back({stream, error});
  };
  process.recover();
  process.run();
  return aside;
}

TEST(HealVersions, Cases110And143_OneOfALaterVersionIsSetAsideUntouchedAndTheOthersGoOn) {
  HealWorld world;
  world.replays = false;
  std::string theirs;
  for (const unsigned version : {later, Heal::version}) {
    world.spec = broken_engine(world, version == later ? "Theirs" : "Ours");
    CutLedger cut(world.ledger, 1, CutMoment::after_effects);
    HealProcess process(world, cut);
    process.start(version);
    process.run();
    if (version == later) theirs = world.ledger.read_all({}, 1)->entries.front().stream;
  }
  const std::size_t before = world.ledger.read_stream(theirs, 1)->size();
  const auto aside = recover_with_set_aside(world);
  ASSERT_EQ(aside.size(), 1U);
  EXPECT_EQ(aside[0].stream, theirs);
  EXPECT_THAT(aside[0].error.message, names_both_versions());
  EXPECT_THAT(aside[0].error.hint, HasSubstr("later version of autoheal"));
  EXPECT_EQ(world.ledger.read_stream(theirs, 1)->size(), before);
  EXPECT_EQ(world.host.content("Theirs/app.conf"), "wrong");
  EXPECT_EQ(world.host.content("Ours/app.conf"), "right of Ours");
}

// The later program had taken it over; then the earlier one came back.
TEST(HealVersions, Case143_OneThatALaterVersionTookOverIsSetAside) {
  const auto read = [](const std::string& data, unsigned dataversion) {
    return Heal::decode("heal.resumed", dataversion, data);
  };
  const std::string taken_over =
      R"({"resumption":1,"workflow_before":"heal/2","workflow":")" + heal_of(later) + R"(","attempt":1})";
  EXPECT_THAT(read(taken_over, 2).error().message, names_both_versions());
  EXPECT_THAT(read(R"({"resumption":1,"attempt":1})", 3).error().message, HasSubstr("has data version 3"));
  for (const char* name : {"heal/0", "heal/", "heal/2x", "heal/-1", "selftest/1", "2"}) {
    const std::string data = R"({"resumption":1,"workflow_before":"heal/1","workflow":")" + std::string(name) + "\"}";
    EXPECT_EQ(read(data, 2).error().kind, ErrorKind::corrupt) << name;
  }
}

}  // namespace
}  // namespace autoheal
