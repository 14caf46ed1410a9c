// Public addresses may be called; every other one is refused by its reason unless it is listed.
#include <gmock/gmock.h>

#include "tools/outward/address_judge.hpp"

namespace autoheal::outward {
namespace {

using boost::asio::ip::make_address;
using ::testing::HasSubstr;

Result<void> check(const std::vector<std::string>& list, const char* where, std::string_view host = {}) {
  return AllowList::of(list)->check(make_address(where), host);
}

TEST(AddressJudge, PublicAddressesMayBeCalled) {
  for (const char* where : {"1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.15.0.1",
                            "172.32.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "2400:cb00::1"}) {
    EXPECT_EQ(special_use_of(make_address(where)), "") << where;
    EXPECT_TRUE(check({}, where)) << where;
  }
}

TEST(AddressJudge, Case126_NoOtherAddressIsCalledUnlessItIsListed) {
  const std::vector<std::pair<const char*, const char*>> refused = {
      {"127.0.0.1", "loopback"},
      {"127.255.255.254", "loopback"},
      {"0.0.0.0", "unspecified"},
      {"0.1.2.3", "unspecified"},
      {"169.254.169.254", "link-local"},
      {"169.254.0.1", "link-local"},
      {"10.0.0.1", "private"},
      {"172.16.0.1", "private"},
      {"172.31.255.255", "private"},
      {"192.168.1.1", "private"},
      {"100.64.0.1", "CGNAT"},
      {"100.127.255.255", "CGNAT"},
      {"192.0.0.8", "protocols"},
      {"192.0.2.1", "documentation"},
      {"198.51.100.1", "documentation"},
      {"203.0.113.1", "documentation"},
      {"198.18.0.1", "benchmarks"},
      {"192.88.99.1", "6to4"},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.1", "reserved"},
      {"255.255.255.255", "reserved"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"fe80::1", "link-local"},
      {"febf::1", "link-local"},
      {"fc00::1", "unique-local"},
      {"fd12:3456::1", "unique-local"},
      {"fec0::1", "site-local"},
      {"ff02::1", "multicast"},
      {"2001:db8::1", "documentation"},
      {"3fff::1", "documentation"},
      {"100::1", "discarded"},
      {"2001::1", "Teredo"},
      {"::ffff:8.8.8.8", "inside IPv6"},
      {"::8.8.8.8", "inside IPv6"},
      {"64:ff9b::808:808", "NAT64"},
      {"64:ff9b:1::808:808", "NAT64"},
      {"2002:808:808::1", "6to4"},
  };
  for (const auto& [where, why] : refused) {
    const auto judged = check({}, where);
    ASSERT_FALSE(judged) << where;
    EXPECT_EQ(judged.error().kind, ErrorKind::refused);
    EXPECT_THAT(judged.error().message, HasSubstr(why)) << where;
    EXPECT_TRUE(check({where}, where)) << where;
  }
}

TEST(AddressJudge, ANetworkIsListedByItsBits) {
  EXPECT_TRUE(check({"10.1.0.0/16"}, "10.1.255.255"));
  EXPECT_FALSE(check({"10.1.0.0/16"}, "10.2.0.0"));
  EXPECT_TRUE(check({"10.1.2.0/23"}, "10.1.3.4"));
  EXPECT_FALSE(check({"10.1.2.0/23"}, "10.1.4.0"));
  EXPECT_TRUE(check({"fd00::/8"}, "fdff::1"));
  EXPECT_FALSE(check({"0.0.0.0/0"}, "::1"));
}

// To list the network of a translation is not to list the addresses behind it.
TEST(AddressJudge, WhatAnAddressCarriesIsJudgedToo) {
  EXPECT_TRUE(check({"64:ff9b::/96"}, "64:ff9b::808:808"));
  const auto metadata = check({"64:ff9b::/96"}, "64:ff9b::a9fe:a9fe");
  ASSERT_FALSE(metadata);
  EXPECT_THAT(metadata.error().message, HasSubstr("169.254.169.254 is link-local"));
  EXPECT_FALSE(check({"::ffff:0:0/96"}, "::ffff:127.0.0.1"));
  EXPECT_TRUE(check({"::ffff:0:0/96", "127.0.0.1"}, "::ffff:127.0.0.1"));
  EXPECT_FALSE(check({"2002::/16"}, "2002:a00:1::1"));
}

TEST(AddressJudge, AListedNameStandsForItsSiteButNeverForTheMetadataService) {
  EXPECT_TRUE(check({"Hooks.Internal"}, "10.0.0.1", "hooks.internal."));
  EXPECT_TRUE(check({"localhost"}, "::1", "localhost"));
  EXPECT_TRUE(check({"hooks.internal"}, "fd00::1", "hooks.internal"));
  EXPECT_FALSE(check({"hooks.internal"}, "10.0.0.1", "other.internal"));
  EXPECT_FALSE(check({"hooks.internal"}, "169.254.169.254", "hooks.internal"));
  EXPECT_FALSE(check({"hooks.internal"}, "0.0.0.0", "hooks.internal"));
  EXPECT_FALSE(check({"hooks.internal"}, "ff02::1", "hooks.internal"));
}

TEST(AddressJudge, EntriesThatAreNeitherNetworkNorNameAreRefusedByName) {
  for (const char* entry :
       {"10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "::/129", "a/8", "*.internal", "", "a b", "fe80::1%eth0"}) {
    const auto list = AllowList::of({entry});
    ASSERT_FALSE(list) << entry;
    EXPECT_THAT(list.error().message, HasSubstr(entry));
  }
}

}  // namespace
}  // namespace autoheal::outward
