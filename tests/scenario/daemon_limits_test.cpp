// A daemon under more than it can take, and after a long time of it: what is too much is refused, what was accepted
// ends, and nothing stays behind.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/gate.hpp"
#include "tools/http/limits.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::size_t entries_of(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator all(folder);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class DaemonLimits : public ::testing::Test {
 protected:
  DaemonLimits() {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/A", "port = 8080\n");
    bridge_.write("run/.keep", "");
  }
  void engine_a(const std::string& more = "") const {
    bridge_.configure(file_engine(
        "A", "    healing: { max_heals_per_hour: 10000, cooldown: 0s, settle: 0s, fail_after: 1 }\n" + more));
  }
  // At one stroke, so that nobody sees half of it.
  void break_a() const {
    bridge_.write("next/A", "wrong\n");
    std::filesystem::rename(bridge_.path("next/A"), bridge_.path("etc/A"));
  }
  [[nodiscard]] std::filesystem::path of_process(const Daemon& daemon, const char* what) const {
    return "/proc/" + std::to_string(daemon.pid()) + "/" + what;
  }

  Bridge bridge_;
};

TEST_F(DaemonLimits, Case121_MoreRequestsThanItTakesAreRefusedAndTheOthersAllEnd) {
  engine_a("    certify: { tests: [ { name: gate, command: [tests/gate], timeout: 60s } ] }\n");
  Gate gate(bridge_);
  bridge_.script("tests/gate", std::string("touch run/waiting; ") + Gate::wait + "\n");
  const Daemon daemon(bridge_);
  daemon.expect_passes("A");
  bridge_.write("etc/A", "wrong\n");
  ASSERT_TRUE(eventually([&] { return bridge_.exists("run/waiting"); }));
  const std::size_t room = http::Limits().connections_per_uid;
  const std::string trigger = R"({"engine":"A","error":"I see it, too"})";
  std::atomic<std::size_t> healed = 0;
  std::vector<std::jthread> clients;
  for (std::size_t count = 0; count < room; ++count) {
    clients.emplace_back([&] { healed += daemon.ask("POST", "/v1/heal", trigger).status == 200 ? 1U : 0U; });
  }
  ASSERT_TRUE(eventually([&] { return daemon.count("heal.trigger_joined") == room; }));
  for (int count = 0; count < 1'000; ++count) {
    const auto refused = daemon.ask("POST", "/v1/heal", trigger);
    ASSERT_EQ(refused.status, 503U);
    ASSERT_THAT(refused.body, AllOf(HasSubstr("too_many_connections"), HasSubstr("try again in a second")));
  }
  const Ran person = bridge_.autoheal({"heal", "A", "--error", "x"});
  EXPECT_EQ(person.exit_code, 6) << person.err;
  EXPECT_THAT(person.err, HasSubstr("try again in a second"));
  EXPECT_EQ(daemon.count("heal.trigger_joined"), room) << "what is refused leaves nothing in the ledger";
  gate.open();
  clients.clear();
  EXPECT_EQ(healed, room);
  daemon.expect_count("heal.triggered", 1);
  daemon.expect_passes("A");
}

TEST_F(DaemonLimits, Case122_WithoutDescriptorsItWaitsAndThenGoesOn) {
  engine_a();
  const Daemon daemon(bridge_);
  daemon.expect_passes("A");
  rlimit before{};
  ASSERT_EQ(::prlimit(daemon.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  const rlimit none{3, before.rlim_max};
  ASSERT_EQ(::prlimit(daemon.pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  break_a();
  EXPECT_TRUE(eventually([&] { return daemon.count("selftest.engine_tested", "A") == 2; })) << daemon.said();
  EXPECT_THAT(daemon.entries("selftest.engine_tested", "A").back().data, HasSubstr("\"outcome\":\"unknown\""));
  EXPECT_EQ(daemon.count("heal.triggered"), 0U) << "nobody knows that it is broken";
  ASSERT_EQ(::prlimit(daemon.pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  daemon.inspect("A");
  daemon.expect_count("heal.completed", 1);
  daemon.expect_passes("A");
  EXPECT_EQ(bridge_.read("etc/A"), "port = 8080\n");
}

TEST_F(DaemonLimits, Case125_ManyHealsLeaveNothingBehind) {
  engine_a();
  Daemon daemon(bridge_);
  daemon.expect_passes("A");
  std::size_t heals = 0;
  const auto heal = [&](std::size_t count) {
    for (; count > 0; --count) {
      break_a();
      ASSERT_TRUE(eventually([&] { return daemon.count("heal.completed") == heals + 1; })) << daemon.said();
      ++heals;
    }
    daemon.expect_passes("A");
  };
  struct Held {
    std::size_t descriptors, threads, files, in_etc;
    std::uintmax_t log;
    auto operator<=>(const Held&) const = default;
  };
  const auto held = [&] {
    return Held{entries_of(of_process(daemon, "fd")), entries_of(of_process(daemon, "task")),
                entries_of(bridge_.path("var")), entries_of(bridge_.path("etc")),
                std::filesystem::file_size(bridge_.path("var/ledger.db-wal"))};
  };
  heal(5);
  EXPECT_TRUE(eventually([&] { return bridge_.exists("var/ledger.db.signed"); }));
  const Held early = held();
  heal(long_runs() ? 2'000 : 30);
  // A connection is closed after its answer, so before a later one's.
  for (int asked = 0; asked < 100 && held().descriptors > early.descriptors; ++asked)
    (void)daemon.ask("GET", "/v1/status");
  EXPECT_LE(held().descriptors, early.descriptors);
  const Held late = held();
  EXPECT_EQ(late.threads, early.threads);
  EXPECT_EQ(late.files, early.files);
  EXPECT_EQ(late.in_etc, early.in_etc);
  EXPECT_LE(late.log, 8U << 20U);
  // The displaced files are in the vault by then.
  EXPECT_TRUE(eventually([&] { return entries_of(bridge_.path(".autoheal")) == 1; })) << "the lock alone stays";
  daemon.stop();
}

// ---- frozen

TEST_F(DaemonLimits, Case116_FrozenItKeepsItsLedgerAndThawedItGoesOn) {
  engine_a();
  Daemon daemon(bridge_);
  daemon.expect_passes("A");
  daemon.freeze();
  bridge_.write("etc/A", "wrong\n");
  const std::size_t entries = daemon.count("node.started");
  for (const char* successor : {"serve", "resume"}) {
    const Ran refused = bridge_.autoheal({successor});
    EXPECT_EQ(refused.exit_code, 6) << successor << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("owns the ledger"));
  }
  Background client(bridge_.invocation({"heal", "A", "--error", "somebody sees it"}));
  EXPECT_EQ(daemon.count("node.started"), entries);
  EXPECT_EQ(daemon.count("heal.triggered"), 0U);
  daemon.thaw();
  EXPECT_EQ(client.wait(), 0) << daemon.said();
  daemon.expect_passes("A");
  EXPECT_EQ(bridge_.read("etc/A"), "port = 8080\n");
  daemon.stop();
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

}  // namespace
}  // namespace autoheal::testing
