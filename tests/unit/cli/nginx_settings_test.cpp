// nginx's own configuration, read for two directives: what people write, and what nobody should have written.
#include "tools/autoheal/init/nginx_settings.hpp"

#include <gmock/gmock.h>

namespace autoheal::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

NginxSettings read(std::string_view text) {
  NginxSettings settings;
  read_nginx_settings(text, settings);
  return settings;
}
std::vector<NginxListen> listens(const std::string& directive) { return read("server { " + directive + " }").listens; }

TEST(NginxSettings, OfDebianAreUnderstood) {
  const NginxSettings settings = read(
      "user www-data;\nworker_processes auto; # pid /nowhere;\npid /run/nginx.pid;\n"
      "events { worker_connections 768; }\n"
      "http {\n  log_format main '$remote_addr; \"listen 1;\" {';\n  server {\n    listen 8080 default_server;\n"
      "    listen [::]:8080 default_server;\n    root /var/www;\n    location ~ \\.php$ { deny all; }\n  }\n"
      "  server { listen 443 ssl; ssl_certificate x; }\n}\n");
  EXPECT_EQ(settings.pid, "/run/nginx.pid");
  EXPECT_THAT(settings.listens, ElementsAre(NginxListen{"127.0.0.1", 8080, false}, NginxListen{"::1", 8080, false},
                                            NginxListen{"127.0.0.1", 443, true}));
  EXPECT_EQ(listen_to_probe(settings), (NginxListen{"127.0.0.1", 8080, false}));
}

TEST(NginxSettings, EveryFormOfAnAddress) {
  EXPECT_THAT(listens("listen 80;"), ElementsAre(NginxListen{"127.0.0.1", 80, false}));
  EXPECT_THAT(listens("listen *:81;"), ElementsAre(NginxListen{"127.0.0.1", 81, false}));
  EXPECT_THAT(listens("listen 0.0.0.0:82;"), ElementsAre(NginxListen{"127.0.0.1", 82, false}));
  EXPECT_THAT(listens("listen 10.0.0.7;"), ElementsAre(NginxListen{"10.0.0.7", 80, false}));
  EXPECT_THAT(listens("listen localhost:8000;"), ElementsAre(NginxListen{"localhost", 8000, false}));
  EXPECT_THAT(listens("listen [fe80::1];"), ElementsAre(NginxListen{"fe80::1", 80, false}));
  EXPECT_THAT(listens("listen \"8001\";"), ElementsAre(NginxListen{"127.0.0.1", 8001, false}));
  EXPECT_THAT(listens("listen 8002-8010;"), ElementsAre(NginxListen{"127.0.0.1", 8002, false}));
}

TEST(NginxSettings, WhatIsNoHttpPortIsLeftOut) {
  for (const char* none : {"listen unix:/run/x.sock;", "listen 443 quic;", "listen 0;", "listen 65536;", "listen;",
                           "listen [::;", "listen 'a b':80;", "listen ${port};", "listen 80"})
    EXPECT_THAT(listens(none), IsEmpty()) << none;
  EXPECT_THAT(read("stream { server { listen 53; } } mail { server { listen 25; } }").listens, IsEmpty());
  EXPECT_THAT(read("stream { } http { server { listen 53; } }").listens,
              ElementsAre(NginxListen{"127.0.0.1", 53, false}));
  EXPECT_EQ(read("http { pid /x; }").pid, "");
  EXPECT_EQ(read("pid logs/a.pid extra;").pid, "");
}

TEST(NginxSettings, WithoutListenItIsPort80AndPlainComesBeforeTls) {
  EXPECT_EQ(listen_to_probe({}), (NginxListen{"127.0.0.1", 80, false}));
  EXPECT_EQ(listen_to_probe(read("server { listen 443 ssl; listen [::]:81; listen 82; }")),
            (NginxListen{"127.0.0.1", 82, false}));
  EXPECT_EQ(listen_to_probe(read("server { listen 443 ssl; listen [::]:81; }")), (NginxListen{"::1", 81, false}));
  EXPECT_TRUE(listen_to_probe(read("server { listen 443 ssl; }")).tls);
}

TEST(NginxSettings, JunkEndsAndStaysSmall) {
  for (const std::string& junk : {std::string(1 << 20, '{'), std::string(1 << 20, '}'), std::string(1 << 20, '"'),
                                  std::string(1 << 20, '\\'), std::string(1 << 20, '\0'), std::string("listen \"80"),
                                  std::string("}}}} listen 80; {"), std::string("# only a remark")}) {
    EXPECT_LE(read(junk).listens.size(), 1U) << junk.substr(0, 20);
  }
  std::string many;
  for (int port = 1; port < 1000; ++port) many += "listen " + std::to_string(port) + ";";
  EXPECT_EQ(read(many).listens.size(), 64U);
}

}  // namespace
}  // namespace autoheal::cli
