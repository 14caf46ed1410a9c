// A stream goes on for as long as the one who asked for it may have it.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "tools/autoheal/api/authentication.hpp"

namespace autoheal::cli {
namespace {

namespace asio = boost::asio;
using Piece = Result<std::optional<std::string>>;

Piece next_of(const http::Response& response) {
  asio::io_context context;
  Piece got = failure(ErrorKind::failed, "nothing came");
  auto ask = [&]() -> asio::awaitable<void> { got = co_await response.more(); };
  asio::co_spawn(context, ask, asio::detached);
  context.run();
  return got;
}

TEST(StreamEnd, Case8_ATokenThatIsRevokedMeanwhileEndsTheStream) {
  bool is_valid = true;
  http::Response endless = http::response_with(200, "", "application/jsonl");
  endless.more = []() -> asio::awaitable<Piece> { co_return std::optional<std::string>("a line\n"); };
  const http::Response response = while_still([&] { return is_valid; }, std::move(endless));
  for (int count = 0; count < 3; ++count) EXPECT_EQ(next_of(response).value(), "a line\n");
  is_valid = false;
  const Piece last = next_of(response);
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().kind, ErrorKind::refused);
}

TEST(StreamEnd, AnAnswerThatIsNoStreamStaysAsItIs) {
  const http::Response response = while_still([] { return false; }, http::response_with(200, "whole"));
  EXPECT_EQ(response.body, "whole");
  EXPECT_FALSE(response.more);
}

}  // namespace
}  // namespace autoheal::cli
