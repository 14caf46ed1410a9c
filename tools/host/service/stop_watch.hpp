// Watches what systemd tells of units, on a thread of its own: that they change, and its jobs, for those that somebody
// stops by hand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autoheal/workflows/service/deliberate_stop.hpp"
#include "tools/host/service/own_orders.hpp"

namespace autoheal::host {

class StopWatch {
 public:
  // Called on the watch's thread after each job of a watched unit: how it stands with it now. The name is as given.
  using Told = std::function<void(const std::string& unit, const workflows::StopJudgement& judgement)>;

  // Called there, too: the unit has become active, inactive or something in between.
  using Changed = std::function<void(const std::string& unit)>;

  // Never blocks. Where systemd is not reached, nothing is told and it is tried again; what happened meanwhile is not
  // known, and no stop of that time counts as one by hand. `own_orders` outlives it.
  StopWatch(std::vector<std::string> units, Told told, const OwnOrders* own_orders = nullptr, Changed changed = {});
  // Waits for a call of `told` or `changed` to end.
  ~StopWatch();
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;

  [[nodiscard]] bool listens() const;  // it has reached systemd, and sees jobs from now on

 private:
  class Watching;
  std::unique_ptr<Watching> watching_;
};

}  // namespace autoheal::host
