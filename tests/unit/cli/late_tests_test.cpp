#include "tools/autoheal/daemon/late_tests.hpp"

#include <gtest/gtest.h>

namespace autoheal::cli {
namespace {

using std::chrono::minutes;

TEST(LateTests, AreOneSentenceHoweverManyThereAre) {
  EXPECT_EQ(sentence_of({}), "");
  EXPECT_EQ(sentence_of({{"nginx", minutes(3), false}, {"db", minutes(12), true}}),
            "nginx should have been tested 3 min ago; the test of db has been running for 12 min");
  const std::vector<workflows::Watch::Late> many(1'000, {"E", minutes(5), false});
  EXPECT_EQ(sentence_of(many),
            "E should have been tested 5 min ago; E should have been tested 5 min ago; E should have been tested 5 min "
            "ago; 997 more are late");
}

}  // namespace
}  // namespace autoheal::cli
