// A platform (an orchestrator, a load balancer) that does what it is told: answers every PUT with 204 and writes into
// `told` of the bridge what it was.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "tests/support/worlds/bridge.hpp"
#include "tests/support/worlds/program.hpp"

namespace autoheal::testing {

class PlatformServer {
 public:
  // The first `mute` requests are done and not answered: the network is cut after them.
  explicit PlatformServer(const Bridge& bridge, unsigned mute = 0) {
    EXPECT_EQ(::mkfifo(bridge.path("port").c_str(), 0600), 0);
    bridge.write("server.py",
                 "import http.server\n"
                 "class Handler(http.server.BaseHTTPRequestHandler):\n"
                 "    def do_PUT(self):\n"
                 "        body = self.rfile.read(int(self.headers['Content-Length'])).decode()\n"
                 "        print(self.path, self.headers['Idempotency-Key'], body, file=open('told', 'a'))\n"
                 "        server.mute -= 1\n"
                 "        if server.mute >= 0: return self.connection.shutdown(2)\n"
                 "        self.send_response(204)\n"
                 "        self.end_headers()\n"
                 "    def log_message(self, *_): pass\n"
                 "server = http.server.HTTPServer(('127.0.0.1', 0), Handler)\n"
                 "server.mute = " +
                     std::to_string(mute) +
                     "\n"
                     "print(server.server_port, file=open('port', 'w'))\n"
                     "server.serve_forever()\n");
    process_.emplace(Invocation{{"/usr/bin/python3", "server.py"}, {}, {}, bridge.path(".")});
    std::getline(std::ifstream(bridge.path("port")), port_);
    std::filesystem::remove(bridge.path("port"));
  }
  // In quotes, for a configuration.
  [[nodiscard]] std::string url(const std::string& path) const { return "\"http://127.0.0.1:" + port_ + path + "\""; }

 private:
  std::optional<Background> process_;
  std::string port_;
};

}  // namespace autoheal::testing
