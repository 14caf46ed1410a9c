// Who listens where a probe asks, with real sockets of real processes: a stranger's is told by name, and what may be
// the service's own, or lead to it, is never taken for one.
#include "tools/host/probe/port_holder.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>

#include "tests/support/files/temporary_folder.hpp"
#include "tools/host/probe/listening_sockets.hpp"
#include "tools/host/system/process_table.hpp"

namespace autoheal::host {
namespace {

using ::testing::HasSubstr;
using workflows::PortFinding;
using workflows::PortHolder;

constexpr const char* mark_of_a_heal = "AUTOHEAL_EFFECT=ledger/heal/1/2";

struct Bound {
  int socket = -1;
  std::uint16_t port = 0;
};

// Listens at an address of IPv4 or IPv6; port 0: one that is free.
Bound listen_at(const std::string& address, std::uint16_t port = 0, bool shares = false) {
  const bool of_ipv6 = address.find(':') != std::string::npos;
  const int socket = ::socket(of_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  const int yes = 1, no = 0;
  if (shares) ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
  sockaddr_in ipv4{};
  sockaddr_in6 ipv6{};
  ipv4.sin_family = AF_INET;
  ipv6.sin6_family = AF_INET6;
  ipv4.sin_port = ipv6.sin6_port = htons(port);
  if (of_ipv6) {
    ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    ::inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr);
  } else {
    ::inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr);
  }
  auto* const where = of_ipv6 ? reinterpret_cast<sockaddr*>(&ipv6) : reinterpret_cast<sockaddr*>(&ipv4);
  socklen_t size = of_ipv6 ? sizeof ipv6 : sizeof ipv4;
  if (::bind(socket, where, size) != 0 || ::listen(socket, 8) != 0 || ::getsockname(socket, where, &size) != 0)
    return {};
  return {socket, ntohs(of_ipv6 ? ipv6.sin6_port : ipv4.sin_port)};
}

void listen_at_unix_socket() {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un nameless{};
  nameless.sun_family = AF_UNIX;
  (void)::bind(socket, reinterpret_cast<const sockaddr*>(&nameless), sizeof(sa_family_t));  // the kernel names it
  (void)::listen(socket, 8);
}

class PortHolderTest : public ::testing::Test {
 protected:
  struct Process {
    pid_t pid = 0;
    std::uint16_t port = 0;  // that it said it listens at
  };
  struct Told {
    std::uint16_t port = 0;
    pid_t pid = 0;  // of who goes on: it may have left its parents
  };

  void TearDown() override {
    for (const pid_t pid : processes_) ::kill(pid, SIGKILL);
    for (const pid_t pid : processes_) ::waitpid(pid, nullptr, 0);
  }

  // A process that does `work`, says at which port it listens, and stays; with a program, as that one.
  Process process(const std::function<std::uint16_t()>& work, const char* program = nullptr,
                  const char* variable = "X=y", bool leaves_parents = false) {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      if (leaves_parents && (::setsid() < 0 || ::fork() != 0)) ::_exit(0);
      const Told told{work(), ::getpid()};
      (void)!::write(pipe[1], &told, sizeof told);
      if (program != nullptr)
        ::execle(program, program, "1000", nullptr, std::array{variable, static_cast<const char*>(nullptr)}.data());
      while (true) ::pause();
    }
    if (leaves_parents) ::waitpid(child, nullptr, 0);
    ::close(pipe[1]);
    Told told;
    EXPECT_EQ(::read(pipe[0], &told, sizeof told), static_cast<ssize_t>(sizeof told));
    char none = 0;
    if (program != nullptr) {
      EXPECT_EQ(::read(pipe[0], &none, 1), 0) << "closed once the program runs";
    }
    ::close(pipe[0]);
    processes_.push_back(told.pid);
    return {told.pid, told.port};
  }
  Process listener(const std::string& address, std::uint16_t port = 0, bool shares = false) {
    const Process made = process([&] { return listen_at(address, port, shares).port; });
    EXPECT_NE(made.port, 0) << "nothing could listen at " << address;
    return made;
  }
  Process idle() {
    return process([] { return std::uint16_t{0}; });
  }
  static PortFinding holder(const Process& service, std::uint16_t port, const std::string& host = "127.0.0.1") {
    workflows::Probe probe;
    probe.name = "port";
    probe.what = workflows::TcpProbe{host, port};
    return find_port_holder(probe, service.pid);
  }
  static PortFinding holder_of_url(const Process& service, const std::string& url) {
    workflows::Probe probe;
    probe.name = "page";
    workflows::HttpProbe http;
    http.url = url;
    probe.what = http;
    return find_port_holder(probe, service.pid);
  }
  static bool has_ipv6() {
    const Bound tried = listen_at("::1");
    if (tried.socket >= 0) ::close(tried.socket);  // what is open here is inherited by every process of a test
    return tried.port != 0;
  }

