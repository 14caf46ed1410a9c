// When what heals displaced is settled again: as long as somebody has some of it open for writing. What stays is told
// once by a process; the heal's own stream names it (Healer::settle_left).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <set>
#include <string>

#include "tools/autoheal/healer/healer.hpp"

namespace autoheal::cli {

// On the loop's thread.
class KeptImages {
 public:
  // The healer outlives it. `tell` gets each sentence once.
  KeptImages(Healer& healer, std::function<void(const std::string& sentence)> tell)
      : healer_(healer), tell_(std::move(tell)) {}

  // Of every heal that has ended. True: somebody still has something open, so it is to be called again.
  boost::asio::awaitable<bool> settle();

 private:
  Healer& healer_;
  std::function<void(const std::string& sentence)> tell_;
  std::set<std::string> told_;
};

}  // namespace autoheal::cli
