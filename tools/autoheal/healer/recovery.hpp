// Heals that earlier processes left open, and those that ended but left changes behind.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>
#include <vector>

#include "tools/autoheal/healer/healer_workflows.hpp"

namespace autoheal::cli {

// On the loop's thread. The arguments of its constructor outlive it.
class Recovery {
 public:
  Recovery(HealerParts& parts, workflows::AutoHealTrigger& trigger, const Archiving& archiving);

  // Takes up every open heal. The errors are those of the ledger.
  boost::asio::awaitable<Result<void>> recover();
  [[nodiscard]] bool is_under_way() const { return under_way_; }
  // Every open heal is known: what concerns heals may be decided from now on.
  boost::asio::awaitable<void> until_recovered();
  // Waits until the recovered heals have ended.
  boost::asio::awaitable<void> finish();

  // Ids of the heals that were open; known once they are recovered.
  [[nodiscard]] const std::vector<std::string>& recovered() const { return recovered_; }
  // The result of a heal as it stands in the ledger; empty: it cannot be read.
  [[nodiscard]] std::optional<workflows::HealResult> result_of_ended(const std::string& heal) const;
  // The results of those that finish() waited for.
  [[nodiscard]] const std::vector<workflows::HealResult>& results() const { return results_; }
  // Heals that are open and cannot be read by this version: each was reported, and nothing of it was touched.
  [[nodiscard]] const std::vector<std::string>& set_aside() const { return set_aside_; }

  // Rolls an exhausted heal back once more and waits; its last state. failed: nothing is left to roll back. busy:
  // entries are being archived.
  boost::asio::awaitable<Result<workflows::HealState>> roll_back_again(std::string heal, workflows::By by);

 private:
  HealerParts& parts_;
  workflows::AutoHealTrigger& trigger_;
  const Archiving& archiving_;
  bool under_way_ = true;
  // Never expires; cancelled to wake who waits.
  boost::asio::steady_timer recovered_now_{parts_.loop, boost::asio::steady_timer::time_point::max()};
  std::vector<std::string> recovered_, set_aside_;
  std::vector<workflows::HealResult> results_;
};

}  // namespace autoheal::cli
