// The server on TCP, with TLS and without: who is at the other end, and what it refuses before any handler is asked.
#include "tests/support/worlds/certificates.hpp"
#include "tests/support/worlds/tcp_client.hpp"
#include "tests/unit/http/http_fixture.hpp"
#include "tools/http/tcp_listener.hpp"

namespace autoheal::http {
namespace {

using testing::MadeCertificate;
using testing::TcpClient;
using testing::WantedCertificate;

class TcpServerTest : public ServerTest {
 protected:
  void serve_tcp(TlsPtr tls = nullptr, Limits limits = {}, std::vector<std::string> names = {}) {
    auto socket = listen_on_tcp({"127.0.0.1", 0});
    ASSERT_TRUE(socket) << socket.error().message;
    port_ = ends_of(socket->get())->local.port;
    std::vector<TcpDoor> doors;
    doors.push_back({std::move(*socket), std::move(tls), std::move(names)});
    auto made = HttpServer::listen_on(
        loop_.get_executor(), std::move(doors), [this](Request request) { return tell(std::move(request)); }, limits);
    ASSERT_TRUE(made) << made.error().message;
    server_ = std::move(*made);
    thread_ = std::jthread([this] { loop_.run(); });
  }
  void serve_tls(const MadeCertificate& authority) {
    const auto own = testing::made_certificate({"localhost", "IP:127.0.0.1"}, &authority);
    auto tls = tls_of({own.certificate, own.key, authority.certificate});
    ASSERT_TRUE(tls) << tls.error().message;
    serve_tcp(*tls);
  }
  // /pieces as everywhere; else who asked.
  asio::awaitable<Response> tell(Request request) {
    ++handled_;
    if (request.target == "/pieces") co_return in_pieces({"one ", "two"}, false);
    std::string who = request.remote ? request.remote->address : "no remote";
    if (request.remote && request.remote->is_encrypted) who += " encrypted";
    if (request.remote && request.remote->certificate) {
      for (const std::string& name : request.remote->certificate->names) who += " " + name;
    }
    co_return response_with(200, who + " uid " + std::to_string(request.peer.uid) + " [" + request.body + "]");
  }
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string asked(const std::string& more = {}, const std::string& target = "/") const {
    return "GET " + target + " HTTP/1.1\r\nHost: " + host() + "\r\nConnection: close\r\n" + more + "\r\n";
  }
  [[nodiscard]] std::string asked_by_name(const std::string& name) const {
    return TcpClient(port_).say("GET / HTTP/1.1\r\nHost: " + name + "\r\nConnection: close\r\n\r\n");
  }
  // The answer to a client with this certificate; empty: the connection ended without an answer.
  [[nodiscard]] std::string answer_to(const MadeCertificate& certificate) const {
    TcpClient client(port_);
    if (!client.shake_hands(&certificate)) return {};
    return client.say(asked());
  }

