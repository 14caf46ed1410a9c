// When what heals displaced is settled again: as long as somebody has some of it open for writing. An image that stays
// is reported once by a process; the heal's own stream names it (Leftovers::settle_again).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <set>
#include <string>

#include "tools/autoheal/healer/leftovers.hpp"

namespace autoheal::cli {

// On the loop's thread.
class KeptImages {
 public:
  // The leftovers outlive it. `tell` gets each sentence once.
  KeptImages(Leftovers& leftovers, std::function<void(const std::string& sentence)> tell)
      : leftovers_(leftovers), tell_(std::move(tell)) {}

  // Settles the images of every heal that has ended. True: somebody still has one open; call it again.
  boost::asio::awaitable<bool> settle();

 private:
  Leftovers& leftovers_;
  std::function<void(const std::string& sentence)> tell_;
  std::set<std::string> told_;
};

}  // namespace autoheal::cli
