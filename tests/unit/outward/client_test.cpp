// Calls out against servers that are up to no good, and names that change under the client.
#include "tests/unit/outward/outward_fixture.hpp"
#include "tests/unit/outward/own_certificate.hpp"

namespace autoheal::outward {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string local(std::uint16_t port, const std::string& path = "/hook") {
  return "http://127.0.0.1:" + std::to_string(port) + path;
}

TEST_F(OutwardTest, AnAnswerComesBackWithStatusAndBody) {
  const auto port = serve_bytes("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok");
  const auto answer = send(local(port, "/hook?to=me"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 202U);
  EXPECT_EQ(answer->body, "ok");
  EXPECT_EQ(answer->body_problem, "");
  ASSERT_EQ(heads_.size(), 1U);
  EXPECT_THAT(heads_[0], AllOf(HasSubstr("POST /hook?to=me HTTP/1.1\r\n"), HasSubstr("Content-Length: 2\r\n"),
                               HasSubstr("Host: 127.0.0.1:" + std::to_string(port) + "\r\n")));
}

// Early hints have fields of their own.
TEST_F(OutwardTest, AnAnswerSaysOfWhatKindItsBodyIs) {
  const auto port = serve_bytes(
      "HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\n\r\n"
      "HTTP/1.1 409 Conflict\r\ncontent-type:  text/x.tlog.size \r\nContent-Length: 2\r\n\r\n7\n");
  const auto answer = send(local(port));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->content_type, "text/x.tlog.size");
  const auto plain = send(local(serve_bytes(
      "HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")));
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->content_type, "");
}

TEST_F(OutwardTest, Case126_LoopbackIsRefusedBeforeAnyConnection) {
  const auto port = serve_bytes("HTTP/1.1 200 OK\r\n\r\n");
  const auto answer = send(local(port), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::refused);
  EXPECT_THAT(answer.error().message, HasSubstr("127.0.0.1 is loopback"));
  EXPECT_EQ(connections_, 0U);
}

// The second lookup would be the attacker's; there is none within one call, and the next call judges anew.
TEST_F(OutwardTest, Case126_ANameThatIsFirstGoodAndThenBadIsJudgedEachTime) {
  const auto port = serve_bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  PlannedResolver rebinding({Names{"127.0.0.1"}, Names{"127.0.0.2"}});
  resolver_ = &rebinding;
  const std::string url = "http://hooks.test:" + std::to_string(port) + "/";
  const auto good = send(url, {"127.0.0.1"});
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(rebinding.lookups, 1U);
  const auto bad = send(url, {"127.0.0.1"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, ErrorKind::refused);
  EXPECT_EQ(rebinding.lookups, 2U);
  EXPECT_EQ(connections_, 1U);
}

TEST_F(OutwardTest, Case126_OneBadAddressAmongGoodOnesRefusesTheName) {
  const auto port = serve_bytes("HTTP/1.1 200 OK\r\n\r\n");
  PlannedResolver both({Names{"127.0.0.1", "169.254.169.254"}});
  resolver_ = &both;
  const auto answer = send("http://hooks.test:" + std::to_string(port) + "/", {"127.0.0.1"});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("169.254.169.254 is link-local"));
  EXPECT_EQ(connections_, 0U);
}

TEST_F(OutwardTest, Case126_ARedirectIsAnAnswerAndNotFollowed) {
  const auto inside = serve_bytes("HTTP/1.1 200 OK\r\n\r\nsecret of the inside");
  const auto port =
      serve_bytes("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + local(inside) + "\r\nContent-Length: 0\r\n\r\n");
  const auto answer = send(local(port));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 307U);
  EXPECT_EQ(connections_, 1U);
}

TEST_F(OutwardTest, AProxyOfTheEnvironmentIsIgnored) {
  const auto port = serve_bytes("HTTP/1.1 204 No Content\r\n\r\n");
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  EXPECT_TRUE(send(local(port)));
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
}

TEST_F(OutwardTest, Case127_WhoNeverAnswersIsLeftAtTheLimit) {
  limits_.all = 100ms;
  const auto port = serve([this](tcp::socket& socket) -> asio::awaitable<void> {
    co_await read_head(socket);
    co_await pause(1h);
  });
  const auto answer = send(local(port));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("no answer within 100 ms"));
}

TEST_F(OutwardTest, Case127_OneByteAtATimeDoesNotStretchTheLimit) {
  limits_.all = 100ms;
  const auto port = serve([this](tcp::socket& socket) -> asio::awaitable<void> {
    co_await read_head(socket);
    for (const char byte : "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')) {
      if (!co_await write(socket, std::string(1, byte))) co_return;
      co_await pause(5ms);
    }
  });
  const auto answer = send(local(port));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("no answer within 100 ms"));
}

// The status came, and counts: only the body is nobody's any more.
TEST_F(OutwardTest, Case127_AnEndlessBodyIsCutAtTheLimit) {
  bool was_cut = false;
  const auto port = serve([this, &was_cut](tcp::socket& socket) -> asio::awaitable<void> {
    co_await read_head(socket);
    bool open = co_await write(socket, "HTTP/1.1 200 OK\r\n\r\n");
    const std::string much(1U << 20U, 'x');
    for (int count = 0; open && count < 1024; ++count) open = co_await write(socket, much);
    was_cut = !open;
  });
  const auto answer = send(local(port));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200U);
  EXPECT_LE(answer->body.size(), limits_.answer_bytes);
  EXPECT_THAT(answer->body_problem, HasSubstr("longer than 65536 bytes"));
  io_.restart();
  for (int turn = 0; !was_cut && turn < 10'000; ++turn) io_.run_one_for(1s);
  EXPECT_TRUE(was_cut);
}

