// Every repair kind, broken for real and healed by the real program; and refused, with everything as it was before.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/support/examples/repair_examples.hpp"

namespace autoheal::testing {
namespace {

class RepairKind : public ::testing::TestWithParam<RepairExample> {
 protected:
  Bridge bridge_;
};
INSTANTIATE_TEST_SUITE_P(Program, RepairKind, ::testing::ValuesIn(repair_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(RepairKind, IsHealedAndSaysSo) {
  prepare(bridge_, GetParam());
  const Ran healed = bridge_.autoheal({"heal", "Sample", "--error", "it is broken", "-o", "json"});
  ASSERT_EQ(healed.exit_code, 0) << healed.out << healed.err << bridge_.autoheal({"show", "last"}).out;
  const std::regex exact(
      R"~(\{"engine":"Sample","action":"repair_patch_applied","result":"✅ certified","strategy":"(arie|chimera|cascade|generic)","attempts":1,)~"
      R"~("duration_seconds":[0-9]+\.[0-9]{3},"heal_id":"[0-9a-f-]{36}"\}\n)~");
  EXPECT_TRUE(std::regex_match(healed.out, exact)) << healed.out;
  GetParam().is_healed(bridge_);
  EXPECT_EQ(bridge_.autoheal({"selftest", "--no-heal"}).exit_code, 0);
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

TEST_P(RepairKind, IsAsBeforeWhenCertificationRefuses) {
  prepare(bridge_, GetParam());
  bridge_.write("refuse", "");
  const std::string before = bridge_.picture();
  const Ran refused = bridge_.autoheal({"heal", "Sample", "--error", "it is broken", "-o", "json"});
  EXPECT_EQ(refused.exit_code, 1) << refused.out << refused.err;
  const auto result = nlohmann::json::parse(refused.out);
  EXPECT_EQ(result.at("action"), "auto_heal_exhausted");
  EXPECT_EQ(result.at("attempts"), 2);
  EXPECT_EQ(bridge_.picture(), before) << bridge_.autoheal({"show", "last"}).out;
  const auto exhausted = bridge_.entries("heal.exhausted");
  ASSERT_EQ(exhausted.size(), 1U);
  EXPECT_THAT(exhausted.front(), ::testing::HasSubstr("\"attempts_exhausted\""))
      << bridge_.autoheal({"show", "last"}).out;
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

using ServiceTest = RepairKind;
INSTANTIATE_TEST_SUITE_P(Services, ServiceTest, ::testing::ValuesIn(service_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(ServiceTest, RunsOnTheRestoredConfigurationAfterARefusal) {
  prepare(bridge_, GetParam());
  const bool ran_before = bridge_.exists("run/app.pid");
  bridge_.write("refuse", "");
  EXPECT_EQ(bridge_.autoheal({"heal", "Sample", "--error", "it is broken"}).exit_code, 1);
  EXPECT_EQ(bridge_.exists("run/app.pid"), ran_before);
  EXPECT_EQ(bridge_.read("run/loaded"), ran_before ? "port = broken\n" : "");
}

}  // namespace
}  // namespace autoheal::testing
