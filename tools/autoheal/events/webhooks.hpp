// The webhooks of a daemon: a courier for each target, on a thread of their own. The loop that heals does nothing for
// them but tell that it committed, keep their places and record dead letters.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tools/autoheal/events/courier.hpp"
#include "tools/autoheal/healer/healer.hpp"

namespace autoheal::cli {

// How far a target has come stands in the ledger's table `places` under this name.
[[nodiscard]] std::string place_name_of(const std::string& webhook);

// On the loop's thread.
class Webhooks {
 public:
  // `healer` outlives it. `tell` takes sentences for the daemon's log, on the loop's thread.
  Webhooks(HealerServices& healer, std::function<void(const std::string&)> tell);
  // Cuts deliveries that are under way: their events come again.
  ~Webhooks();
  Webhooks(const Webhooks&) = delete;
  Webhooks& operator=(const Webhooks&) = delete;

  // Takes the targets of the configuration in force. One that is new begins with what is committed from now on; one of
  // the same name goes on at its place, also if its URL is another.
  void configure();
  // Nothing more is delivered. The places reached ride in the commits that follow.
  void stop();

 private:
  class Thread;
  class LoopSide;
  struct Target {
    config::WebhookSpec spec;
    std::shared_ptr<Courier> courier;
  };
  void begin();
  void take(const std::vector<config::WebhookSpec>& specs);
  void retire(const std::string& name);
  void start(const config::WebhookSpec& spec, std::shared_ptr<const Courier> predecessor);
  [[nodiscard]] CourierPorts ports_for(const config::WebhookSpec& spec,
                                       const std::shared_ptr<std::weak_ptr<Courier>>& box);
  void committed();
  [[nodiscard]] std::string mark_of_programs() const;

  HealerServices& healer_;
  std::function<void()> after_turn_;     // of the runtime, before us
  std::shared_ptr<LoopSide> loop_side_;  // shared with what was posted to the loop
  std::shared_ptr<Thread> thread_;       // null: no target yet, or stopped; shared with what answers the couriers
  std::map<std::string, Target> targets_;
};

}  // namespace autoheal::cli
