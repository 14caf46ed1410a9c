// The limits of clients where a daemon may open few descriptors.
#include "tools/http/limits.hpp"

#include <gtest/gtest.h>

namespace autoheal::http {
namespace {

constexpr std::size_t servers = 2;

std::uint64_t of_all_clients(const Limits& limits) { return servers * (limits.connections + limits.streams); }

TEST(LimitsWithin, AreTheUsualOnesWhereThereIsRoom) {
  const Limits usual, limits = limits_within(16'384, servers);
  EXPECT_EQ(limits.connections, usual.connections);
  EXPECT_EQ(limits.connections_per_uid, usual.connections_per_uid);
  EXPECT_EQ(limits.streams, usual.streams);
  EXPECT_EQ(limits.streams_per_uid, usual.streams_per_uid);
}

TEST(LimitsWithin, LeaveAHealItsDescriptors) {
  for (const std::uint64_t descriptors : {16U, 64U, 256U, 1'024U, 2'048U, 4'096U, 65'536U}) {
    const Limits limits = limits_within(descriptors, servers);
    EXPECT_LE(of_all_clients(limits), descriptors - std::min<std::uint64_t>(1'024, descriptors / 2)) << descriptors;
    EXPECT_GE(limits.connections, 1U) << descriptors;
  }
}

TEST(LimitsWithin, KeepOneUserFromTakingAll) {
  for (const std::uint64_t descriptors : {256U, 1'024U, 4'096U}) {
    const Limits limits = limits_within(descriptors, servers);
    EXPECT_LE(limits.connections_per_uid, limits.connections / 2) << descriptors;
    EXPECT_LT(limits.streams_per_uid, limits.streams) << descriptors;
    EXPECT_GE(limits.streams_per_uid, 1U) << descriptors;
  }
}

}  // namespace
}  // namespace autoheal::http
