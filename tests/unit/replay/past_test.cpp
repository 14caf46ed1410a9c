// Past heals: which histories are possible at all, and how a history reads.
#include <gmock/gmock.h>

#include "autoheal/replay/record/legal_paths.hpp"
#include "autoheal/replay/text/timeline.hpp"
#include "tests/support/examples/heal_examples.hpp"

namespace autoheal::replay {
namespace {

using namespace autoheal::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<engine::Entry> stream_of(const HealWorld& world) { return *world.ledger.read_stream(world.heal, 1); }

std::optional<std::string> first_fault(const std::vector<engine::Entry>& entries) {
  const LegalPaths rules;
  const auto path = rules.begin();
  for (const engine::Entry& entry : entries) {
    const auto kind = rules.kind_of(entry.type);
    if (!kind) continue;
    std::vector<store::JsonMember> members;
    EXPECT_EQ(store::json_problem(entry.data, &members), std::nullopt);
    if (auto fault = path->next({*kind, entry.type, members})) return fault;
  }
  return std::nullopt;
}

TEST(LegalPaths, EveryRealHealIsOne) {
  for (const HealExample& example : heal_examples()) {
    for (const int status : {0, 1}) {
      const auto world = make_world(example, status);
      (void)heal(*world);
      EXPECT_EQ(first_fault(stream_of(*world)), std::nullopt) << example.name;
    }
  }
}

TEST(LegalPaths, AnImpossibleHistoryIsToldWithItsEntry) {
  const auto world = make_world(heal_examples().front());
  (void)heal(*world);
  const auto whole = stream_of(*world);
  // Without any one of its entries (but the last) the rest no longer follows.
  for (std::size_t without = 0; without + 1 < whole.size(); ++without) {
    auto cut = whole;
    cut.erase(cut.begin() + static_cast<std::ptrdiff_t>(without));
    EXPECT_NE(first_fault(cut), std::nullopt) << "without " << whole[without].type;
  }
  auto twice = whole;
  twice.push_back(whole.back());
  EXPECT_NE(first_fault(twice), std::nullopt);
}

// `find` in the data of the first entry of `type` becomes `put`.
std::optional<std::string> fault_after(std::vector<engine::Entry> entries, const std::string& type,
                                       const std::string& find, const std::string& put) {
  for (engine::Entry& entry : entries) {
    const auto at = entry.data.find(find);
    if (entry.type != type || at == std::string::npos) continue;
    entry.data.replace(at, find.size(), put);
    return first_fault(entries);
  }
  return "there is no " + find + " in " + type;
}

TEST(LegalPaths, ACertificateIsOneOfItsHealAttemptConfigurationAndPlan) {
  const auto world = make_world(heal_examples().front());
  (void)heal(*world);
  const auto whole = stream_of(*world);
  EXPECT_THAT(*fault_after(whole, "heal.certified", R"("attempt":1)", R"("attempt":2)"),
              HasSubstr("of attempt 2, not 1"));
  EXPECT_THAT(*fault_after(whole, "heal.certified", R"("plan_digest":"sha256:)", R"("plan_digest":"sha256:0)"),
              HasSubstr("another plan"));
  EXPECT_THAT(*fault_after(whole, "heal.triggered", R"("configuration":")", R"("configuration":"x)"),
              HasSubstr("another configuration"));
}

TEST(LegalPaths, AnUnknownStepOfAHealFollowsNowhere) {
  const LegalPaths rules;
  EXPECT_EQ(rules.kind_of("heal.skipped"), std::nullopt);
  EXPECT_EQ(rules.kind_of("selftest.started"), std::nullopt);
  const auto kind = rules.kind_of("heal.enchanted");
  ASSERT_TRUE(kind);
  EXPECT_THAT(*rules.begin()->next({*kind, "heal.enchanted", {}}), HasSubstr("heal.enchanted may not follow"));
}

std::string page_of(const HealWorld& world) {
  const auto timeline = timeline_of(world.heal, world.ledger, world.blobs);
  EXPECT_TRUE(timeline) << timeline.error().message;
  std::string text;
  for (const TimelineLine& line : timeline->lines) {
    text += line.sentence + "\n";
    for (const std::string& detail : line.details) text += "  " + detail + "\n";
  }
  return text;
}

TEST(Timeline, ReadsAsWhatHappened) {
  const auto world = make_world(heal_examples().front());
  (void)heal(*world);
  EXPECT_THAT(page_of(*world), AllOf(HasSubstr("triggered for Sample by ops"), HasSubstr("plan of 1 change"),
                                     HasSubstr("etc/app.conf"), HasSubstr("mode 0666 -> 0640"),
                                     HasSubstr("test smoke[mode=fast] passes"), HasSubstr("Complete after 1 attempt")));
}

TEST(Timeline, SaysWhyARepairWasRefusedAndWhatWasPutBack) {
  const auto world = make_world(heal_examples().front(), 1);
  (void)heal(*world);
  EXPECT_THAT(page_of(*world), AllOf(HasSubstr("certification refused"), HasSubstr("test_matrix: smoke[mode=fast]"),
                                     HasSubstr("restored"), HasSubstr("Exhausted after 2 attempts")));
}

TEST(Timeline, NeverShowsASecret) {
  const auto world = make_world(heal_examples()[2]);
  (void)heal(*world);
  EXPECT_THAT(page_of(*world), AllOf(HasSubstr("DATABASE_URL"), ::testing::Not(HasSubstr("secret@db"))));
}

TEST(Timeline, OfNothingIsNotFound) {
  HealWorld world;
  const auto nothing = timeline_of("0190", world.ledger, world.blobs);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace autoheal::replay
