// The server accepts whole requests of the user that the kernel names, as many and as long as it has room for.
#include "tools/http/http_server.hpp"

#include <sys/resource.h>
#include <sys/wait.h>

#include <optional>

#include "tests/support/worlds/program.hpp"
#include "tests/unit/http/http_fixture.hpp"

namespace autoheal::http {
namespace {

using HttpServerTest = ServerTest;

std::string status_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n")); }

// The last answer in `conversation` is JSON of ours with this code, and the connection ends with it.
void expect_refused(const std::string& conversation, const std::string& status, const std::string& code) {
  EXPECT_TRUE(conversation.starts_with("HTTP/1.1 " + status + " ")) << conversation;
  EXPECT_NE(conversation.find("\r\nConnection: close\r\n"), std::string::npos) << conversation;
  EXPECT_NE(conversation.find("\r\nContent-Type: application/json\r\n"), std::string::npos) << conversation;
  EXPECT_NE(conversation.find("\r\n\r\n{\"error\":{\"code\":\"" + code + "\",\"message\":\""), std::string::npos)
      << conversation;
  EXPECT_EQ(conversation.find("HTTP/1.1 ", 1), std::string::npos) << "a second answer: " << conversation;
}

TEST_F(HttpServerTest, AnswersWhoAskedWithWhatWasAsked) {
  serve();
  const std::string who = std::to_string(::geteuid()) + " " + std::to_string(::getpid());
  const auto got = ask(path_, "GET", "/v1/heals?state=open");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 200U);
  EXPECT_EQ(got->server_uid, ::geteuid());
  EXPECT_EQ(got->body, "GET /v1/heals?state=open " + who + " []");
  const std::string body = "{\"engine\":\"Demo\"}" + std::string(900'000, ' ');
  const auto posted = ask(path_, "POST", "/v1/heals", body);
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->body, "POST /v1/heals " + who + " [" + body + "]");
  EXPECT_EQ(ask(path_, "GET", "/large")->body.size(), 8U << 20U);
}

TEST_F(HttpServerTest, NobodyIsSomebodyElseBecauseHeSaysSo) {
  serve();
  const std::string answer = say(get("/who?uid=0",
                                     "X-User: root\r\nX-Remote-User: 0\r\nAuthorization: Basic cm9vdDo=\r\n"
                                     "Cookie: uid=0\r\nForwarded: for=root\r\nConnection: close\r\n"));
  EXPECT_NE(answer.find("GET /who?uid=0 " + std::to_string(::geteuid()) + " " + std::to_string(::getpid())),
            std::string::npos)
      << answer;
}

TEST_F(HttpServerTest, AConnectionServesOneRequestAfterAnother) {
  serve();
  RawClient client(path_);
  for (int round = 0; round < 3; ++round) {
    client.send(get("/" + std::to_string(round), ""));
    EXPECT_NE(client.read_until("[]").find("Connection: keep-alive"), std::string::npos);
  }
  client.send(get("/a", "") + post("Content-Length: 4\r\n", "null") + get("/b"));
  const std::string answers = client.read_to_end();
  const auto first = answers.find("GET /a"), second = answers.find("POST /say"), third = answers.find("GET /b");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos) << answers;
  EXPECT_NE(answers.find("[null]"), std::string::npos);
}

