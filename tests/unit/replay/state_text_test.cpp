// Words for where a heal stood.
#include "autoheal/replay/decide/state_text.hpp"

#include <gtest/gtest.h>

namespace autoheal::replay {
namespace {

TEST(StateText, TellsTimesInThousandths) {
  EXPECT_EQ(seconds_text(Duration(0)), "0.000 s");
  EXPECT_EQ(seconds_text(Duration(12'345'678)), "12.345 s");
  EXPECT_EQ(seconds_text(Duration(7'000)), "0.007 s");
}

// An entry before another one in time: somebody set the clock back.
TEST(StateText, TellsTimesThatRanBackwards) {
  EXPECT_EQ(seconds_text(Duration(-500'000)), "-0.500 s");
  EXPECT_EQ(seconds_text(Duration(-61'002'000)), "-61.002 s");
}

}  // namespace
}  // namespace autoheal::replay
