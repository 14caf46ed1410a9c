// Sockets that a service manager passed are served where the configuration says so, or refused by name and place.
#include "tools/autoheal/daemon/passed_doors.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace autoheal::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class PassedDoorsTest : public ::testing::Test {
 protected:
  static UniqueFd bound(const void* address, socklen_t size, int family, int protocol = 0) {
    UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol));
    const int no = 0;
    if (family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (::bind(socket.get(), static_cast<const sockaddr*>(address), size) != 0 || ::listen(socket.get(), 1) != 0)
      return {};
    return socket;
  }
  static UniqueFd unix_socket() {
    const sa_family_t family = AF_UNIX;
    return bound(&family, sizeof family, AF_UNIX);
  }
  static UniqueFd on_ipv4(int protocol = 0) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bound(&address, sizeof address, AF_INET, protocol);
  }
  static UniqueFd on_ipv6(const in6_addr& host) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = host;
    return bound(&address, sizeof address, AF_INET6);
  }
  static http::TcpAddress address_of(const UniqueFd& socket) { return http::ends_of(socket.get())->local; }

  void pass(UniqueFd socket, const std::string& name = "api") { passed_.push_back({std::move(socket), name}); }
  Result<PassedDoors> doors(const std::vector<http::TcpAddress>& listen) {
    return doors_of(std::exchange(passed_, {}), listen);
  }
  std::string refusal(const std::vector<http::TcpAddress>& listen) {
    const auto found = doors(listen);
    if (found) return "served";
    EXPECT_EQ(found.error().kind, ErrorKind::invalid);
    return found.error().message;
  }
  std::vector<host::PassedSocket> passed_;
};

TEST_F(PassedDoorsTest, AreNoneWhereNoneWerePassed) {
  const auto found = doors({{"127.0.0.1", 80}});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->unix_socket);
  ASSERT_EQ(found->tcp.size(), 1U);
  EXPECT_FALSE(found->tcp.front()) << "the daemon listens there itself";
}

TEST_F(PassedDoorsTest, AreFoundByTheirPlaceInWhateverOrderAndName) {
  UniqueFd first = on_ipv4(), second = on_ipv4();
  const http::TcpAddress at_first = address_of(first), at_second = address_of(second);
  const int descriptor = second.get();
  pass(std::move(second), "web");
  pass(unix_socket(), "unknown");
  const auto found = doors({{"127.0.0.1", 1}, at_first, at_second});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->unix_socket);
  ASSERT_EQ(found->tcp.size(), 3U);
  EXPECT_FALSE(found->tcp[0]);
  EXPECT_FALSE(found->tcp[1]) << "nobody passed it";
  EXPECT_EQ(found->tcp[2].get(), descriptor);
  int value = 0;
  socklen_t size = sizeof value;
  ASSERT_EQ(::getsockopt(found->tcp[2].get(), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
  EXPECT_EQ(value, 1) << "its connections are as those of our own sockets";
}

TEST_F(PassedDoorsTest, WhatTheConfigurationDoesNotNameIsRefusedByNameAndPlace) {
  UniqueFd other = on_ipv4();
  const std::string descriptor = std::to_string(other.get()), place = http::text_of(address_of(other));
  const http::TcpAddress in_another_family{"::1", address_of(other).port};
  pass(std::move(other), "web");
  EXPECT_EQ(refusal({{"127.0.0.1", 1}, in_another_family}),
            "descriptor " + descriptor + " (web) listens at " + place + ", which `api.listen` does not name");
  pass(on_ipv4());
  EXPECT_THAT(refusal({}), EndsWith("which `api.listen` does not name"));
}

TEST_F(PassedDoorsTest, TwoForOnePlaceAreRefused) {
  UniqueFd one = on_ipv4();
  const http::TcpAddress place = address_of(one);
  pass(UniqueFd(::dup(one.get())));
  pass(std::move(one), "again");
  EXPECT_THAT(refusal({place}), HasSubstr("(again) is a second socket at " + http::text_of(place)));
  pass(unix_socket());
  pass(unix_socket(), "other");
  EXPECT_THAT(refusal({place}), EndsWith("(other) is a second Unix socket, and one is served"));
}

TEST_F(PassedDoorsTest, OneThatTakesMoreThanItsAddressSaysIsRefused) {
  UniqueFd loopback = on_ipv6(in6addr_loopback);
  if (!loopback) GTEST_SKIP() << "no IPv6 here";
  const http::TcpAddress at_loopback = address_of(loopback);
  pass(std::move(loopback));
  EXPECT_EQ(refusal({{"0:0:0::1", at_loopback.port}}), "served") << "nobody reaches it by IPv4";
  UniqueFd any = on_ipv6(in6addr_any);
  const http::TcpAddress at_any = address_of(any);
  const int yes = 1;
  pass(UniqueFd(::dup(any.get())));
  const auto both = doors({at_any});
  ASSERT_FALSE(both);
  EXPECT_THAT(both.error().message, EndsWith("that was passed takes IPv4, too"));
  EXPECT_THAT(both.error().hint, HasSubstr("BindIPv6Only=ipv6-only"));
  any.reset();
  UniqueFd six(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::setsockopt(six.get(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  ASSERT_EQ(::listen(six.get(), 1), 0);  // at a port of its own choice
  const http::TcpAddress at_six = address_of(six);
  pass(std::move(six));
  EXPECT_EQ(refusal({at_six}), "served");
}

TEST_F(PassedDoorsTest, WhatIsNotTcpIsRefused) {
  UniqueFd multipath = on_ipv4(IPPROTO_MPTCP);
  if (!multipath) GTEST_SKIP() << "no multipath TCP here";
  const http::TcpAddress place = address_of(multipath);
  pass(std::move(multipath));
  EXPECT_THAT(refusal({place}), EndsWith("that was passed is not TCP"));
}

}  // namespace
}  // namespace autoheal::cli
