// The command line's side: whom it trusts, what it makes of servers that end or do not know their trade.
#include "tools/http/http_client.hpp"

#include <sys/wait.h>

#include "tests/unit/http/http_fixture.hpp"

namespace autoheal::http {
namespace {

// Accepts one connection, reads a request's head, says `answer` and closes.
class OneAnswer {
 public:
  OneAnswer(const std::string& path, std::string answer) : listening_(*listen_at(path)) {
    thread_ = std::jthread([this, answer = std::move(answer)] {
      pollfd one{listening_.socket.get(), POLLIN, 0};
      if (::poll(&one, 1, 20'000) <= 0) return;
      const UniqueFd client(::accept(listening_.socket.get(), nullptr, nullptr));
      std::string seen;
      std::array<char, 4096> piece;
      while (seen.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(client.get(), piece.data(), piece.size(), 0);
        if (got <= 0) return;
        seen.append(piece.data(), static_cast<std::size_t>(got));
      }
      for (std::string_view left = answer; !left.empty();) {
        const ssize_t sent = ::send(client.get(), left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        left.remove_prefix(static_cast<std::size_t>(sent));
      }
    });
  }

 private:
  ListeningSocket listening_;
  std::jthread thread_;
};

class HttpClientTest : public FolderTest {
 protected:
  Result<Answer> answer_to(const std::string& said) {
    const OneAnswer server(path_, said);
    return ask(path_, "GET", "/");
  }
};

TEST_F(HttpClientTest, NoDaemon) {
  EXPECT_EQ(ask(path_, "GET", "/").error().kind, ErrorKind::not_found);
  leave_stale_socket(path_);
  EXPECT_EQ(ask(path_, "GET", "/").error().kind, ErrorKind::not_found);
}

TEST_F(HttpClientTest, ADaemonThatEndsBeforeItAnswers) {
  for (const std::string said : {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}) {
    const auto answer = answer_to(said);
    ASSERT_FALSE(answer) << said;
    EXPECT_EQ(answer.error().kind, ErrorKind::unavailable) << answer.error().message;
    EXPECT_EQ(answer.error().message, "the daemon ended before it answered");
  }
}

TEST_F(HttpClientTest, WhatIsNotHttpAndWhatIsTooLong) {
  EXPECT_EQ(answer_to("220 mail.example ESMTP\r\n\r\n").error().kind, ErrorKind::failed);
  const auto long_one = answer_to("HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n\r\n");
  ASSERT_FALSE(long_one);
  EXPECT_EQ(long_one.error().kind, ErrorKind::failed);
  EXPECT_NE(long_one.error().message.find("67108864 bytes"), std::string::npos) << long_one.error().message;
  const auto whole = answer_to("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->status, 404U);
  EXPECT_EQ(whole->body, "gone");
}

TEST_F(HttpClientTest, WaitsNoLongerThanSaid) {
  const auto deaf = listen_at(path_);
  ASSERT_TRUE(deaf);
  const auto answer = ask(path_, "GET", "/", {}, std::chrono::milliseconds(30));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timed_out) << answer.error().message;
  const auto unread = ask(path_, "POST", "/", std::string(8U << 20U, ' '), std::chrono::milliseconds(30));
  ASSERT_FALSE(unread);
  EXPECT_EQ(unread.error().kind, ErrorKind::timed_out) << unread.error().message;
}

TEST_F(HttpClientTest, NothingIsSentThatWouldBeTwoRequests) {
  const auto listening = listen_at(path_);
  ASSERT_TRUE(listening);
  for (const std::string target : {"", "heals", "/a b", "/a\r\nX: y", "/\x7f", "/\xc3\xa4"}) {
    EXPECT_EQ(ask(path_, "GET", target).error().kind, ErrorKind::invalid) << target;
  }
  EXPECT_EQ(ask(path_, "PUT", "/").error().kind, ErrorKind::invalid);
  EXPECT_EQ(ask(path_, "GET", "/", "body").error().kind, ErrorKind::invalid);
}

TEST_F(HttpClientTest, TheServerMustBeWhoIsExpected) {
  const auto listening = listen_at(path_);
  ASSERT_TRUE(listening);
  const auto answer = ask(path_, "GET", "/", {}, {}, ::geteuid() + 1);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::refused);
  EXPECT_NE(answer.error().message.find("user " + std::to_string(::geteuid()) + " listens at"), std::string::npos)
      << answer.error().message;
}

// Listens at `path` as the user nobody and stays until its input closes; tells when it listens.
class PlantedServer {
 public:
  explicit PlantedServer(const std::string& path) {
    std::array<int, 2> ready{}, stay{};
    (void)!::pipe2(ready.data(), O_CLOEXEC);
    (void)!::pipe2(stay.data(), O_CLOEXEC);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(stay[1]);
      if (::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
      const auto listening = listen_at(path);
      char byte = listening ? 'y' : 'n';
      (void)!::write(ready[1], &byte, 1);
      (void)!::read(stay[0], &byte, 1);
      ::_exit(0);
    }
    ::close(ready[1]);
    ::close(stay[0]);
    stays_ = UniqueFd(stay[1]);
    char byte = 'n';
    (void)!::read(ready[0], &byte, 1);
    ::close(ready[0]);
    EXPECT_EQ(byte, 'y');
  }
  ~PlantedServer() {
    stays_.reset();
    ::waitpid(child_, nullptr, 0);
  }
  PlantedServer(const PlantedServer&) = delete;
  PlantedServer& operator=(const PlantedServer&) = delete;

 private:
  UniqueFd stays_;
  pid_t child_ = -1;
};

TEST_F(HttpClientTest, ASocketThatAnotherUserPlantedIsNotObeyed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can plant a socket of another user";
  ASSERT_EQ(::chown(base_.c_str(), 0, 65534), 0);
  ASSERT_EQ(::chmod(base_.c_str(), 0775), 0);
  ASSERT_EQ(::setegid(65534), 0);
  const PlantedServer planted(path_);
  ASSERT_EQ(::setegid(0), 0);
  const auto refused = ask(path_, "GET", "/", {}, std::chrono::milliseconds(30));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused) << refused.error().message;
  // In a folder of that user's own, that is whom to talk to; it just does not answer.
  ASSERT_EQ(::chown(base_.c_str(), 65534, 65534), 0);
  EXPECT_EQ(ask(path_, "GET", "/", {}, std::chrono::milliseconds(30)).error().kind, ErrorKind::timed_out);
}

}  // namespace
}  // namespace autoheal::http
