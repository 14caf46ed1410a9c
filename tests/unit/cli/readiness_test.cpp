// The answer to "are you ready", short and at length.
#include "tools/autoheal/daemon/readiness.hpp"

#include <gtest/gtest.h>

namespace autoheal::cli {
namespace {

TEST(Readiness, IsGivenWhereEveryCheckHolds) {
  const std::vector<ReadinessCheck> fine = {{"recovered", ""}, {"ledger_writable", ""}};
  EXPECT_TRUE(is_ready(fine));
  EXPECT_EQ(readiness_json(fine, false), R"({"ready":true})");
  EXPECT_EQ(readiness_json(fine, true),
            R"({"ready":true,"checks":[{"check":"recovered","ok":true},{"check":"ledger_writable","ok":true}]})");
}

TEST(Readiness, NamesTheProblemOnlyAtLength) {
  const std::vector<ReadinessCheck> full = {{"recovered", ""}, {"ledger_writable", "no space left"}};
  EXPECT_FALSE(is_ready(full));
  EXPECT_EQ(readiness_json(full, false), R"({"ready":false})");
  EXPECT_EQ(readiness_json(full, true), R"({"ready":false,"checks":[{"check":"recovered","ok":true},)"
                                        R"({"check":"ledger_writable","ok":false,"problem":"no space left"}]})");
}

}  // namespace
}  // namespace autoheal::cli
