// Notifications to a service manager, also if none listens.
#include "tools/host/service/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::host {
namespace {

// A service manager that listens; "@name" is a name in the abstract namespace.
class Listening {
 public:
  explicit Listening(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0) << name;
  }
  [[nodiscard]] std::string hears() const {
    std::array<char, 256> text{};
    const auto size = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  UniqueFd socket_;
};

TEST(ServiceManager, HearsEachWordThroughASocketInAFolder) {
  const autoheal::testing::TemporaryFolder folder;
  const std::string name = (folder / "notify").string();
  const Listening manager(name);
  const ServiceManager us(name);
  ASSERT_TRUE(us.tell("READY=1").has_value());
  ASSERT_TRUE(us.tell("WATCHDOG=1").has_value());
  EXPECT_EQ(manager.hears(), "READY=1");
  EXPECT_EQ(manager.hears(), "WATCHDOG=1");
  EXPECT_EQ(manager.hears(), "nothing");
}

TEST(ServiceManager, HearsThroughTheAbstractNamespace) {
  const std::string name = "@autoheal-test-" + std::to_string(::getpid());
  const Listening manager(name);
  ASSERT_TRUE(ServiceManager(name).tell("READY=1").has_value());
  EXPECT_EQ(manager.hears(), "READY=1");
}

TEST(ServiceManager, ThatDoesNotListenIsAnErrorAndNoneIsNot) {
  const autoheal::testing::TemporaryFolder folder;
  const auto told = ServiceManager((folder / "nobody").string()).tell("READY=1");
  ASSERT_FALSE(told.has_value());
  EXPECT_NE(told.error().message.find("READY=1"), std::string::npos) << told.error().message;
  EXPECT_TRUE(ServiceManager("").tell("READY=1").has_value());
  EXPECT_EQ(ServiceManager("relative").tell("READY=1").error().kind, ErrorKind::invalid);
  EXPECT_EQ(ServiceManager("/" + std::string(200, 'x')).tell("READY=1").error().kind, ErrorKind::invalid);
}

TEST(ServiceManager, ThatStopsReadingNeverBlocksUs) {
  const autoheal::testing::TemporaryFolder folder;
  const std::string name = (folder / "notify").string();
  const Listening manager(name);
  const ServiceManager us(name);
  bool refused = false;
  for (int word = 0; word < 10'000 && !refused; ++word) refused = !us.tell("WATCHDOG=1").has_value();
  EXPECT_TRUE(refused);
}

TEST(ServiceManager, IsKnownByTheEnvironment) {
  ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(ServiceManager::of_environment().watchdog(), std::chrono::seconds(30));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(ServiceManager::of_environment().watchdog(), std::chrono::seconds(30));
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceManager::of_environment().watchdog().has_value()) << "it watches another process";
  ::unsetenv("WATCHDOG_PID");
  for (const char* junk : {"", "-1", "0", "10s", "99999999999999999999999"}) {
    ::setenv("WATCHDOG_USEC", junk, 1);
    EXPECT_FALSE(ServiceManager::of_environment().watchdog().has_value()) << junk;
  }
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace autoheal::host