  std::vector<pid_t> processes_;
  autoheal::testing::TemporaryFolder folder_;
};

TEST_F(PortHolderTest, AStrangerIsToldByNumberAndProgram) {
  const Process service = idle(), stranger = listener("127.0.0.1");
  const PortFinding found = holder(service, stranger.port);
  EXPECT_EQ(found.holder, PortHolder::stranger) << found.why;
  EXPECT_EQ(found.process, stranger.pid);
  EXPECT_EQ(found.program, std::filesystem::read_symlink("/proc/self/exe").filename());
  EXPECT_EQ(found.place, "127.0.0.1:" + std::to_string(stranger.port));
  EXPECT_THAT(sentence_of_stranger(found),
              HasSubstr("not held by the service but by process " + std::to_string(stranger.pid)));
}

TEST_F(PortHolderTest, TheServiceItselfHoldsIt) {
  const Process service = listener("127.0.0.1");
  const PortFinding found = holder(service, service.port);
  EXPECT_EQ(found.holder, PortHolder::service) << found.why;
  EXPECT_EQ(found.process, service.pid);
}

TEST_F(PortHolderTest, AWorkerOfTheServiceHoldsIt) {
  const Process service = process([] {
    std::array<int, 2> pipe{};
    (void)!::pipe(pipe.data());
    std::uint16_t port = 0;
    if (::fork() == 0) {
      port = listen_at("127.0.0.1").port;
      (void)!::write(pipe[1], &port, sizeof port);
      while (::getppid() != 1) ::pause();
    }
    (void)!::read(pipe[0], &port, sizeof port);
    return port;
  });
  const PortFinding found = holder(service, service.port);
  EXPECT_EQ(found.holder, PortHolder::service) << found.why;
  EXPECT_NE(found.process, service.pid);
  processes_.insert(processes_.begin(), static_cast<pid_t>(found.process));
}

TEST_F(PortHolderTest, WhatItInheritedFromItsStarterIsItsOwn) {
  const Bound inherited = listen_at("127.0.0.1");
  const Process service = idle(), without = process([&] {
                                    ::close(inherited.socket);
                                    return std::uint16_t{0};
                                  });
  EXPECT_EQ(holder(service, inherited.port).holder, PortHolder::service);
  ::kill(service.pid, SIGKILL);
  ::waitpid(service.pid, nullptr, 0);
  std::erase(processes_, service.pid);
  // As for a socket that starts its service at the first connection.
  const PortFinding found = holder(without, inherited.port);
  ::close(inherited.socket);
  EXPECT_EQ(found.holder, PortHolder::unknown);
  EXPECT_THAT(found.why, HasSubstr("started the service"));
}

TEST_F(PortHolderTest, AtAddressesOfIPv6) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  const Process service = idle(), stranger = listener("::1");
  EXPECT_EQ(holder(service, stranger.port, "::1").holder, PortHolder::stranger);
  EXPECT_EQ(holder(service, stranger.port, "localhost").holder, PortHolder::stranger);
  const PortFinding found = holder_of_url(service, "http://[::1]:" + std::to_string(stranger.port) + "/health");
  EXPECT_EQ(found.holder, PortHolder::stranger) << found.why;
  EXPECT_EQ(found.place, "[::1]:" + std::to_string(stranger.port));
  EXPECT_EQ(holder(stranger, stranger.port, "::1").holder, PortHolder::service);
}

