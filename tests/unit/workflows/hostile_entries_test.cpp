// Entries and engines that our own writer did not make: refused, whatever numbers and levels they hold.
#include <gmock/gmock.h>

#include "workflows/engine_spec_codec.hpp"
#include "workflows/heal_machine.hpp"
#include "workflows/self_test.hpp"

namespace autoheal::workflows {
namespace {

TEST(HostileEntries, HoldNumbersThatAreNotWhole) {
  for (const std::string number : {"1.5", "1e3", "-0.0", "1.57778e+33", "99999999999999999999"}) {
    const std::string took = R"("took_us":)" + number + "}";
    const auto completed = Heal::decode("heal.completed", 1, R"({"attempts":1,)" + took);
    ASSERT_FALSE(completed) << number;
    EXPECT_EQ(completed.error().kind, ErrorKind::corrupt);
    EXPECT_THAT(completed.error().message, ::testing::HasSubstr("whole"));
    EXPECT_FALSE(SelfTest::decode("selftest.engine_tested", 1, R"({"engine":"A","outcome":"passed",)" + took));
    EngineSpec spec;
    std::string text = encode_engine_spec(spec);
    const std::string every = R"("every_us":0)";
    text.replace(text.find(every), every.size(), R"("every_us":)" + number);
    EXPECT_FALSE(decode_engine_spec(text)) << number;
  }
  EXPECT_TRUE(Heal::decode("heal.completed", 1, R"({"attempts":1,"took_us":9223372036854775807})"));
}

TEST(HostileEntries, AreNestedTooDeepToBeRead) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_FALSE(Heal::decode("heal.completed", 1, R"({"attempts":1,"took_us":1,"more":)" + deep + "}"));
  EXPECT_FALSE(SelfTest::decode("selftest.completed", 1, deep));
  EXPECT_FALSE(decode_engine_spec(deep));
}

}  // namespace
}  // namespace autoheal::workflows
