// A daemon killed in the middle of its heals: the next one finishes them, each once, and watches on.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/gate.hpp"

namespace autoheal::testing {
namespace {

TEST(KilledDaemon, OpenHealsAreFinishedByTheNextAndWatchedOn) {
  const Bridge bridge;
  bridge.write("baseline/app.conf", "port = 8080\n");
  bridge.write("run/.keep", "");
  Gate gate(bridge);
  bridge.script("tests/gate", std::string("echo $$ >> run/waiting; ") + Gate::wait + "\n");
  std::string engines;
  // Fewer slots than heals: some wait in Triggered when it dies.
  for (const char* name : {"A", "B", "C", "D"}) {
    bridge.write(std::string("etc/") + name, "wrong");
    engines += file_engine(name, "    certify: { tests: [ { name: gate, command: [tests/gate], timeout: 30s } ] }\n");
  }
  bridge.write("autoheal.yaml", "version: 1\nhealing: { retry_delay: 0, max_concurrent: 2 }\nengines:\n" + engines);
  {
    Daemon daemon(bridge);
    EXPECT_TRUE(eventually([&] { return daemon.count("heal.triggered") == 4; }));
    EXPECT_TRUE(eventually([&] { return bridge.read("run/waiting").size() > 4; }));
    daemon.kill();
  }
  gate.open();
  Daemon daemon(bridge);
  daemon.expect_count("heal.completed", 4);
  EXPECT_EQ(daemon.count("heal.triggered"), 4U);
  EXPECT_EQ(daemon.count("node.started"), 2U);
  for (const char* name : {"A", "B", "C", "D"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(bridge.read(std::string("etc/") + name), "port = 8080\n");
    daemon.expect_passes(name);
    std::ofstream(bridge.path(std::string("etc/") + name)) << "wrong again";
    daemon.expect_count("heal.completed", 2, name);
  }
  daemon.stop();
  EXPECT_EQ(bridge.autoheal({"ledger", "verify"}).exit_code, 0);
  EXPECT_THAT(bridge.marked_processes(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace autoheal::testing
