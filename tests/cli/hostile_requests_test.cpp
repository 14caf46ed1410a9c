// Requests that no client of ours would send. The daemon says the fault, in JSON, and keeps running.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "tests/support/worlds/daemon.hpp"
#include "tools/http/socket_path.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// One daemon for all cases of this file: that it serves the next is part of each.
struct Served {
  Bridge bridge;
  std::optional<Daemon> daemon;
  Served() {
    bridge.write("baseline/app.conf", "port = 8080\n");
    bridge.write("etc/File", "port = 8080\n");
    bridge.configure(file_engine("File"));
    daemon.emplace(bridge);
  }
};

class HostileRequests : public ::testing::Test {
 protected:
  // 400 with a stable word, which names `place`.
  void expect_refused(const std::string& operation, const std::string& body, const std::string& place,
                      unsigned status = 400) const {
    const auto answer = served_.daemon->ask("POST", "/v1/" + operation, body);
    const std::string shown = operation + " " + body.substr(0, 80);
    EXPECT_EQ(answer.status, status) << shown << "\n" << answer.body;
    const auto parsed = json::parse(answer.body, nullptr, false);
    ASSERT_TRUE(parsed.is_object()) << shown << "\n" << answer.body;
    EXPECT_THAT(parsed.at("error").at("message").get<std::string>(), HasSubstr(place)) << shown;
    EXPECT_LT(answer.body.size(), 2'000U) << shown;
  }
  // Bytes as they are; what comes back until the daemon closes.
  [[nodiscard]] std::string raw(const std::string& request) const {
    const auto connected = http::connect_to(served_.bridge.path("var/ledger.db.sock"), std::chrono::seconds(20));
    EXPECT_TRUE(connected);
    if (!connected) return {};
    (void)!::send(connected->socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
    ::shutdown(connected->socket.get(), SHUT_WR);
    std::string answer;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 1; got > 0; answer.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))))
      got = ::recv(connected->socket.get(), buffer.data(), buffer.size(), 0);
    return answer;
  }
  void TearDown() override {
    EXPECT_TRUE(eventually([&] { return served_.daemon->passes("File"); }));
    EXPECT_EQ(served_.daemon->count("heal.triggered"), 0U);
    EXPECT_EQ(served_.daemon->count("engine.held"), 0U);
    served_.daemon->stop();
  }
  Served served_;
};

TEST_F(HostileRequests, Cases24To26_NoRequestIsReadOutOfAnother) {
  const std::string head = "POST /v1/heal HTTP/1.1\r\nHost: autoheal\r\nContent-Type: application/json\r\n";
  EXPECT_THAT(raw(head + "Content-Length: 99999999\r\n\r\n{}"), StartsWith("HTTP/1.1 413"));
  for (const std::string both :
       {"Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: -1\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 2\nX: y\r\n"}) {
    const std::string answer = raw(head + both + "\r\n{}GET /v1/status HTTP/1.1\r\nHost: autoheal\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << both;
    EXPECT_EQ(answer.find("HTTP/1.1 ", 1), std::string::npos) << both << answer;
  }
}

TEST_F(HostileRequests, Case27_DepthAndSizeOfJsonAreBounded) {
  const std::string nested(100'000, '[');
  expect_refused("heal", nested, "the request");
  expect_refused("heal", nested + std::string(100'000, ']'), "nested");
  expect_refused("heal", "{\"engine\":" + nested + std::string(100'000, ']') + "}", "nested");
  expect_refused("hold", "{\"for_us\":" + std::string(1'000'000, '9') + "}", "too large");
  expect_refused("hold", "{\"for_us\":1e400}", "too large");
  expect_refused("hold", "{\"for_us\":NaN}", "byte 11");
  EXPECT_EQ(served_.daemon->ask("POST", "/v1/heal", std::string(10U << 20U, '[')).status, 413U);
}

TEST_F(HostileRequests, Case28_OddJsonIsRefusedAndItsPlaceNamed) {
  expect_refused("heal", "", "the request");
  expect_refused("heal", "[]", "JSON object");
  expect_refused("heal", "{\"engine\":\"File\",\"engine\":\"File\"}", "\"engine\" twice");
  expect_refused("heal", "{\"engine\":\"File\",\"user\":\"root\"}", "\"user\"");
  expect_refused("heal", "{\"engine\":1}", "\"engine\"");
  expect_refused("heal", "{\"engine\":\"File\",\"error\":{}}", "\"error\"");
  expect_refused("selftest", "{\"engines\":\"File\"}", "\"engines\"");
  expect_refused("selftest", "{\"engines\":[1]}", "\"engines\"");
  expect_refused("selftest", "{\"heals\":1}", "\"heals\"");
  expect_refused("selftest", "{\"heals\":false,\"engines\":[\"Fil\\u0065x\"]}", "Filex", 404);
  expect_refused("heal", "{\"engine\":\"\xff\"}", "byte 12");
  expect_refused("heal", "{\"engine\":\"\\ud800\"}", "byte");
  expect_refused("heal", std::string("{\"engine\":\"\0\"}", 14), "byte 12");
  expect_refused("heal", "\xef\xbb\xbf{\"engine\":\"File\"}", "byte 1");
  expect_refused("heal", "{\"engine\":\"File\"} {}", "byte");
  expect_refused("heal", "{\"engine\":\"File\",}", "byte");
}

TEST_F(HostileRequests, Case29_NumbersAreExactOrRefused) {
  for (const char* number : {"-1", "0", "-9223372036854775808", "9007199254740993", "9223372036854775807"})
    expect_refused("hold", std::string("{\"engine\":\"File\",\"for_us\":") + number + "}", "held");
  for (const char* number : {"9223372036854775808", "18446744073709551616", "1.5", "1e3", "-0.0", "\"60\"", "null"})
    expect_refused("hold", std::string("{\"engine\":\"File\",\"for_us\":") + number + "}", "\"for_us\"");
}

TEST_F(HostileRequests, Case30_OddIdsNameNothing) {
  for (const std::string id : {"/", "..", "%2e%2e", "%00", "\\n", "\\u0000", "' OR 1=1 --", "*"}) {
    expect_refused("heal", R"({"engine":")" + id + "\"}", "there is no engine", 404);
    expect_refused("cancel", R"({"heal":")" + id + "\"}", "there is no heal", 404);
    expect_refused("rollback", R"({"heal":")" + id + "\"}", "there is no heal", 404);
  }
  expect_refused("heal", R"({"engine":""})", "engine", 404);
  expect_refused("cancel", R"({"heal":""})", "heal", 404);
  expect_refused("heal", "{\"engine\":\"" + std::string(70'000, 'x') + "\"}", "\"engine\"");
  for (const std::string target : {"/v1/", "/v1", "/", "/v1/heal/../heal", "/v1/%68eal", "/v1/heal?x=1", "/v2/heal"})
    EXPECT_EQ(served_.daemon->ask("POST", target, R"({"engine":"File"})").status, 404U) << target;
  EXPECT_EQ(served_.daemon->ask("GET", "/v1/heal").status, 405U);
  EXPECT_EQ(served_.daemon->ask("POST", "/v1/status", "{}").status, 405U);
}

}  // namespace
}  // namespace autoheal::testing
