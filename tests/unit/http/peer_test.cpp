// Who is connected: the kernel's word of the moment of connect(), and a login that is left out rather than guessed.
#include "tools/http/peer.hpp"

#include <fcntl.h>
#include <sys/wait.h>

#include <fstream>

#include "tests/unit/http/http_fixture.hpp"

namespace autoheal::http {
namespace {

class PeerTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    auto made = listen_at(path_);
    ASSERT_TRUE(made) << made.error().message;
    listening_ = std::move(*made);
  }
  // A child that does `before`, connects, and stays until its connection is closed, or ends at once.
  pid_t connecting_child(const std::function<bool()>& before, bool stays) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (!before()) ::_exit(77);
    const auto connected = connect_to(path_, {});
    char byte = 0;
    if (stays && connected) (void)!::read(connected->socket.get(), &byte, 1);
    ::_exit(connected ? 0 : 1);
  }
  [[nodiscard]] UniqueFd accepted() const {
    pollfd one{listening_.socket.get(), POLLIN, 0};
    EXPECT_GT(::poll(&one, 1, 20'000), 0);
    return UniqueFd(::accept4(listening_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  ListeningSocket listening_;
};

TEST_F(PeerTest, IsTheProcessThatConnected) {
  const auto client = connect_to(path_, {});
  ASSERT_TRUE(client);
  const auto peer = peer_of(accepted().get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_EQ(peer->gid, ::getegid());
  EXPECT_EQ(peer->pid, ::getpid());
  std::uint32_t loginuid = 0;
  std::ifstream("/proc/self/loginuid") >> loginuid;
  EXPECT_EQ(peer->loginuid.value_or(static_cast<std::uint32_t>(-1)), loginuid);
}

TEST_F(PeerTest, OneThatIsGoneHasItsUserButNoLogin) {
  const pid_t child = connecting_child([] { return true; }, false);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  const auto peer = peer_of(accepted().get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_EQ(peer->pid, child);
  EXPECT_FALSE(peer->loginuid);
}

TEST_F(PeerTest, TheLoginSurvivesAChangeOfUser) {
  const pid_t child = connecting_child(
      [] {
        const int file = ::open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
        return file >= 0 && ::write(file, "1234", 4) == 4 && ::setresuid(65534, 65534, 65534) == 0;
      },
      true);
  pollfd one{listening_.socket.get(), POLLIN, 0};
  int status = 0;
  while (::poll(&one, 1, 10) == 0) {
    if (::waitpid(child, &status, WNOHANG) != child) continue;
    GTEST_SKIP() << "this machine does not let a test set its login";
  }
  auto connection = accepted();
  const auto peer = peer_of(connection.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->uid, 65534U);
  EXPECT_EQ(peer->loginuid, 1234U);
  connection.reset();
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace autoheal::http
