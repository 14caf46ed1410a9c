// A service whose process lives, while somebody else's program answers at its port, is not certified; one that is asked
// through what may be its own is.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Listens at a free port, or the one that a file names, and says where.
constexpr const char* listens =
    "exec /usr/bin/python3 -c 'import socket, sys, time\n"
    "s = socket.socket()\n"
    "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
    "s.bind((\"127.0.0.1\", int(open(\"run/wanted\").read())))\n"
    "s.listen(9)\n"
    "open(\"run/port.new\", \"w\").write(str(s.getsockname()[1]))\n"
    "import os\n"
    "os.rename(\"run/port.new\", \"run/port\")\n"
    "while True: s.accept()[0].close()\n'\n";

class PortOfAnother : public ::testing::Test {
 protected:
  PortOfAnother() {
    bridge_.write("run/wanted", "0");
    bridge_.script("bin/listen", listens);
    bridge_.script("bin/start", "bin/app < /dev/null > /dev/null 2>&1 & echo $! > run/new && mv run/new run/app.pid\n");
  }
  ~PortOfAnother() override {
    pid_t service = 0;
    std::ifstream(bridge_.path("run/app.pid")) >> service;
    if (service > 1) ::kill(service, SIGKILL);
  }
  void configure(const std::string& port, const std::string& within) const {
    bridge_.configure(
        "  - name: App\n"
        "    self_test:\n"
        "      - { name: alive, process: { pidfile: run/app.pid } }\n"
        "      - { name: port, tcp: { host: 127.0.0.1, port: " +
        port +
        " } }\n"
        "    repair: { service: { start: [bin/start], pidfile: run/app.pid } }\n"
        "    certify: { within: " +
        within +
        ", hold: 200ms }\n"
        "    healing: { max_retries: 1 }\n");
  }
  // Where something listens now.
  [[nodiscard]] std::string port_of_listener() const {
    EXPECT_TRUE(eventually([&] { return bridge_.exists("run/port"); }));
    const std::string port = bridge_.read("run/port");
    std::filesystem::remove(bridge_.path("run/port"));
    return port;
  }
  [[nodiscard]] Invocation listener() const {
    return {{"/bin/sh", bridge_.path("bin/listen").string()}, {}, {}, bridge_.path("")};
  }

  Bridge bridge_;
};

TEST_F(PortOfAnother, IsNoProofOfAServiceThatLivesWithoutOne) {
  const Background stranger(listener());
  configure(port_of_listener(), "1s");
  bridge_.script("bin/app", "exec sleep 1000\n");
  const Ran ran = bridge_.autoheal({"heal", "App"});
  EXPECT_NE(ran.exit_code, 0);
  const auto refused = bridge_.entries("heal.certification_refused");
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_THAT(refused.front(), AllOf(HasSubstr("is not held by the service but by process " +
                                               std::to_string(stranger.pid()) + " (python3"),
                                     HasSubstr(R"("holder":"stranger","process":)" + std::to_string(stranger.pid()))));
  EXPECT_THAT(ran.out + ran.err, HasSubstr("is not held by the service"));
}

TEST_F(PortOfAnother, IsItsOwnWhereItListensThere) {
  std::string port;
  {
    const Background before(listener());
    port = port_of_listener();
  }
  configure(port, "30s");
  bridge_.write("run/wanted", port);
  bridge_.script("bin/app", listens);
  const Ran ran = bridge_.autoheal({"heal", "App"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  const auto certified = bridge_.entries("heal.certified");
  ASSERT_EQ(certified.size(), 1U);
  EXPECT_THAT(certified.front(), HasSubstr(R"("holder":"service","process":)"));
}

}  // namespace
}  // namespace autoheal::testing
