// The witnesses that a daemon asks itself: a courier for each, on a thread of their own. The loop that heals does
// nothing for them but tell that it signed, and keep a cosignature now and then.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/healer/healer.hpp"
#include "tools/autoheal/witness/witness_courier.hpp"

namespace autoheal::cli {

// On the loop's thread.
class AskedWitnesses {
 public:
  // `healer` outlives it. `tell` takes sentences for the daemon's log, on the loop's thread.
  AskedWitnesses(HealerServices& healer, std::function<void(const std::string&)> tell);
  // Cuts questions that are under way: they come again.
  ~AskedWitnesses();
  AskedWitnesses(const AskedWitnesses&) = delete;
  AskedWitnesses& operator=(const AskedWitnesses&) = delete;

  // Takes the witnesses of the configuration in force.
  void configure();
  void stop();

  // Writes an array: of each that was asked, by its key, when its last question ended and what came of it.
  void write_outcomes(JsonWriter& out) const;

 private:
  class Thread;
  class LoopSide;
  struct Asked {
    config::WitnessSpec spec;
    std::shared_ptr<WitnessCourier> courier;
  };
  void take(const std::vector<config::WitnessSpec>& specs);
  void retire(const std::string& key);
  void start(const config::WitnessSpec& spec);
  [[nodiscard]] WitnessPorts ports_for(const config::WitnessSpec& spec, const store::VerifierKey& key,
                                       const std::shared_ptr<std::weak_ptr<WitnessCourier>>& box);
  void signed_one();

  HealerServices& healer_;
  std::shared_ptr<LoopSide> loop_side_;  // shared with what was posted to the loop
  std::shared_ptr<Thread> thread_;       // null: no witness yet, or stopped; shared with what answers the couriers
  std::map<std::string, Asked> asked_;   // by key
};

}  // namespace autoheal::cli
