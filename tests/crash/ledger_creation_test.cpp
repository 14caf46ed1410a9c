// A process killed while it makes the ledger: whatever it left, the next one finds its way.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "tests/support/examples/repair_examples.hpp"

namespace autoheal::testing {
namespace {

// Reads until `wanted` events of the folder were seen, or the process has ended.
void wait_for_events(int watch, int wanted, pid_t process) {
  const int ending = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  ASSERT_GE(ending, 0);
  std::array<char, 4096> buffer{};
  while (wanted > 0) {
    std::array<pollfd, 2> waiting{{{watch, POLLIN, 0}, {ending, POLLIN, 0}}};
    ASSERT_GT(::poll(waiting.data(), waiting.size(), -1), 0);
    if ((waiting[0].revents & POLLIN) == 0) break;
    const ssize_t got = ::read(watch, buffer.data(), buffer.size());
    ASSERT_GT(got, 0);
    for (ssize_t at = 0; at < got; --wanted) {
      const auto* event =
          reinterpret_cast<const inotify_event*>(buffer.data() + at);  // NOLINT: the kernel's own layout
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  ::close(ending);
}

TEST(LedgerCreation, KilledAtAnyMomentLeavesNothingThatStopsTheNextProcess) {
  for (int events = 1; events <= (long_runs() ? 60 : 12); ++events) {
    SCOPED_TRACE(events);
    Bridge bridge;
    prepare(bridge, repair_examples().front());
    std::filesystem::create_directories(bridge.path("var"));
    const int watch = ::inotify_init1(IN_CLOEXEC);
    ASSERT_GE(::inotify_add_watch(watch, bridge.path("var").c_str(), IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE),
              0);
    {
      Background first(bridge.invocation({"selftest", "--no-heal"}));
      wait_for_events(watch, events, first.pid());
      first.send(SIGKILL);
      (void)first.wait();
    }
    ::close(watch);
    const Ran healed = bridge.autoheal({"heal", "Sample", "--error", "it is broken"});
    EXPECT_EQ(healed.exit_code, 0) << healed.out << healed.err;
    EXPECT_EQ(bridge.autoheal({"ledger", "verify"}).exit_code, 0);
  }
}

}  // namespace
}  // namespace autoheal::testing
