// Sockets that a service manager passes: taken where all is as it says, else refused by name.
#include "tools/host/service/passed_sockets.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>

namespace autoheal::host {
namespace {

using ::testing::HasSubstr;

constexpr pid_t self = 4711;

// Two listening sockets with one number after the other, as a manager passes them.
class PassedSockets : public ::testing::Test {
 protected:
  static UniqueFd listening() {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    const sockaddr_un anonymous{.sun_family = AF_UNIX, .sun_path = {}};
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&anonymous), sizeof(sa_family_t)), 0);
    EXPECT_EQ(::listen(socket.get(), 1), 0);
    return socket;
  }
  static void place(int number, const UniqueFd& socket) { ASSERT_EQ(::dup2(socket.get(), number), number); }
  void SetUp() override {
    place(first_, listening());
    place(first_ + 1, listening());
  }
  void TearDown() override {
    ::close(first_);
    ::close(first_ + 1);
  }
  static SocketVariables variables(const char* count, std::optional<std::string> names = std::nullopt) {
    return {std::to_string(self), count, std::move(names)};
  }
  [[nodiscard]] std::string refusal(const SocketVariables& given) const {
    const auto taken = passed_sockets(given, self, first_);
    if (taken) return "taken";
    EXPECT_EQ(taken.error().kind, ErrorKind::invalid);
    EXPECT_GE(::fcntl(first_, F_GETFD), 0) << "it is not ours to close";
    return taken.error().message;
  }
  const int first_ = 700;
};

TEST_F(PassedSockets, AreTakenInTheirOrderWithTheirNames) {
  auto taken = passed_sockets(variables("2", "api:other"), self, first_);
  ASSERT_TRUE(taken) << taken.error().message;
  ASSERT_EQ(taken->size(), 2U);
  EXPECT_EQ((*taken)[0].name, "api");
  EXPECT_EQ((*taken)[1].name, "other");
  EXPECT_EQ((*taken)[0].socket.get(), first_);
  for (const PassedSocket& one : *taken) {
    EXPECT_EQ(::fcntl(one.socket.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_NE(::fcntl(one.socket.get(), F_GETFL) & O_NONBLOCK, 0);
  }
  auto unnamed = passed_sockets(variables("1"), self, first_);
  ASSERT_TRUE(unnamed);
  EXPECT_EQ(unnamed->front().name, "unknown");
}

TEST_F(PassedSockets, AreNoneWithoutVariablesOrWhereTheyAreForAnother) {
  EXPECT_TRUE(passed_sockets({}, self, first_)->empty());
  EXPECT_TRUE(passed_sockets({"4712", "2", "a:b"}, self, first_)->empty());
  EXPECT_TRUE(passed_sockets(variables("0"), self, first_)->empty());
  EXPECT_EQ(::fcntl(first_, F_GETFD), 0) << "nobody touched it";
}

TEST_F(PassedSockets, AreRefusedWhereVariablesContradictEachOther) {
  for (const char* count : {"", "x", "-1", "2x", " 2", "17", "99999999999999999999"})
    EXPECT_THAT(refusal(variables(count)), HasSubstr("LISTEN_FDS is no number")) << count;
  for (const char* process : {"", "0", "-4711", "4711 ", "x"})
    EXPECT_THAT(refusal({process, "1", {}}), HasSubstr("LISTEN_PID is no process")) << process;
  EXPECT_THAT(refusal({std::nullopt, "1", {}}), HasSubstr("only one of"));
  EXPECT_THAT(refusal({"4711", std::nullopt, {}}), HasSubstr("only one of"));
  EXPECT_EQ(refusal(variables("2", "api")), "LISTEN_FDNAMES has 1 name for 2 sockets");
  EXPECT_THAT(refusal(variables("1", "a:b")), HasSubstr("2 names for 1 socket"));
  for (const std::string& names : {std::string(":b"), std::string("a\n:b"), std::string(256, 'a') + ":b"})
    EXPECT_THAT(refusal(variables("2", names)), HasSubstr("no name"));
}

TEST_F(PassedSockets, AreRefusedAllTogetherWhereOneDoesNotListen) {
  place(first_ + 1, UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  EXPECT_EQ(refusal(variables("2")), "descriptor 701 is no stream socket");
  place(first_ + 1, UniqueFd(::socket(AF_UNIX, SOCK_DGRAM, 0)));
  EXPECT_EQ(refusal(variables("2")), "descriptor 701 is no stream socket");
  place(first_ + 1, UniqueFd(::socket(AF_UNIX, SOCK_STREAM, 0)));
  EXPECT_THAT(refusal(variables("2")), HasSubstr("descriptor 701 does not listen"));
  ::close(first_ + 1);
  EXPECT_EQ(refusal(variables("2")), "descriptor 701 is not open");
  EXPECT_EQ(::fcntl(first_, F_GETFD), 0) << "the first is as it was";
}

TEST_F(PassedSockets, VariablesAreTakenOutOfTheEnvironment) {
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::setenv(name, "7", 1);
  const SocketVariables taken = take_socket_variables();
  EXPECT_EQ(taken.process, "7");
  EXPECT_EQ(taken.count, "7");
  EXPECT_EQ(taken.names, "7");
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) EXPECT_EQ(::getenv(name), nullptr) << name;
  EXPECT_FALSE(take_socket_variables().process);
}

}  // namespace
}  // namespace autoheal::host
