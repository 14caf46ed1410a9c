#include <gtest/gtest.h>

#include <map>

#include "tools/host/probe/http_answer.hpp"

namespace autoheal::host {
namespace {

struct Read {
  unsigned status = 0;
  std::string body, problem;
  bool operator==(const Read&) const = default;
  friend void PrintTo(const Read& read, std::ostream* out) {
    *out << read.status << " \"" << read.body.substr(0, 200) << "\" " << read.problem;
  }
};

using Wanted = HttpAnswerReader::Wanted;
constexpr Wanted whole = {1U << 20U, 0, false};

// In pieces of `step` bytes, then the end of the connection.
Read read_in_steps(const std::string& sent, std::size_t step, const Wanted& wanted = whole) {
  HttpAnswerReader reader(wanted);
  Result<void> taken;
  for (std::size_t at = 0; at < sent.size() && taken && !reader.done(); at += step)
    taken = reader.take(std::string_view(sent).substr(at, step));
  if (taken && !reader.done()) taken = reader.ended();
  if (!taken) return {0, {}, taken.error().message};
  return {reader.status(), reader.body(), {}};
}

// The same however it is cut.
Read read_all(const std::string& sent, const Wanted& wanted = whole) {
  const Read at_once = read_in_steps(sent, sent.size() + 1, wanted);
  for (const std::size_t step : {1U, 7U}) EXPECT_EQ(read_in_steps(sent, step, wanted), at_once) << sent.substr(0, 300);
  return at_once;
}

std::string field(std::size_t bytes) { return "X: " + std::string(bytes - 5, 'x') + "\r\n"; }

TEST(HttpAnswer, WhatBrowsersAndCurlAcceptIsRead) {
  const std::string ok = "Content-Length: 3\r\n\r\nok\n";
  const std::string chunks = "Transfer-Encoding: chunked\r\n\r\n";
  const std::map<std::string, std::string> sent = {
      {"plain", "HTTP/1.1 200 OK\r\n" + ok},
      {"103 early hints", "HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\nHTTP/1.1 200 OK\r\n" + ok},
      {"100 continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + ok},
      {"100, 102, 103, 103",
       "HTTP/1.1 100\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 A\r\nX: y\r\n\r\n"
       "HTTP/1.1 103 B\r\nContent-Length: 7\r\n\r\nHTTP/1.1 200 OK\r\n" +
           ok},
      {"an unknown 1xx", "HTTP/1.1 199 Soon\r\n\r\nHTTP/1.1 200 OK\r\n" + ok},
      {"no reason phrase", "HTTP/1.1 200\r\n" + ok},
      {"no reason phrase but its blank", "HTTP/1.1 200 \r\n" + ok},
      {"a reason phrase in UTF-8", "HTTP/1.1 200 Schön, 好\r\n" + ok},
      {"several blanks", "HTTP/1.1  200   OK\r\n" + ok},
      {"LF alone", "HTTP/1.1 200 OK\nContent-Length: 3\nX: y\n\nok\n"},
      {"LF and CR LF", "HTTP/1.1 200 OK\nX: y\r\nContent-Length: 3\n\r\nok\n"},
      {"1xx with LF alone", "HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\n\nok\n"},
      {"an empty line first", "\r\n\r\nHTTP/1.1 200 OK\r\n" + ok},
      {"HTTP/1.0 without a length", "HTTP/1.0 200 OK\r\nServer: old\r\n\r\nok\n"},
      {"HTTP/1.0 without any field", "HTTP/1.0 200 OK\r\n\r\nok\n"},
      {"Connection: close without a length", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok\n"},
      {"HTTP/2 in words", "HTTP/2 200\r\n" + ok},
      {"no version", "HTTP 200 OK\r\n" + ok},
      {"obs-fold", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\n" + ok},
      {"obs-fold of the length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n 3\r\n\r\nok\n"},
      {"a blank before the first field", "HTTP/1.1 200 OK\r\n X: y\r\n" + ok},
      {"a blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nok\n"},
      {"no blank after the colon", "HTTP/1.1 200 OK\r\nContent-Length:3\r\n\r\nok\n"},
      {"a field without a value", "HTTP/1.1 200 OK\r\nX:\r\n" + ok},
      {"a field in Latin-1", "HTTP/1.1 200 OK\r\nX: caf\xe9\r\n" + ok},
      {"a line that is no field", "HTTP/1.1 200 OK\r\nnonsense\r\n" + ok},
      {"names in any case", "HTTP/1.1 200 OK\r\ncONTENT-lENGTH: 3\r\n\r\nok\n"},
      {"the length twice", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + ok},
      {"the length twice in one field", "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nok\n"},
      {"a length that says nothing", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok\n"},
      {"a length beyond all numbers", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok\n"},
      {"something after the body", "HTTP/1.1 200 OK\r\n" + ok + "HTTP/1.1 500 Other\r\n\r\n"},
      {"chunks", "HTTP/1.1 200 OK\r\n" + chunks + "2\r\nok\r\n1\r\n\n\r\n0\r\n\r\n"},
      {"chunks with LF alone", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n1\n\n\n0\n\n"},
      {"chunks with extensions",
       "HTTP/1.1 200 OK\r\n" + chunks + "2;a=\"b\";c\r\nok\r\n01 ;d\r\n\n\r\n000;e=f\r\n\r\n"},
      {"chunks with blanks", "HTTP/1.1 200 OK\r\n" + chunks + "3   \r\nok\n\r\n0  \r\n\r\n"},
      {"chunks with trailers",
       "HTTP/1.1 200 OK\r\n" + chunks + "3\r\nok\n\r\n0\r\nDigest: x\r\nContent-Length: 9\r\n\r\n"},
      {"chunks without the last line", "HTTP/1.1 200 OK\r\n" + chunks + "3\r\nok\n\r\n0\r\n"},
      {"chunks and a length", "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n" + chunks + "3\r\nok\n\r\n0\r\n\r\n"},
      {"chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\n" + chunks + "3\r\nok\n\r\n0\r\n\r\n"},
      {"Chunked, and identity",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, Chunked\r\n\r\n3\r\nok\n\r\n0\r\n\r\n"},
      {"identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n" + ok},
      {"chunked and then another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, x\r\n\r\nok\n"},
  };
  for (const auto& [name, bytes] : sent) EXPECT_EQ(read_all(bytes), (Read{200, "ok\n", {}})) << name;
}

TEST(HttpAnswer, ABodyFollowsOnlyWhereOneCan) {
  for (const std::string status : {"204 No Content", "304 Not Modified", "101 Switching Protocols"}) {
    const Read read = read_all("HTTP/1.1 " + status + "\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(read, (Read{static_cast<unsigned>(std::stoul(status)), {}, {}}));
  }
  EXPECT_EQ(read_all("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {1024, 0, true}), (Read{200, {}, {}}));
  EXPECT_EQ(read_all("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), (Read{200, {}, {}}));
}

TEST(HttpAnswer, TheStatusIsEnoughWhereNoBodyIsWanted) {
  const std::string open = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
  EXPECT_EQ(read_all(open, {0, 0, false}), (Read{200, {}, {}}));
  EXPECT_EQ(read_all(open, {1024, 204, false}), (Read{200, {}, {}}));
  EXPECT_NE(read_all(open).problem.find("shorter than it says"), std::string::npos);
}

TEST(HttpAnswer, WhatIsBeyondTheLimitOfABodyIsNotReadAndNoError) {
  for (const std::string head : {"\r\n", "Content-Length: 10\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\na\r\n"})
    EXPECT_EQ(read_all("HTTP/1.1 200 OK\r\n" + head + "0123456789", {4, 0, false}), (Read{200, "0123", {}}));
}

TEST(HttpAnswer, FieldsMayHave64KiBAndNoMore) {
  const std::string length = "Content-Length: 3\r\n";
  std::string fields = length;
  while (fields.size() + 1024 <= http_fields_limit) fields += field(1024);
  fields += field(http_fields_limit - fields.size());
  ASSERT_EQ(fields.size(), http_fields_limit);
  EXPECT_EQ(read_all("HTTP/1.1 200 OK\r\n" + fields + "\r\nok\n"), (Read{200, "ok\n", {}}));
  EXPECT_EQ(read_all("HTTP/1.1 200 OK\r\n" + length + field(http_fields_limit - length.size()) + "\r\nok\n"),
            (Read{200, "ok\n", {}}));
  EXPECT_EQ(read_all("HTTP/1.1 103 Early Hints\r\n" + fields + "\r\nHTTP/1.1 200 OK\r\n" + fields + "\r\nok\n"),
            (Read{200, "ok\n", {}}));
  EXPECT_EQ(read_all("HTTP/1.1 200 OK\r\n" + fields + "a: b\r\n\r\nok\n").problem,
            "what it sends is no HTTP answer: its header fields are longer than 64 KiB");
}

TEST(HttpAnswer, ManyChunksAreNoLongHead) {
  std::string sent = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body;
  for (int number = 0; number < 100000; ++number) {
    sent += "1\r\nx\r\n";
    body += 'x';
  }
  EXPECT_EQ(read_in_steps(sent + "0\r\nDigest: y\r\n\r\n", 4096), (Read{200, body, {}}));
}

TEST(HttpAnswer, WhatNeverBeginsOrEndsIsCutOff) {
  std::string announced;
  while (announced.size() < 400000) announced += "HTTP/1.1 102 Processing\r\n\r\n";
  EXPECT_NE(read_in_steps(announced, 4096).problem.find("announces itself without end"), std::string::npos);
  EXPECT_NE(read_in_steps("HTTP/1.1 200 " + std::string(20000, 'x'), 100).problem.find("8 KiB"), std::string::npos);
  EXPECT_NE(read_in_steps(std::string(20000, '\n'), 100).problem.find("8 KiB"), std::string::npos);
  const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_NE(read_in_steps(chunks + "1;" + std::string(20000, 'x'), 100).problem.find("8 KiB"), std::string::npos);
  EXPECT_NE(read_in_steps(chunks + "0\r\n" + field(70000), 100).problem.find("64 KiB"), std::string::npos);
}

TEST(HttpAnswer, WhatIsNoAnswerIsRefusedAndSaysWhy) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::map<std::string, std::string> refused = {
      {"", "without an answer"},
      {"HTTP/1.1 200 O", "before a status line"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "does not begin with"},
      {"HTTPX/1.1 200 OK\r\n\r\n", "does not begin with"},
      {"HTTP/1.1 20 OK\r\n\r\n", "does not begin with"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "does not begin with"},
      {"HTTP/1.1 099 OK\r\n\r\n", "does not begin with"},
      {"HTTP/1.1\r\n\r\n", "does not begin with"},
      {"<html>hello</html>\n", "does not begin with"},
      {ok + "X: y\r\n", "within its header fields"},
      {ok + "X: a" + std::string(1, '\0') + "b\r\n\r\n", "zero byte"},
      {ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nok\n", "two Content-Lengths"},
      {ok + "Content-Length: 3, 4\r\n\r\nok\n", "two Content-Lengths"},
      {ok + "Content-Length: x\r\n\r\nok\n", "no number"},
      {ok + "Content-Length: -3\r\n\r\nok\n", "no number"},
      {ok + "Content-Length: 3\r\n\r\nok", "shorter than it says"},
      {ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nok\n", "before its last chunk"},
      {ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nok", "before its last chunk"},
      {ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nok\r\n", "longer than it says"},
      {ok + "Transfer-Encoding: chunked\r\n\r\nx\r\n", "no number"},
      {ok + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", "no number"},
      {"HTTP/1.1 103 Early Hints\r\n\r\n", "before a status line"},
  };
  for (const auto& [sent, why] : refused)
    EXPECT_NE(read_all(sent).problem.find(why), std::string::npos) << sent << "\n" << read_all(sent).problem;
}

}  // namespace
}  // namespace autoheal::host