  const MadeCertificate authority_ = testing::made_certificate({"authority", {}, {}, true});
  std::uint16_t port_ = 0;
};

TEST_F(TcpServerTest, Case2_WhoAsksIsTheAddressWhateverIsClaimed) {
  serve_tcp();
  const std::string answer =
      TcpClient(port_, "127.0.0.7")
          .say(asked("X-Forwarded-For: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\nX-Real-IP: 1.1.1.1\r\n"
                     "X-User: root\r\nX-Remote-User: 0\r\n"));
  EXPECT_TRUE(answer.ends_with("127.0.0.7 uid 4294967295 []")) << answer;
}

TEST_F(TcpServerTest, Case12_HostAndOriginAreOurOwn) {
  serve_tcp(nullptr, {}, {"heal.example"});
  EXPECT_TRUE(asked_by_name(host()).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(asked_by_name("heal.example").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(asked_by_name("heal.example:" + std::to_string(port_)).starts_with("HTTP/1.1 200 "));
  for (const std::string name : {"localhost", "autoheal", "127.0.0.1", "evil.example", "heal.example:1", ""})
    EXPECT_TRUE(asked_by_name(name).starts_with("HTTP/1.1 403 ")) << name;
  EXPECT_TRUE(TcpClient(port_).say(asked("Origin: http://" + host() + "\r\n")).starts_with("HTTP/1.1 200 "));
  for (const std::string& origin : {"https://" + host(), std::string("null"), std::string("http://evil.example")}) {
    const std::string answer = TcpClient(port_).say(asked("Origin: " + origin + "\r\n"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << origin;
    EXPECT_EQ(answer.find("Access-Control"), std::string::npos);
  }
}

TEST_F(TcpServerTest, EachAddressHasItsOwnQuota) {
  Limits limits;
  limits.connections_per_uid = 2;
  serve_tcp(nullptr, limits);
  const TcpClient first(port_, "127.0.0.2"), second(port_, "127.0.0.2"), third(port_, "127.0.0.2");
  EXPECT_TRUE(third.read_until().starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(TcpClient(port_, "127.0.0.3").say(asked()).starts_with("HTTP/1.1 200 "));
}

TEST_F(TcpServerTest, Case24_ABodyOverTheLimitIsCutOff) {
  Limits limits;
  limits.body_bytes = 1000;
  serve_tcp(nullptr, limits);
  const std::string head = "POST / HTTP/1.1\r\nHost: " + host() + "\r\nContent-Type: application/json\r\n";
  EXPECT_TRUE(TcpClient(port_).say(head + "Content-Length: 1001\r\n\r\n").starts_with("HTTP/1.1 413 "));
  const TcpClient endless(port_);
  endless.send(head + "Transfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "100\r\n" + std::string(256, 'x') + "\r\n";
  for (int count = 0; count < 5; ++count) endless.send(chunk);
  EXPECT_TRUE(endless.read_until().starts_with("HTTP/1.1 413 "));
  const std::string long_line = head + "Transfer-Encoding: chunked\r\n\r\n" + std::string(100'000, '0');
  EXPECT_TRUE(TcpClient(port_).say(long_line).starts_with("HTTP/1.1 400 ")) << "the size of a chunk has no end";
  EXPECT_EQ(handled_, 0);
}

TEST_F(TcpServerTest, Case25_SlowSendersAreTimedOutAndOthersServed) {
  Limits limits;
  limits.head_within = std::chrono::milliseconds(50);
  limits.connections_per_uid = 250;
  serve_tcp(nullptr, limits);
  std::vector<std::unique_ptr<TcpClient>> slow;
  for (int count = 0; count < 200; ++count) {
    slow.push_back(std::make_unique<TcpClient>(port_));
    slow.back()->send("G");
  }
  EXPECT_TRUE(TcpClient(port_).say(asked()).starts_with("HTTP/1.1 200 "));
  for (const auto& one : slow) EXPECT_TRUE(one->read_until().starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(handled_, 1);
}

TEST_F(TcpServerTest, Case26_NoSecondRequestIsReadOutOfTheFirst) {
  serve_tcp();
  const std::string begin = "POST / HTTP/1.1\r\nHost: " + host() + "\r\nContent-Type: application/json\r\n";
  const std::string second = "GET /second HTTP/1.1\r\nHost: " + host() + "\r\n\r\n";
  for (const std::string lines :
       {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: -1\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "X: a\nY: b\r\n", "X: \0\r\n"}) {
    const std::string answer = TcpClient(port_).say(begin + lines + "\r\n{}" + second);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << lines << answer;
    EXPECT_EQ(answer.find("HTTP/1.1 ", 1), std::string::npos) << answer;
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(TcpServerTest, TlsCarriesRequestsBodiesAndPieces) {
  serve_tls(authority_);
  TcpClient client(port_);
  ASSERT_TRUE(client.shake_hands());
  const std::string body(200'000, ' ');
  client.send("POST / HTTP/1.1\r\nHost: " + host() + "\r\nContent-Type: application/json\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body + asked({}, "/pieces"));
  const std::string answers = client.read_until();
  EXPECT_NE(answers.find("127.0.0.1 encrypted uid 4294967295 [" + body + "]"), std::string::npos);
  EXPECT_TRUE(answers.ends_with("4\r\none \r\n4\r\ntwo\r\n0\r\n\r\n") || answers.ends_with("3\r\ntwo\r\n0\r\n\r\n"));
  EXPECT_EQ(SSL_get_shutdown(client.tls()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN) << "it was no cut";
}

TEST_F(TcpServerTest, PlainTextAtTheDoorOfTlsGetsNothing) {
  serve_tls(authority_);
  const std::string answer = TcpClient(port_).say(asked());
  EXPECT_EQ(answer.find("HTTP/1.1"), std::string::npos) << answer;
  EXPECT_EQ(handled_, 0);
}

TEST_F(TcpServerTest, AClientCertificateIsKnownByItsNames) {
  serve_tls(authority_);
  const auto good = testing::made_certificate(
      {"alice", "DNS:laptop.example,URI:spiffe://example/alice,email:alice@example.org"}, &authority_);
  EXPECT_TRUE(
      answer_to(good).ends_with("127.0.0.1 encrypted CN=alice DNS:laptop.example "
                                "URI:spiffe://example/alice email:alice@example.org uid 4294967295 []"))
      << answer_to(good);
}

TEST_F(TcpServerTest, Case14_ACertificateThatIsNotSoundFailsInTheHandshake) {
  serve_tls(authority_);
  const auto other = testing::made_certificate({"authority", {}, {}, true});
  using namespace std::string_literals;
  const std::vector<std::pair<std::string, MadeCertificate>> bad = {
      {"expired", testing::made_certificate({"alice", {}, {}, false, -30, -1}, &authority_)},
      {"not yet valid", testing::made_certificate({"alice", {}, {}, false, 1, 30}, &authority_)},
      {"self-made", testing::made_certificate({"alice"})},
      {"of another authority", testing::made_certificate({"alice"}, &other)},
      {"zero byte in its name", testing::made_certificate({"alice\0.evil.example"s}, &authority_)},
      {"zero byte in another name", testing::made_certificate({"alice", {}, "alice\0.evil"s}, &authority_)},
      {"signed by one that is no authority",
       [this] {
         const auto leaf = testing::made_certificate({"leaf"}, &authority_);
         return testing::made_certificate({"alice"}, &leaf);
       }()},
  };
  for (const auto& [what, certificate] : bad) EXPECT_EQ(answer_to(certificate), "") << what;
  EXPECT_EQ(handled_, 0);
  EXPECT_FALSE(answer_to(testing::made_certificate({"alice"}, &authority_)).empty());
}

TEST_F(TcpServerTest, MaterialThatDoesNotFitIsRefusedWithoutItsContent) {
  const auto one = testing::made_certificate({"one"}), two = testing::made_certificate({"two"});
  for (const TlsMaterial& material :
       {TlsMaterial{one.certificate, two.key, ""}, TlsMaterial{"", one.key, ""}, TlsMaterial{one.certificate, "", ""},
        TlsMaterial{one.certificate, one.key, "no certificate"}}) {
    const auto tls = tls_of(material);
    ASSERT_FALSE(tls);
    EXPECT_EQ(tls.error().kind, ErrorKind::invalid);
    EXPECT_EQ(tls.error().message.find("PRIVATE"), std::string::npos);
  }
}

TEST_F(TcpServerTest, ARenewedCertificateIsShownFromTheNextConnectionOn) {
  serve_tls(authority_);
  const auto next = testing::made_certificate({"the next one"}, &authority_);
  TcpClient before(port_);
  ASSERT_TRUE(before.shake_hands());
  on_loop([&] { server_->renew(*tls_of({next.certificate, next.key, authority_.certificate}), {"new.example"}); });
  TcpClient after(port_);
  ASSERT_TRUE(after.shake_hands());
  EXPECT_EQ(X509_cmp(SSL_get0_peer_certificate(after.tls()), next.x509.get()), 0);
  EXPECT_TRUE(before.say(asked()).starts_with("HTTP/1.1 200 ")) << "who is connected goes on";
  EXPECT_TRUE(
      after.say("GET / HTTP/1.1\r\nHost: new.example\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST(TcpAddresses, AreLiteralsAndCountedByNetwork) {
  EXPECT_EQ(text_of({"127.0.0.1", 80}), "127.0.0.1:80");
  EXPECT_EQ(text_of({"::1", 80}), "[::1]:80");
  EXPECT_EQ(quota_name_of("10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(quota_name_of("2001:db8:1:2:3:4:5:6"), quota_name_of("2001:db8:1:2::1"));
  EXPECT_NE(quota_name_of("2001:db8:1:3::1"), quota_name_of("2001:db8:1:2::1"));
  EXPECT_EQ(listen_on_tcp({"localhost", 0}).error().kind, ErrorKind::invalid);
  const auto first = listen_on_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(first);
  EXPECT_EQ(listen_on_tcp(ends_of(first->get())->local).error().kind, ErrorKind::busy);
  EXPECT_TRUE(is_same({"::1", 80}, {"0:0::0:1", 80}));
  EXPECT_FALSE(is_same({"::1", 80}, {"::1", 81}));
  EXPECT_FALSE(is_same({"127.0.0.1", 80}, {"::ffff:127.0.0.1", 80})) << "another family";
  EXPECT_FALSE(is_same({"localhost", 80}, {"localhost", 80}));
}

}  // namespace
}  // namespace autoheal::http
