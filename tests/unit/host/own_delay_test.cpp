// A time limit that passed while this process stood still, or a program that is just being written, says nothing of a
// service; one that hangs is failed all the same.
#include "tools/host/system/own_delay.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/unit/host/host_fixture.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using ::testing::HasSubstr;

constexpr Duration time_limit = std::chrono::seconds(1);
constexpr int frozen_for_ms = 2'500;

class OwnDelay : public HostTest {
 protected:
  ProbeResult look(const decltype(Probe::what)& what, Duration timeout = time_limit) {
    return host().probe(spec_, Probe{"probe", timeout, true, what}, mark_);
  }
  CommandProbe command(const std::string& text) {
    CommandProbe probe;
    probe.run = {{script("probe.sh", text).string()}, spec_.root, {}, {}, time_limit};
    return probe;
  }
  // The verdict of a process that is frozen from when it `began` to look until long after the time_limit.
  ProbeVerdict frozen(
      const decltype(Probe::what)& what, const std::function<bool()>& began,
      const std::function<void()>& meanwhile = [] {}) {
    const pid_t child = ::fork();
    if (child == 0) {
      const ProbeResult result = look(what);
      write("said", result.message);
      ::_exit(static_cast<int>(result.verdict));
    }
    while (!began() || !waits(child)) ::poll(nullptr, 0, 1);
    int status = 0;
    EXPECT_EQ(::kill(child, SIGSTOP), 0);
    EXPECT_EQ(::waitpid(child, &status, WUNTRACED), child);
    EXPECT_TRUE(WIFSTOPPED(status)) << "it was done before it could be frozen";
    meanwhile();
    ::poll(nullptr, 0, frozen_for_ms);
    ::kill(child, SIGCONT);
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    return static_cast<ProbeVerdict>(WEXITSTATUS(status));
  }
  // Its limit has begun: it waits for an event. True where the kernel does not tell.
  static bool waits(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/syscall");
    std::string call;
    if (!(file >> call)) return true;
    const std::vector<long> waiting = {SYS_ppoll, SYS_epoll_pwait,
#ifdef SYS_poll
                                       SYS_poll, SYS_epoll_wait
#endif
    };
    return std::ranges::any_of(waiting, [&](long number) { return call == std::to_string(number); });
  }
  std::function<bool()> there(const char* name) {
    return [path = root_ / name] { return std::filesystem::exists(path); };
  }
};

TEST_F(OwnDelay, OfACommandThatNobodyLookedAfterInTime) {
  EXPECT_EQ(frozen(command("touch began; sleep 60"), there("began")), ProbeVerdict::unknown) << read("said");
}

TEST_F(OwnDelay, OfACommandThatEndedMeanwhileItsWordCounts) {
  const auto waits = command("touch began; until [ -e go ]; do sleep 0.01; done; exit 0");
  EXPECT_EQ(frozen(waits, there("began"), [&] { write("go", ""); }), ProbeVerdict::pass);
}

TEST_F(OwnDelay, OfAConnectionThatNobodyLookedAfterInTime) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  HttpProbe http;
  http.url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  const auto connected = [&] {
    pollfd waits{listener.get(), POLLIN, 0};
    return ::poll(&waits, 1, 0) == 1;
  };
  EXPECT_EQ(frozen(http, connected), ProbeVerdict::unknown);
}

TEST_F(OwnDelay, OneThatHangsIsFailed) {
  const ProbeResult hung = look(command("sleep 60"));
  // Nobody promises that this machine has a processor for its tests.
  if (hung.message.find(no_processor) != std::string::npos) GTEST_SKIP() << hung.message;
  EXPECT_EQ(hung.verdict, ProbeVerdict::fail) << hung.message;
  EXPECT_THAT(hung.message, HasSubstr("time limit"));
}

TEST_F(OwnDelay, AProgramThatIsBeingWrittenIsNotTheServicesFault) {
  write("tool", "", 0755);
  std::filesystem::copy_file("/bin/true", root_ / "tool", std::filesystem::copy_options::overwrite_existing);
  std::filesystem::permissions(root_ / "tool", std::filesystem::perms(0755));
  CommandProbe probe;
  probe.run = {{(root_ / "tool").string()}, spec_.root, {}, {}, std::chrono::seconds(5)};
  UniqueFd writer(::open((root_ / "tool").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(writer);
  EXPECT_EQ(look(probe).verdict, ProbeVerdict::unknown);
  writer.reset();
  EXPECT_EQ(look(probe).verdict, ProbeVerdict::pass);
}

TEST_F(OwnDelay, AGoodPartIsMeasuredByTheLimit) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  EXPECT_FALSE(is_good_part(milliseconds(100), milliseconds(200)));
  EXPECT_TRUE(is_good_part(milliseconds(600), milliseconds(200)));
  EXPECT_FALSE(is_good_part(seconds(1), seconds(10)));
  EXPECT_TRUE(is_good_part(seconds(3), seconds(10)));
}

}  // namespace
}  // namespace autoheal::host
