// Entries and engines that our own writer did not make: refused, whatever numbers and levels they hold.
#include <gmock/gmock.h>

#include "autoheal/workflows/heal/heal_machine.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/supervision/self_test.hpp"

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
  const auto with_levels = [](std::size_t levels) {
    const std::string lists = std::string(levels - 1, '[') + "1" + std::string(levels - 1, ']');
    return Heal::decode("heal.completed", 1, R"({"attempts":1,"took_us":1,"more":)" + lists + "}");
  };
  EXPECT_TRUE(with_levels(255));
  EXPECT_FALSE(with_levels(256));
  EXPECT_FALSE(decode_engine_spec(deep));
}

TEST(HostileEntries, HoldNumbersThatDoNotFit) {
  for (const char* attempts : {"4294967296", "-1", "true", "\"1\"", "null", "18446744073709551615"}) {
    EXPECT_FALSE(Heal::decode("heal.completed", 1, R"({"took_us":1,"attempts":)" + std::string(attempts) + "}"))
        << attempts;
  }
  EXPECT_FALSE(Heal::decode("heal.completed", 1, R"({"attempts":1,"took_us":9223372036854775808})"));
  EXPECT_TRUE(Heal::decode("heal.completed", 1, R"({"attempts":4294967295,"took_us":-9223372036854775808})"));
}

TEST(HostileEntries, AreNoWholeDocument) {
  for (const char* text : {"", " ", "{", R"({"attempts":1,"took_us":1)", R"({"attempts":1,"took_us":1}})",
                           R"({"attempts":1,"took_us":1} {})", R"({"attempts":01,"took_us":1})",
                           R"({"attempts":1,"took_us":1,})", "[1,1]", "1", "null", R"({"attempts":1})"}) {
    EXPECT_FALSE(Heal::decode("heal.completed", 1, text)) << text;
  }
}

TEST(HostileEntries, HoldTextThatNobodyCouldWriteAgain) {
  const auto failed = [](const std::string& message) {
    return Heal::decode("heal.repair_failed", 1,
                        R"({"cause":"plan","message":")" + message + R"(","changes":[],"attempt":1})");
  };
  for (const char* text :
       {"\xff", "\xc3", "\xed\xa0\x80", "\\ud800", "\\udc00", "\\ud800\\ud800", "\\x", "\\u12", "\n"}) {
    EXPECT_FALSE(failed(text)) << text;
  }
  for (const char* text : {"\\u0000", "\\\\ud800", "\\ud83e\\ude79", "\xf0\x9f\xa9\xb9", "\\/\\b\\f\\n\\r\\t\\\""}) {
    EXPECT_TRUE(failed(text)) << text;
  }
}

TEST(HostileEntries, DoNotSpoilTheNextOne) {
  const std::string large =
      R"({"cause":"plan","message":")" + std::string(3'000'000, 'x') + R"(","changes":[],"attempt":1})";
  for (int round = 0; round < 3; ++round) {
    EXPECT_FALSE(Heal::decode("heal.completed", 1, R"({"attempts":)"));
    EXPECT_TRUE(Heal::decode("heal.repair_failed", 1, large));
    EXPECT_TRUE(Heal::decode("heal.completed", 1, R"({"attempts":1,"took_us":1})"));
  }
}

}  // namespace
}  // namespace autoheal::workflows