TEST_F(PortHolderTest, OneSocketForBothFamilies) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  const Process service = idle(), both = listener("::");
  for (const char* host : {"127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "127.9.9.9"}) {
    EXPECT_EQ(holder(service, both.port, host).holder, PortHolder::stranger) << host;
    EXPECT_EQ(holder(both, both.port, host).holder, PortHolder::service) << host;
  }
  const Process mapped = listener("::ffff:127.0.0.1");
  EXPECT_EQ(holder(service, mapped.port).holder, PortHolder::stranger);
  EXPECT_EQ(holder(mapped, mapped.port).holder, PortHolder::service);
}

TEST_F(PortHolderTest, WhoNamesTheAddressComesBeforeWhoTakesAll) {
  const Process all = listener("0.0.0.0", 0, true), named = listener("127.0.0.1", all.port, true);
  EXPECT_EQ(holder(named, all.port).holder, PortHolder::service);
  const PortFinding taken = holder(all, all.port);
  EXPECT_EQ(taken.holder, PortHolder::stranger) << "it listens at the same port, and nobody gets there: " << taken.why;
  EXPECT_EQ(taken.process, named.pid);
  EXPECT_EQ(holder(all, all.port, "127.0.0.2").holder, PortHolder::service);
}

TEST_F(PortHolderTest, ASharedPortTellsNothing) {
  const Process service = listener("127.0.0.1", 0, true);
  (void)listener("127.0.0.1", service.port, true);
  const PortFinding found = holder(service, service.port);
  EXPECT_EQ(found.holder, PortHolder::unknown);
  EXPECT_THAT(found.why, HasSubstr("shares the port"));
}

TEST_F(PortHolderTest, AServiceThatListensElsewhereMayBeAskedThroughAProxy) {
  const Process proxy = listener("127.0.0.1");
  const Process by_tcp = listener("127.0.0.1"), by_unix_socket = process([] {
                                                  listen_at_unix_socket();
                                                  return std::uint16_t{0};
                                                });
  for (const Process& service : {by_tcp, by_unix_socket}) {
    const PortFinding found = holder(service, proxy.port);
    EXPECT_EQ(found.holder, PortHolder::unknown);
    EXPECT_EQ(found.process, proxy.pid) << "it is told all the same";
    EXPECT_THAT(found.why, HasSubstr("listens elsewhere"));
  }
}

TEST_F(PortHolderTest, ProgramsThatForwardAreNoStrangers) {
  const std::filesystem::path haproxy = folder_ / "haproxy";
  std::filesystem::copy_file("/bin/sleep", haproxy);
  const Process service = idle(), proxy = process([] { return listen_at("127.0.0.1").port; }, haproxy.c_str());
  const PortFinding found = holder(service, proxy.port);
  EXPECT_EQ(found.holder, PortHolder::unknown);
  EXPECT_EQ(found.program, "haproxy");
}

TEST_F(PortHolderTest, WhatIsNotOfThisMachineIsNotKnown) {
  const Process service = idle();
  EXPECT_THAT(holder(service, 80, "192.0.2.1").why, HasSubstr("no address of this machine"));
  EXPECT_THAT(holder(service, 80, "www.example.org").why, HasSubstr("names"));
  EXPECT_THAT(holder_of_url(service, "https://192.0.2.1/").why, HasSubstr("no address of this machine"));
  // A port that is taken, and at which nobody listens.
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  ASSERT_TRUE(::bind(taken, where, size) == 0 && ::getsockname(taken, where, &size) == 0);
  EXPECT_THAT(holder(service, ntohs(address.sin_port)).why, HasSubstr("no process"));
  ::close(taken);
}

TEST_F(PortHolderTest, AServiceWithoutAProcessIsNotKnown) {
  const Process stranger = listener("127.0.0.1");
  EXPECT_EQ(holder({0, 0}, stranger.port).holder, PortHolder::unknown);
  const Process ended = idle();
  ::kill(ended.pid, SIGKILL);
  ::waitpid(ended.pid, nullptr, 0);
  std::erase(processes_, ended.pid);
  EXPECT_THAT(holder(ended, stranger.port).why, HasSubstr("ended"));
}

