#include "tools/host/system/own_changes.hpp"

#include <gtest/gtest.h>

namespace autoheal::host {
namespace {

TEST(OwnChangesTest, KnowsWhatWasNotedLastAndNothingElse) {
  OwnChanges own;
  EXPECT_FALSE(own.is_ours("/a", 1, 2, 3));
  own.note("/a", 1, 2, 3);
  EXPECT_TRUE(own.is_ours("/a", 1, 2, 3));
  EXPECT_FALSE(own.is_ours("/a", 2, 2, 3));
  EXPECT_FALSE(own.is_ours("/a", 1, 3, 3));
  EXPECT_FALSE(own.is_ours("/a", 1, 2, 4));
  EXPECT_FALSE(own.is_ours("/b", 1, 2, 3));
  own.note("/a", 1, 5, 6);
  EXPECT_FALSE(own.is_ours("/a", 1, 2, 3));
  EXPECT_TRUE(own.is_ours("/a", 1, 5, 6));
}

TEST(OwnChangesTest, ForgetsTheOldestFirst) {
  OwnChanges own(2);
  own.note("/a", 1, 1, 1);
  own.note("/b", 1, 1, 1);
  own.note("/a", 1, 2, 2);
  own.note("/c", 1, 1, 1);
  EXPECT_FALSE(own.is_ours("/b", 1, 1, 1));
  EXPECT_TRUE(own.is_ours("/a", 1, 2, 2));
  EXPECT_TRUE(own.is_ours("/c", 1, 1, 1));
}

TEST(OwnChangesTest, IsUnderWayUntilTheLastEnds) {
  OwnChanges own;
  int told = 0;
  own.when_ended([&] { ++told; });
  {
    const OwnChangeUnderWay one(&own, "/a");
    const OwnChangeUnderWay two(&own, "/a");
    EXPECT_TRUE(own.under_way("/a"));
    own.end("/a");
    EXPECT_TRUE(own.under_way("/a"));
    own.begin("/a");
  }
  EXPECT_FALSE(own.under_way("/a"));
  EXPECT_EQ(told, 3);
}

}  // namespace
}  // namespace autoheal::host
