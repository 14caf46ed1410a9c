// A loop to wait in, for the tests of what is told by the kernel: bounded, never by the clock alone.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>

#include "tests/unit/host/host_fixture.hpp"

namespace autoheal::host {

class WatchTest : public HostTest {
 protected:
  // False: it did not come true within ten seconds.
  template <class Predicate>
  bool until(const Predicate& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds() && std::chrono::steady_clock::now() < deadline) context_.run_one_until(deadline);
    return holds();
  }
  bool warned_of(const std::string& part) const {
    for (const std::string& sentence : warnings_) {
      if (sentence.find(part) != std::string::npos) return true;
    }
    return false;
  }

  boost::asio::io_context context_;
  std::map<std::string, int> told_;  // engine -> times
  std::vector<std::string> warnings_;
};

}  // namespace autoheal::host