TEST_F(PortHolderTest, OtherProbesAskAtNoPlace) {
  workflows::Probe probe;
  probe.what = workflows::ProcessProbe{"app.pid"};
  EXPECT_THAT(find_port_holder(probe, 1).why, HasSubstr("no place"));
}

TEST_F(PortHolderTest, WhatLeftItsParentsMayBeOfTheServiceUnlessItIsOlder) {
  const auto leaves = [&] { return process([] { return listen_at("127.0.0.1").port; }, nullptr, "X=y", true); };
  const Process older = leaves();
  if (read_process(older.pid)->parent != 1) GTEST_SKIP() << "somebody else than the first process gets orphans here";
  Process service = idle();
  while (read_process(service.pid)->started <= read_process(older.pid)->started) service = idle();  // by clock ticks
  EXPECT_EQ(holder(service, older.port).holder, PortHolder::stranger) << "what is left of the last run";
  const Process younger = leaves();
  EXPECT_EQ(holder(service, younger.port).holder, PortHolder::unknown);
}

TEST_F(PortHolderTest, TheMarkOfAHealTellsWhoBelongsToWhatItStarted) {
  const auto listens = [] { return listen_at("127.0.0.1").port; };
  const Process service = process([] { return std::uint16_t{0}; }, "/bin/sleep", mark_of_a_heal);
  const Process of_another = process(listens, "/bin/sleep", "AUTOHEAL_EFFECT=ledger/other/1/2", true);
  const PortFinding found = holder(service, of_another.port);
  EXPECT_EQ(found.holder, PortHolder::stranger) << found.why;
  EXPECT_EQ(found.program, std::filesystem::canonical("/bin/sleep").filename());
  const Process own = process(listens, "/bin/sleep", mark_of_a_heal, true);
  EXPECT_EQ(holder(service, own.port).holder, PortHolder::service);
}

TEST_F(PortHolderTest, AnotherNetworkIsNotKnown) {
  const Process stranger = listener("127.0.0.1");
  const Process service = process([] { return static_cast<std::uint16_t>(::unshare(CLONE_NEWNET) == 0 ? 1 : 0); });
  if (service.port == 0) GTEST_SKIP() << "no network of its own is allowed here";
  const PortFinding found = holder(service, stranger.port);
  EXPECT_EQ(found.holder, PortHolder::unknown);
  EXPECT_THAT(found.why, HasSubstr("network namespace"));
}

TEST_F(PortHolderTest, WithoutTheRightToLookItIsNotKnown) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs another user";
  const Process service = idle(), stranger = listener("127.0.0.1");
  const pid_t looker = ::fork();
  if (looker == 0) {
    constexpr unsigned nobody = 65534;
    if (::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0) ::_exit(9);
    const PortFinding found = holder(service, stranger.port);
    ::_exit(found.holder == PortHolder::unknown && found.why.find("no right") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ::waitpid(looker, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(ListeningSockets, LinesOfTheKernelAreRead) {
  const auto ipv4 = read_listening_socket(
      "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0");
  ASSERT_TRUE(ipv4);
  EXPECT_EQ(ipv4->at.port, 8080);
  EXPECT_EQ(ipv4->inode, 4711U);
  const auto loopback = numeric_address("127.0.0.1");
  ASSERT_TRUE(loopback);
  EXPECT_EQ(std::memcmp(&ipv4->at.address, &*loopback, sizeof *loopback), 0);
  const auto ipv6 = read_listening_socket(
      "   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 "
      "00:00000000 00000000     0        0 42 1 0 100 0");
  ASSERT_TRUE(ipv6);
  EXPECT_TRUE(ipv6->of_ipv6);
  EXPECT_TRUE(IN6_IS_ADDR_LOOPBACK(&ipv6->at.address));
  for (const char* line : {"", "  sl  local_address rem_address   st", "   1: 0100007F 0:0 0A 0 0 0 0 0 1",
                           "   1: 0100007F:1F90 0100007F:1F91 01 00000000:00000000 00:00000000 00000000 0 0 5 1",
                           "   1: XY00007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5 1"})
    EXPECT_FALSE(read_listening_socket(line)) << line;
}

}  // namespace
}  // namespace autoheal::host
