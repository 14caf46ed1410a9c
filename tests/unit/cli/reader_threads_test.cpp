// The threads of readers end before those who wait for them: what is left of these is destroyed last.
#include "tools/autoheal/threads/reader_threads.hpp"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace autoheal::cli {
namespace {

// At the end of the daemon. The address sanitizer sees what touches the threads then.
TEST(ReaderThreads, WhoWaitsForThemMayOutliveThem) {
  auto server = std::make_unique<boost::asio::io_context>();
  auto readers = ReaderThreads::start();
  ASSERT_TRUE(readers.has_value());
  bool came_back = false;
  auto ask = [&came_back, &threads = **readers]() -> boost::asio::awaitable<void> {
    auto read = []() -> Result<int> { return 1; };
    const auto answer = co_await threads.run(read);
    came_back = answer.has_value();
  };
  boost::asio::co_spawn(*server, ask, boost::asio::detached);
  server->run_one();  // it asks
  readers->reset();   // what it asked for is read, and nobody takes it to the server
  server.reset();
  EXPECT_FALSE(came_back);
}

}  // namespace
}  // namespace autoheal::cli
