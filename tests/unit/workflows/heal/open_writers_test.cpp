// When a file counts as being written, and what a heal does until it is.
#include "autoheal/workflows/effects/open_writers.hpp"

#include <gmock/gmock.h>

#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "tests/support/examples/heal_examples.hpp"

namespace autoheal::workflows {
namespace {

using namespace autoheal::testing;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

WritingFacts open_file(Duration unchanged) { return {true, true, false, unchanged}; }

TEST(OpenWriters, OpenIsNotWritingOnceItIsQuiet) {
  EXPECT_EQ(writing_of(open_file(milliseconds(1999)), OpenWriters::swap, {}), Writing::yes);
  EXPECT_EQ(writing_of(open_file(seconds(2)), OpenWriters::swap, {}), Writing::no);
  EXPECT_EQ(writing_of(open_file(milliseconds(5)), OpenWriters::refuse, {}), Writing::yes);
  EXPECT_EQ(writing_of(open_file(seconds(2)), OpenWriters::refuse, {}), Writing::no);
  EXPECT_EQ(writing_of(open_file(std::chrono::hours(9)), OpenWriters::wait, {}), Writing::yes);
}

TEST(OpenWriters, WhatIsClosedIsWrittenUnlessItIsEmptyOrGoneSinceAMoment) {
  EXPECT_EQ(writing_of({true, false, false, Duration{0}}, OpenWriters::swap, {}), Writing::no);
  EXPECT_EQ(writing_of({true, false, true, milliseconds(999)}, OpenWriters::swap, {}), Writing::settling);
  EXPECT_EQ(writing_of({true, false, true, seconds(1)}, OpenWriters::wait, {}), Writing::no);
  EXPECT_EQ(writing_of({false, false, false, Duration{0}}, OpenWriters::swap, {}), Writing::no);
  EXPECT_EQ(writing_of({false, false, false, milliseconds(999)}, OpenWriters::swap, {true, {}}), Writing::settling);
  EXPECT_EQ(writing_of({false, false, false, seconds(1)}, OpenWriters::swap, {true, {}}), Writing::no);
}

TEST(OpenWriters, WhatChangedWhileItWasTestedSaysNothing) {
  EXPECT_EQ(writing_of({true, false, false, milliseconds(5)}, OpenWriters::swap, {false, milliseconds(9)}),
            Writing::changed);
  EXPECT_EQ(writing_of({true, false, false, milliseconds(9)}, OpenWriters::swap, {false, milliseconds(9)}),
            Writing::no);
}

TEST(OpenWriters, TheSentenceNamesWhoIsKnown) {
  const FileInWriting emptied{"a", Writing::settling, {}}, written{"b", Writing::yes, "pid 7 (vim)"};
  EXPECT_EQ(sentence_of(std::vector<FileInWriting>{}), "");
  EXPECT_EQ(sentence_of({emptied}), "a was emptied or moved away a moment ago");
  EXPECT_EQ(sentence_of({emptied, written}), "b is being written by pid 7 (vim), and 1 more");
  EXPECT_EQ(state_of({}), Writing::no);
  EXPECT_EQ(state_of({emptied}), Writing::settling);
  EXPECT_EQ(state_of({emptied, written}), Writing::yes);
  EXPECT_FALSE(waited_enough(Writing::yes, std::chrono::hours(1)));
  EXPECT_TRUE(waited_enough(Writing::settling, quiet_after));
  EXPECT_TRUE(waited_enough(Writing::changed, longest_wait_for_writers));
}

TEST(OpenWriters, OnlyFilesWhoseContentIsDeclaredAreWaitedFor) {
  EngineSpec spec;
  FileProbe mode_alone{"logs/app.log", {}, {}, {}, 0640, {}};
  FileProbe content{"etc/app.conf", "baseline", "sha256:1", {}, {}, {}};
  FileProbe there{"etc/there", {}, {}, {}, {}, {}};
  spec.self_test = {probe("a", mode_alone), probe("b", content), probe("c", there),
                    probe("d", EnvProbe{".env", {}, {}})};
  PolicyRepair dressed, cleaned;
  dressed.path = "logs/other.log";
  dressed.max_mode = 0640;
  cleaned.path = "etc/rules";
  cleaned.forbid = {"x"};
  spec.repair.policy = {dressed, cleaned};
  SettingsRepair settings;
  settings.file = "etc/app.json";
  spec.repair.settings = {settings};
  EXPECT_THAT(paths_with_content(spec), ElementsAre(".env", "etc/app.conf", "etc/app.json", "etc/rules", "etc/there"));
}

TEST(OpenWriters, TheRuleIsStoredOnlyWhereItIsNotTheUsualOne) {
  EngineSpec spec;
  EXPECT_EQ(encode_engine_spec(spec).find("open_writers"), std::string::npos);
  for (const OpenWriters rule : {OpenWriters::swap, OpenWriters::wait, OpenWriters::refuse}) {
    spec.healing.open_writers = rule;
    const auto read = decode_engine_spec(encode_engine_spec(spec));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, spec);
  }
  std::string unknown = encode_engine_spec(spec);
  unknown.replace(unknown.find("\"refuse\""), 8, "\"later\"");
  EXPECT_FALSE(decode_engine_spec(unknown));
}

HealWorld& prepared(HealWorld& world) {
  for (const HealExample& example : heal_examples()) {
    if (example.name == "files") example.prepare(world);
  }
  return world;
}

TEST(OpenWriters, AHealWaitsForWhoeverWritesAndEndsWithoutAChangeIfItIsGoodThen) {
  HealWorld world;
  prepared(world);
  unsigned asked = 0;
  world.host.writing = [&](const WritingQuestion&) -> std::vector<FileInWriting> {
    if (++asked == 5) world.host.write("etc/app.conf", "port = 8080\n", 0640);
    if (asked >= 5) return {};
    return {{"etc/app.conf", Writing::yes, "pid 7 (vim)"}};
  };
  const auto before = world.clock.since_boot();
  const HealState ended = heal(world);
  EXPECT_EQ(ended.phase(), Phase::complete);
  EXPECT_EQ(world.clock.since_boot() - before, look_at_writers_every * 4);
  EXPECT_TRUE(ended.plan()->changes.empty());
  EXPECT_EQ(world.host.content("etc/app.conf"), "port = 8080\n");
}

TEST(OpenWriters, AHealRepairsWhatIsBadOnceItIsWritten) {
  HealWorld world;
  prepared(world);
  unsigned asked = 0;
  world.host.writing = [&](const WritingQuestion&) -> std::vector<FileInWriting> {
    if (++asked >= 3) return {};
    return {{"etc/app.conf", Writing::yes, "pid 7 (vim)"}};
  };
  const HealState ended = heal(world);
  EXPECT_EQ(ended.phase(), Phase::complete);
  EXPECT_EQ(ended.plan()->changes.size(), 1U);
}

TEST(OpenWriters, WhoWritesWithoutEndIsNamedAndNothingIsChanged) {
  HealWorld world;
  prepared(world);
  world.spec.healing.max_retries = 1;
  const std::string before = world.host.picture();
  world.host.writing = [](const WritingQuestion&) -> std::vector<FileInWriting> {
    return {{"etc/app.conf", Writing::yes, "pid 7 (dd)"}};
  };
  const HealState ended = heal(world);
  EXPECT_EQ(ended.phase(), Phase::exhausted);
  EXPECT_THAT(ended.so_far.last_problem, HasSubstr("etc/app.conf is being written by pid 7 (dd)"));
  EXPECT_EQ(world.host.picture(), before);
}

}  // namespace
}  // namespace autoheal::workflows
