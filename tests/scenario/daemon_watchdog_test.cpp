// A daemon under a service manager: it says when it is ready, that it is alive, and that it ends; and what others see
// of one that stands still.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

// Hears what is sent to $NOTIFY_SOCKET; each word stays until it is asked for.
class Manager {
 public:
  explicit Manager(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << name;
  }
  // The next word; waits for it, at most 20 s. How it stands is told at moments of its own, and left out.
  [[nodiscard]] std::string next() const {
    std::string word = "STATUS=";
    while (word.starts_with("STATUS=")) word = next_of_any();
    return word;
  }

 private:
  [[nodiscard]] std::string next_of_any() const {
    std::array<char, 256> text{};
    pollfd waited{socket_.get(), POLLIN, 0};
    if (::poll(&waited, 1, 20'000) != 1) return "nothing";
    const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), 0);
    return std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  }

  UniqueFd socket_;
};

struct DaemonWatchdog : ::testing::Test {
  DaemonWatchdog() {
    bridge.write("baseline/app.conf", "port = 1\n");
    bridge.write("etc/A", "port = 1\n");
    bridge.configure(file_engine("A"));
  }
  Bridge bridge;
};

TEST_F(DaemonWatchdog, TellsItsManagerThatItIsReadyThenThatItIsAliveThenThatItEnds) {
  const Manager manager(bridge.path("notify"));
  Daemon daemon(bridge, {{"NOTIFY_SOCKET", bridge.path("notify")}, {"WATCHDOG_USEC", "400000"}});
  // The loop lives before it is ready.
  std::string word = manager.next();
  while (word == "WATCHDOG=1") word = manager.next();
  EXPECT_EQ(word, "READY=1");
  EXPECT_EQ(manager.next(), "WATCHDOG=1");
  EXPECT_EQ(manager.next(), "WATCHDOG=1");
  daemon.tell_to_stop();
  word = manager.next();
  while (word == "WATCHDOG=1") word = manager.next();
  EXPECT_EQ(word, "STOPPING=1");
  daemon.wait_for_the_end();
}

TEST_F(DaemonWatchdog, GoesOnWhereNobodyListensAndSaysSoOnce) {
  Daemon daemon(bridge, {{"NOTIFY_SOCKET", bridge.path("nobody")}, {"WATCHDOG_USEC", "40000"}});
  daemon.expect_passes("A");
  daemon.stop();
  const std::string said = daemon.said();
  const auto first = said.find("the service manager cannot be told");
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("the service manager cannot be told", first + 1), std::string::npos) << said;
}

TEST_F(DaemonWatchdog, DoctorSaysWhetherItAnswers) {
  Daemon daemon(bridge);
  daemon.expect_passes("A");
  const Ran well = bridge.autoheal({"doctor"});
  EXPECT_EQ(well.exit_code, 0) << well.out;
  EXPECT_NE(well.out.find("the daemon answers"), std::string::npos) << well.out;
  daemon.freeze();
  const Ran frozen = bridge.autoheal({"doctor"});
  EXPECT_EQ(frozen.exit_code, 1) << frozen.out;
  EXPECT_NE(frozen.out.find("the daemon does not answer"), std::string::npos) << frozen.out;
  daemon.thaw();
  daemon.stop();
  EXPECT_EQ(daemon.said().find("stood still"), std::string::npos) << "frozen as a whole, it is no stall of its loop";
}

}  // namespace
}  // namespace autoheal::testing