TEST_F(HttpServerTest, ABodyInChunksAndOneThatWaitsForLeave) {
  serve();
  EXPECT_NE(say(post("Transfer-Encoding: chunked\r\nConnection: close\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
                .find("[abcde]"),
            std::string::npos);
  RawClient careful(path_);
  careful.send(post("Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n"));
  EXPECT_EQ(careful.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  careful.send("{}");
  EXPECT_NE(careful.read_to_end().find("[{}]"), std::string::npos);
}

TEST_F(HttpServerTest, AThrowingHandlerIsAnAnswerAndNotTheEnd) {
  serve();
  RawClient client(path_);
  for (const std::string target : {"/throw", "/throw-odd", "/odd-type"}) {
    client.send(get(target, ""));
    const std::string answer = client.read_until("}}");
    EXPECT_EQ(status_of(answer), "HTTP/1.1 500 Internal Server Error");
    EXPECT_NE(answer.find("\"code\":\"internal\""), std::string::npos) << answer;
    EXPECT_EQ(answer.find("ledger"), std::string::npos) << answer;
    EXPECT_EQ(answer.find("X-Evil"), std::string::npos) << answer;
  }
  client.send(get("/still"));
  EXPECT_NE(client.read_to_end().find("GET /still"), std::string::npos);
  on_loop([&] { EXPECT_EQ(told_.size(), 2U); });
  EXPECT_TRUE(told_.front().ends_with(": the ledger said \"no\"")) << told_.front();
}

TEST_F(HttpServerTest, ErrorsQuoteWhatTheySay) {
  const auto response = error_response(404, "not_found", "no \"x\"\n\x1b[2J", "\xff");
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(
      response.body,
      "{\"error\":{\"code\":\"not_found\",\"message\":\"no \\\"x\\\"\\u000a\\u001b[2J\",\"hint\":\"\xef\xbf\xbd\"}}");
}

TEST_F(HttpServerTest, BodiesBeyondTheLimitAreCutOff) {
  serve();
  expect_refused(say(post("Content-Length: 1048577\r\n")), "413", "body_too_large");
  expect_refused(say(post("Content-Length: 18446744073709551615\r\n")), "413", "body_too_large");
  RawClient endless(path_);
  endless.send(post("Transfer-Encoding: chunked\r\n"));
  const std::string chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
  int sent = 0;
  while (sent < 4096 && endless.send(chunk)) ++sent;
  EXPECT_LT(sent, 4096) << "256 MiB were taken";
  expect_refused(endless.read_to_end(), "413", "body_too_large");
  const std::string largest(1U << 20U, 'x');
  EXPECT_NE(say(post("Connection: close\r\nContent-Length: 1048576\r\n", largest)).find(" 200 "), std::string::npos);
  EXPECT_EQ(handled_, 1);
  const auto refused = ask(path_, "POST", "/", largest + "x");
  ASSERT_TRUE(refused) << refused.error().message;
  EXPECT_EQ(refused->status, 413U);
}

TEST_F(HttpServerTest, HeadersBeyondTheLimitAreCutOff) {
  serve();
  expect_refused(say(get("/", "X-Long: " + std::string(20'000, 'x') + "\r\n")), "431", "header_too_large");
  expect_refused(say("GET /" + std::string(20'000, 'x')), "431", "header_too_large");
  std::string many;
  for (int line = 0; line < 2000; ++line) many += "X: 1234567\r\n";
  expect_refused(say(get("/", many)), "431", "header_too_large");
  // A chunk's size may stand in a line without end, too.
  expect_refused(say(post("Transfer-Encoding: chunked\r\n", "1" + std::string(40'000, ' '))), "400", "bad_request");
  expect_refused(say(post("Transfer-Encoding: chunked\r\n", "0\r\nX: " + std::string(40'000, 'x'))), "400",
                 "bad_request");
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, SlowSendersAreTimedOut) {
  Limits limits;
  limits.head_within = std::chrono::milliseconds(50);
  limits.body_within = std::chrono::milliseconds(50);
  serve(limits);
  expect_refused(say("GET / HTTP/1.1\r\nHost: auto"), "408", "timed_out");
  expect_refused(say(post("Content-Length: 10\r\n", "12345")), "408", "timed_out");
  expect_refused(say(post("Transfer-Encoding: chunked\r\n", "5\r\n123")), "408", "timed_out");
  // A byte now and then is no reason for more time.
  RawClient dripping(path_);
  std::string text = "GET /";
  while (dripping.send(std::exchange(text, "x"))) {
    pollfd one{dripping.descriptor(), POLLIN, 0};
    if (::poll(&one, 1, 1) > 0) break;
  }
  EXPECT_EQ(handled_, 0);
  expect_refused(dripping.read_to_end(), "408", "timed_out");
}

TEST_F(HttpServerTest, IdleConnectionsAreClosedInSilence) {
  Limits limits;
  limits.idle = std::chrono::milliseconds(30);
  serve(limits);
  EXPECT_EQ(say(""), "");
  std::optional<RawClient> asking;
  on_loop([&] {  // the server looks when all of it is there
    asking.emplace(path_);
    asking->send(get("/", ""));
  });
  const std::string once = asking->read_to_end();
  EXPECT_NE(once.find("keep-alive"), std::string::npos);
  EXPECT_EQ(once.find("HTTP/1.1 ", 1), std::string::npos);
}

TEST_F(HttpServerTest, AnAnswerThatNobodyTakesIsGivenUp) {
  Limits limits;
  limits.answer_within = std::chrono::milliseconds(50);
  limits.connections = 1;
  serve(limits);
  RawClient deaf(path_);
  deaf.send(get("/large"));
  // Its place is free again, though it still stands there.
  while (status_at("/next") != 200) {
  }
  EXPECT_LT(deaf.read_to_end().size(), 8U << 20U);
}

TEST_F(HttpServerTest, AnAnswerThatASocketDoesNotTakeAtOnceComesWhole) {
  serve();
  RawClient slow(path_);
  slow.send(get("/numbers"));
  ASSERT_EQ(status_at("/next"), 200U) << "the first part waits to be taken";
  const std::string answer = slow.read_to_end();
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), numbers());
}

TEST_F(HttpServerTest, AStreamThatIsTakenSlowlyGoesOn) {
  Limits limits;
  limits.stream_taken_within = std::chrono::milliseconds(200);
  serve(limits);
  RawClient slow(path_);
  slow.send(get("/endless"));
  // The socket holds more than is taken in that time.
  const auto until = std::chrono::steady_clock::now() + 3 * limits.stream_taken_within;
  std::array<char, 1024> piece;
  ssize_t got = 1;
  for (auto due = std::chrono::steady_clock::now(); got > 0 && due < until; due += std::chrono::milliseconds(2)) {
    while (std::chrono::steady_clock::now() < due) EXPECT_EQ(status_at("/next"), 200U) << "others are served";
    got = ::recv(slow.descriptor(), piece.data(), piece.size(), 0);
  }
  EXPECT_GT(got, 0);
  while (status_at("/next") != 200) {
  }
  on_loop([&] { server_->leave(); });
}

TEST_F(HttpServerTest, AStreamThatNobodyTakesIsGivenUp) {
  Limits limits;
  limits.stream_taken_within = std::chrono::milliseconds(50);
  limits.streams = 1;
  serve(limits);
  RawClient deaf(path_);
  deaf.send(get("/endless"));
  deaf.read_until("begins");
  while (status_at("/pieces") != 200) {
  }
}

TEST_F(HttpServerTest, AStreamThatIsTakenAtOnceLeavesOthersTheirTurn) {
  serve();
  RawClient fast(path_);
  fast.send(get("/endless"));
  const std::jthread reads([&] { fast.read_to_end(); });
  EXPECT_EQ(status_at("/next"), 200U);
  on_loop([&] { server_->leave(); });
}

TEST_F(HttpServerTest, ARequestThatIsHandledHasNoLimit) {
  Limits limits;
  limits.head_within = limits.body_within = limits.answer_within = std::chrono::milliseconds(40);
  serve(limits);
  auto answer = std::async(std::launch::async, [&] { return ask(path_, "GET", "/wait"); });
  waiting_.get_future().wait();
  // Another one that sends slowly is timed out meanwhile: the limits have passed.
  expect_refused(say("GET / HT"), "408", "timed_out");
  expect_refused(say(post("Content-Length: 2\r\n", "{")), "408", "timed_out");
  on_loop([&] { go_.cancel(); });
  EXPECT_EQ(answer.get()->status, 200U);
}

TEST_F(HttpServerTest, SmuggledRequestsAreRefusedAndEndTheConnection) {
  serve();
  const std::string second = get("/smuggled");
  const std::vector<std::string> heads = {
      post("Content-Length: 0\r\nContent-Length: 0\r\n"),
      post("Content-Length: 0\r\nContent-Length: 5\r\n"),
      post("Content-Length: 0, 0\r\n"),
      post("Content-Length: -1\r\n"),
      post("Content-Length: +0\r\n"),
      post("Content-Length: 0x0\r\n"),
      post("Content-Length: 18446744073709551616\r\n"),
      post("Content-Length:\r\n"),
      post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: xchunked\r\n"),
      post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: \x0b"
           "chunked\r\n",
           "0\r\n\r\n"),
      post("X: y\r\n Transfer-Encoding: chunked\r\n"),
      post("X: y\r\n\tfolded\r\n"),
      post("X: y\nContent-Length: 0\r\n"),
      post("X: y\rContent-Length: 0\r\n"),
      post("X: y\r\n\nGET / HTTP/1.1\r\n"),
      post(std::string("X: a\0b\r\n", 8)),
      post(std::string("X\0: b\r\n", 7)),
      "GET / HTTP/1.1\nHost: autoheal\n\n",
      "\r\nGET / HTTP/1.1\r\nHost: autoheal\r\n\r\n",
      " GET / HTTP/1.1\r\nHost: autoheal\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: autoheal\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: autoheal\r\n\r\n",
      "GET /\r\nHost: autoheal\r\n\r\n",
      "GET / HTTP/1.1\r\n Host: autoheal\r\n\r\n",
      "GET http://autoheal/ HTTP/1.1\r\nHost: autoheal\r\n\r\n",
      "GET /\xc3\xa4 HTTP/1.1\r\nHost: autoheal\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: autoheal\r\nHost: autoheal\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      get("/", "Content-Length: 5\r\n"),
      get("/", "Transfer-Encoding: chunked\r\n"),
      std::string("POST / HTTP/1.0\r\nHost: autoheal\r\nContent-Type: application/json\r\n") +
          "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      post("Transfer-Encoding: chunked\r\n", "0;x=\"\n\"\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\n", "1;ext\r\nx\r\n0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\n", "1\nx\n0\n\n"),
      post("Transfer-Encoding: chunked\r\n", "-1\r\nx\r\n0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\n", "0x1\r\nx\r\n0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\n", "1\r\nxyz\r\n0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\n", "10000000000000001\r\nx\r\n0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 5\r\n\r\n"),
  };
  for (const std::string& head : heads) {
    SCOPED_TRACE(::testing::PrintToString(head));
    expect_refused(say(head + second), "400", "bad_request");
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, WhatWebPagesSendIsRefused) {
  serve();
  for (const std::string origin : {"http://evil.example", "null", "http://localhost", ""}) {
    expect_refused(say(get("/", "Origin: " + origin + "\r\n")), "403", "foreign_origin");
  }
  for (const std::string host :
       {"evil.example", "autoheal.evil.example", "localhost:80", "127.0.0.1", "AUTOHEAL", "", "autoheal, evil"}) {
    expect_refused(say("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"), "403", "foreign_host");
  }
  const std::string form = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n";
  for (const std::string type :
       {"", "Content-Type: application/x-www-form-urlencoded\r\n", "Content-Type: text/plain\r\n",
        "Content-Type: multipart/form-data; boundary=x\r\n", "Content-Type: application/jsonx\r\n",
        "Content-Type: text/plain; application/json\r\n",
        "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"}) {
    expect_refused(say(form + type + "\r\n{}"), "415", "unsupported_media_type");
  }
  EXPECT_EQ(handled_, 0);
  EXPECT_NE(say(form + "Content-Type: Application/JSON ; charset=utf-8\r\nConnection: close\r\n\r\n{}").find("[{}]"),
            std::string::npos);
  const std::string preflight =
      say("OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil\r\n"
          "Access-Control-Request-Method: POST\r\n\r\n");
  EXPECT_EQ(preflight.find("Access-Control"), std::string::npos);
}

TEST_F(HttpServerTest, OtherMethodsAreRefused) {
  serve();
  for (const std::string method : {"PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "QUERY"}) {
    const std::string answer = say(method + " / HTTP/1.1\r\nHost: autoheal\r\n\r\n");
    expect_refused(answer, "405", "method_not_allowed");
    EXPECT_NE(answer.find("\r\nAllow: GET, HEAD, POST\r\n"), std::string::npos);
  }
  expect_refused(say(post("Expect: a-miracle\r\nContent-Length: 2\r\n", "{}")), "417", "expectation_failed");
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, HeadIsAnsweredLikeGetButWithoutTheBody) {
  serve();
  const std::string answer = say("HEAD /tagged HTTP/1.1\r\nHost: autoheal\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nContent-Length: 6\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  const std::string stream = say("HEAD /endless HTTP/1.1\r\nHost: autoheal\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(stream.ends_with("\r\n\r\n")) << "its body is never begun: " << stream;
}

TEST_F(HttpServerTest, AnAnswerCarriesHeadersOfItsOwnButNothingThatBreaksALine) {
  serve();
  EXPECT_NE(say(get("/tagged")).find("\r\nETag: \"1\"\r\n"), std::string::npos);
  expect_refused(say(get("/odd-header")), "500", "internal");
}

TEST_F(HttpServerTest, AHandlerSeesTheHeadersItMayReadAndNoOthers) {
  serve();
  const std::string answer = say(get("/headers",
                                     "If-None-Match: \"1\"\r\nX-Forwarded-For: 1.2.3.4\r\nCookie: a=b\r\n"
                                     "AUTHORIZATION: Bearer x\r\nConnection: close\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nauthorization=Bearer x;if-none-match=\"1\";")) << answer;
  expect_refused(say(get("/headers", "Traceparent: x\r\nTraceparent: y\r\n")), "400", "bad_request");
  const std::string two = say(get("/headers",
                                  "Authorization: Bearer x\r\nAuthorization: Bearer y\r\n"
                                  "Connection: close\r\n"));
  EXPECT_TRUE(two.ends_with("\r\n\r\nauthorization=Bearer x, Bearer y;")) << "none of them alone: " << two;
}

TEST_F(HttpServerTest, ABodyThatComesInPiecesEndsWhereItShould) {
  serve();
  RawClient client(path_);
  client.send(get("/pieces", ""));
  const std::string answer = client.read_until("0\r\n\r\n");
  EXPECT_NE(answer.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n")) << answer;
  client.send(get("/after"));
  EXPECT_NE(client.read_to_end().find("GET /after"), std::string::npos) << "the connection goes on";
  const std::string old = say("GET /pieces HTTP/1.0\r\nHost: autoheal\r\n\r\n");
  EXPECT_TRUE(old.ends_with("\r\n\r\none two")) << "HTTP/1.0 knows no chunks: " << old;
}

TEST_F(HttpServerTest, ABodyThatCannotBeMadeWholeHasNoEnd) {
  serve();
  const std::string answer = say(get("/broken", ""));
  EXPECT_TRUE(answer.ends_with("4\r\none \r\n")) << answer;
}

TEST_F(HttpServerTest, AStreamEndsWhenTheServerStops) {
  serve();
  RawClient client(path_);
  client.send(get("/endless", ""));
  client.read_until("begins");
  on_loop([&] { server_->stop(); });
  client.read_to_end();
}

TEST_F(HttpServerTest, ErrorsBelowApiAreProblems) {
  serve();
  const std::string answer = say(get("/api/v1/engines", "Origin: http://evil\r\n"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with(R"({"type":"about:blank","title":"Forbidden","status":403,"detail":"requests of web )"
                               R"(pages are not served","code":"foreign_origin","hint":"send no Origin"})"))
      << answer;
}

TEST_F(HttpServerTest, ManyIdleConnectionsKeepNobodyOut) {
  Limits limits;
  limits.connections_per_uid = limits.connections = 220;
  serve(limits);
  std::vector<RawClient> idle, half;
  for (int count = 0; count < 100; ++count) {
    idle.emplace_back(path_);
    half.emplace_back(path_).send("GET / HT");
  }
  const auto answer = ask(path_, "GET", "/me-too", {}, std::chrono::seconds(20));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200U);
}

TEST_F(HttpServerTest, OneUserCannotLockOutTheOthers) {
  Limits limits;
  limits.connections_per_uid = 2;
  serve(limits);
  RawClient first(path_), second(path_);
  for (RawClient* one : {&first, &second}) {
    one->send(get("/", ""));
    one->read_until("[]");
  }
  expect_refused(say(get()), "503", "too_many_connections");
  const auto turned_away = ask(path_, "POST", "/", std::string(1U << 20U, ' '));
  ASSERT_TRUE(turned_away) << turned_away.error().message;
  EXPECT_EQ(turned_away->status, 503U);
  if (::geteuid() == 0) {
    const pid_t other = ::fork();
    if (other == 0) {
      if (::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
      const auto answer = ask(path_, "GET", "/");
      ::_exit(answer && answer->status == 200 && answer->body.starts_with("GET / 65534 ") ? 0 : 2);
    }
    int status = -1;
    ::waitpid(other, &status, 0);
    EXPECT_EQ(status, 0);
  }
  first.close();
  while (status_at("/") != 200) {
  }
}

// Each request that waits for a heal has its connection, so as many can wait as may be connected, and no more.
TEST_F(HttpServerTest, Case121_SurplusRequestsAreRefusedAtOnceWithATimeAndAllOthersAreAnswered) {
  serve();
  const std::size_t room = Limits().connections_per_uid;
  std::vector<RawClient> waiting;
  for (std::size_t count = 0; count < room; ++count) waiting.emplace_back(path_).send(get("/stand"));
  while (handled_ < static_cast<int>(room)) on_loop([] {});
  const auto descriptors = [] {
    const fs::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto before = descriptors();
  const int surplus = autoheal::testing::long_runs() ? 100'000 : 20'000;
  for (int count = 0; count < surplus; ++count) {
    const std::string answer = say("");
    ASSERT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    ASSERT_NE(answer.find("\r\nRetry-After: 1\r\n"), std::string::npos) << answer;
    ASSERT_NE(answer.find("try again in a second"), std::string::npos) << answer;
  }
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(handled_, static_cast<int>(room)) << "none of them came in";
  on_loop([&] { go_.cancel(); });
  for (RawClient& one : waiting) EXPECT_NE(one.read_to_end().find(" 200 OK"), std::string::npos);
  while (status_at("/next") != 200) {
  }
}

TEST_F(HttpServerTest, MoreConnectionsThanThereIsRoomForAreTurnedAway) {
  Limits limits;
  limits.connections = 1;
  serve(limits);
  RawClient only(path_);
  only.send(get("/", ""));
  only.read_until("[]");
  expect_refused(say(get()), "503", "too_many_connections");
}

TEST_F(HttpServerTest, StopTakesTheSocketAwayAndLetsRunningRequestsFinish) {
  serve();
  RawClient idle(path_), half(path_), running(path_);
  idle.send(get("/", ""));
  idle.read_until("[]");
  half.send("POST / HT");
  running.send(get("/wait", "") + get("/never", ""));
  waiting_.get_future().wait();
  std::promise<void> finished;
  std::atomic<bool> is_finished = false;
  on_loop([&] {
    server_->stop();
    asio::co_spawn(loop_, server_->finished(), [&](const std::exception_ptr&) {
      is_finished = true;
      finished.set_value();
    });
  });
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_FALSE(*somebody_listens(path_));
  EXPECT_EQ(ask(path_, "GET", "/").error().kind, ErrorKind::not_found);
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(half.read_to_end(), "");
  EXPECT_FALSE(is_finished);
  on_loop([&] { go_.cancel(); });
  finished.get_future().wait();
  const std::string answer = running.read_to_end();
  EXPECT_NE(answer.find("GET /wait"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("/never"), std::string::npos) << answer;
}

TEST_F(HttpServerTest, ASecondServerIsBusyAndTheFirstGoesOn) {
  serve();
  asio::io_context other(1);
  const auto second = HttpServer::listen(other.get_executor(), path_, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::busy);
  EXPECT_EQ(status_at("/"), 200U);
}

TEST_F(HttpServerTest, Case122_WithoutDescriptorsItWaitsAndGoesOn) {
  serve();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  std::optional<RawClient> client;
  on_loop([&] {
    client.emplace(path_);
    client->send(get());
    const rlimit none{3, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  });
  on_loop([&] { ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0); });
  EXPECT_NE(client->read_to_end().find(" 200 OK"), std::string::npos);
}

TEST_F(HttpServerTest, TheLoopMayEndWhileARequestIsHandled) {
  serve();
  RawClient client(path_);
  client.send(get("/wait"));
  waiting_.get_future().wait();
  RawClient half(path_);
  half.send("GET / HT");
  on_loop([&] { loop_.stop(); });
  thread_.join();
  server_.reset();
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(HttpServerTest, AClientThatGoesAwayLeavesNothingBehind) {
  Limits limits;
  limits.connections = 1;
  serve(limits);
  {
    RawClient gone(path_);
    gone.send(get("/wait"));
    waiting_.get_future().wait();
  }
  EXPECT_EQ(status_at("/"), 503U) << "its request is still handled";
  on_loop([&] { go_.cancel(); });
  while (status_at("/") != 200) {
  }
}

}  // namespace
}  // namespace autoheal::http