TEST_F(OutwardTest, Case127_EndlessHeadersAreNoAnswer) {
  const auto port = serve([this](tcp::socket& socket) -> asio::awaitable<void> {
    co_await read_head(socket);
    bool open = co_await write(socket, "HTTP/1.1 200 OK\r\n");
    while (open) open = co_await write(socket, "X: " + std::string(1000, 'x') + "\r\n");
  });
  const auto answer = send(local(port));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
}

TEST_F(OutwardTest, Case127_BadChunksAreToldAndDoNoHarm) {
  const auto port = serve_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n0\r\n\r\n");
  const auto answer = send(local(port));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(answer->body_problem, HasSubstr("the size of a chunk is no number"));
}

TEST_F(OutwardTest, Case127_WhoClosesAtOnceHasNotAnswered) {
  const auto port = serve([](tcp::socket& socket) -> asio::awaitable<void> {
    socket.close();
    co_return;
  });
  const auto answer = send(local(port));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
}

TEST_F(OutwardTest, Case127_NobodyListens) {
  tcp::acceptor closed(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto port = closed.local_endpoint().port();
  closed.close();
  const auto answer = send(local(port));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("127.0.0.1 port " + std::to_string(port)));
}

TEST_F(OutwardTest, MessagesHoldNeitherPathNorHeaders) {
  limits_.all = 50ms;
  const auto port = serve([this](tcp::socket&) -> asio::awaitable<void> { co_await pause(1h); });
  const auto answer = send(local(port, "/services/T000/very-secret"));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, Not(HasSubstr("very-secret")));
}

class OutwardTlsTest : public OutwardTest {
 protected:
  OutwardTlsTest() {
    server_.use_certificate_file(certificate_.certificate_file(), asio::ssl::context::pem);
    server_.use_private_key_file(certificate_.key_file(), asio::ssl::context::pem);
    resolver_ = &loopback_;
  }
  std::uint16_t serve_tls() {
    return serve([this](tcp::socket& socket) -> asio::awaitable<void> {
      asio::ssl::stream<tcp::socket&> stream(socket, server_);
      boost::system::error_code ended;
      co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, ended));
      if (ended) co_return;
      std::string head;
      co_await asio::async_read_until(stream, asio::dynamic_buffer(head), "\r\n\r\n",
                                      asio::redirect_error(asio::use_awaitable, ended));
      heads_.push_back(head);
      co_await write(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
  }

  OwnCertificate certificate_{"hooks.test"};
  asio::ssl::context server_{asio::ssl::context::tls_server};
  PlannedResolver loopback_{{{"127.0.0.1"}}};
};

TEST_F(OutwardTlsTest, ACertificateThatIsTrustedAndBearsTheNameIsEnough) {
  authorities_ = certificate_.certificate_file();
  const auto answer = send("https://hooks.test:" + std::to_string(serve_tls()) + "/");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(heads_.size(), 1U);
}

TEST_F(OutwardTlsTest, Case127_ACertificateOfNobodyIsRefusedAndNothingIsSent) {
  const auto answer = send("https://hooks.test:" + std::to_string(serve_tls()) + "/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(heads_, IsEmpty());
}

TEST_F(OutwardTlsTest, Case127_ACertificateOfAnotherNameIsRefused) {
  authorities_ = certificate_.certificate_file();
  const auto answer = send("https://other.test:" + std::to_string(serve_tls()) + "/");
  ASSERT_FALSE(answer);
  EXPECT_THAT(heads_, IsEmpty());
}

TEST_F(OutwardTlsTest, TrustedCertificatesThatCannotBeReadAreNamed) {
  authorities_ = "/nowhere/authorities.pem";
  const auto answer = send("https://hooks.test:" + std::to_string(serve_tls()) + "/");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("trusted certificates cannot be read"));
}

TEST_F(OutwardTest, Case129_ANameServiceThatDoesNotAnswerCostsItsLimitAlone) {
  class Silent final : public Resolver {
   public:
    asio::awaitable<Result<Endpoints>> resolve(std::string host, std::uint16_t, Duration limit) override {
      asio::steady_timer timer(co_await asio::this_coro::executor, limit);
      co_await timer.async_wait(asio::use_awaitable);
      co_return host::not_looked_up(host, "no answer");
    }
  } silent;
  limits_.all = 50ms;
  resolver_ = &silent;
  int others = 0;
  asio::steady_timer other(io_, 1ms);
  other.async_wait([&](boost::system::error_code) { ++others; });
  const auto answer = send("http://hooks.test/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::failed);
  EXPECT_EQ(others, 1);
}

TEST_F(OutwardTest, NumbersAndLocalhostAreResolvedHere) {
  const auto port = serve_bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto answer = send("http://localhost:" + std::to_string(port) + "/", {"localhost"});
  ASSERT_TRUE(answer) << answer.error().message;
}

}  // namespace
}  // namespace autoheal::outward
