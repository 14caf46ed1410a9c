// Files that heals left beside their targets when they ended: settled again, and named in the heals' own streams.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <string>
#include <vector>

#include "autoheal/workflows/effects/heal_effects.hpp"
#include "tools/autoheal/healer/archive_ledger.hpp"

namespace autoheal::cli {

// Each as "path: why".
struct LeftByHeal {
  std::string engine, heal;
  std::vector<std::string> kept;
};

// On the loop's thread. Stands before the effects of heals, to know which of them settle. The arguments of its
// constructor outlive it.
class Leftovers final : public engine::EffectPerformer<workflows::Heal> {
 public:
  Leftovers(HealerParts& parts, ConfigurationInForce& in_force, Jobs& jobs, const Archiving& archiving,
            workflows::HealEffects& effects)
      : parts_(parts), in_force_(in_force), jobs_(jobs), archiving_(archiving), effects_(effects) {}

  void perform(const std::string& stream, const workflows::HealEffect& effect, Done done) override;
  // Settles them again: what the vault can take by now goes there, and what stays is named in the heal's own stream
  // where it is not what was named last. One at a time.
  boost::asio::awaitable<std::vector<LeftByHeal>> settle_again();
  // Back once no ended heal is being looked after.
  boost::asio::awaitable<void> until_settled();

 private:
  // By heal; those that have not ended are none of them.
  boost::asio::awaitable<std::map<std::string, std::string>> ended_heals_left(ConfigurationPtr configuration);
  boost::asio::awaitable<std::vector<std::string>> settle_heal(std::string root, std::string heal);
  // Names what stays in the ledger before the process ends.
  void settled(const std::string& heal, std::vector<std::string> kept);
  void one_is_settled();

  HealerParts& parts_;
  ConfigurationInForce& in_force_;
  Jobs& jobs_;
  const Archiving& archiving_;
  workflows::HealEffects& effects_;
  std::map<std::string, std::string> left_;  // heals that had left something when it was looked at, and the root
  unsigned settling_ = 0;                    // heals whose displaced files are being looked after
  // Never expires; cancelled to wake who waits.
  boost::asio::steady_timer settled_now_{parts_.loop, boost::asio::steady_timer::time_point::max()};
};

}  // namespace autoheal::cli
